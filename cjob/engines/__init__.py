"""The container engines: `engine` says what one can do, each other module is one.

Only here is docker imported.
"""
