"""The only YAML in cjob: text to nodes, scalars to values, nodes to text.

`reader` composes PyYAML's nodes with line and column, `nodes` and `entries` look things up in them,
`scalars` says what a scalar is read as in YAML 1.2 and 1.1, `styles` how one may be written,
`writer` writes documents, and `requote` replaces a string inside a text. Pure.
"""
