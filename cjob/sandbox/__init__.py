"""A local AWS in one command: installed, started, watched over and ended.

`server/` is what runs inside the sandbox's own virtual environment and imports nothing else of
cjob; the modules beside it run in cjob and import nothing that is in that environment.
"""
