"""The command line: `main` dispatches, `commands/` has a file for each command."""
