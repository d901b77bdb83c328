"""The sections of a manifest, one module each: its fields, its rules, and its part of the Job.

A module has `FIELDS`, the fields it adds to the top of the manifest; `RULES`, functions that check
a merged manifest; and functions that convert a merged manifest into the values of its section.
"""
