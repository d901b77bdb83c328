"""The document that commands pass on: its models, its JSON, and the names made from a job's."""
