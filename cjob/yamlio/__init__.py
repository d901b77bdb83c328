"""The only YAML in cjob: text to nodes, scalars to values, nodes to text."""
