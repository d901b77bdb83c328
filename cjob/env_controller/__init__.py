"""The Lambda function of a stack's custom resource, which enables what a job needs.

Only `index` is sent to AWS, and imports nothing of cjob; `archive` packs it.
"""
