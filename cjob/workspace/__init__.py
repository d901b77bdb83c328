"""Finds and reads the workspace's files, inside their repository only."""
