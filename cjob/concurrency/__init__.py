"""Threads, processes and Ctrl-C: several pieces of work at once that all end in order."""
