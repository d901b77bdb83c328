"""The arguments of each command: its docstring is the help, `add_arguments` declares them.

To print help, or to parse, cjob imports nothing but these modules: none imports anything heavy.
What runs a command is in `cjob/cli/commands/`, in a module of the same name.
"""
