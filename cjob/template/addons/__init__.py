"""A job's addons: templates of its own, merged into one that becomes a nested stack.

`reading` gives Addons from the folder's texts, `merging` makes one template of several,
`packaging` replaces local paths by places in S3, `assets` hashes and zips what is uploaded. All of
it works on texts and bytes that are handed in.
"""
