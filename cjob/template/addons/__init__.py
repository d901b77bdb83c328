"""A job's addons: templates of its own, merged into one that becomes a nested stack.

`reading` parses the folder's files into Addons, `merging` makes one template of several,
`packaging` replaces local paths by locations in S3, `assets` hashes and zips what is uploaded. All
of them work on the text and bytes that they are given.
"""
