"""Threads, processes and Ctrl-C: runs several pieces of work at once, and ends them in order."""
