"""One module for each command: its docstring is the help; `options` declares, `run` does."""
