"""The workspace's files: found, read inside of their repository only, and digested."""
