"""`cjob completion`: print a completion script for bash, zsh or fish.

The script is made from the parsers of the commands. Names of jobs and environments are completed
from the workspace (`cjob list`), without AWS.
"""

import argparse

EXAMPLES = """\
examples:
  eval "$(cjob completion bash)"        in ~/.bashrc
  eval "$(cjob completion zsh)"         in ~/.zshrc, after compinit
  cjob completion fish | source         in ~/.config/fish/config.fish
"""

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="completion")
    parser.add_argument(
        "shell",
        choices=SHELLS,
        metavar="{bash,zsh,fish}",
        help="the shell that reads the script",
    )
