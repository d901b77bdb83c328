"""Runs of a deployed job: what happened, in which order, and why a run failed.

Pure: takes events, tasks and schedules that were read elsewhere and returns values.
"""
