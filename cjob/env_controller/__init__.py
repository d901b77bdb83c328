"""The Lambda behind a stack's custom resource: it tells the environment what a job needs.

`index` is all that is sent to AWS and imports nothing of cjob; `archive` packs it.
"""
