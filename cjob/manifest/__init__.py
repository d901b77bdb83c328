"""Manifests: from the text of `copilot/NAME/manifest.yml` to a Job for one environment.

`reading` is the entry point. It composes the YAML, replaces variables (`substitution`), reads nodes
into a `tree` of typed values (`field_types`, `forms`), merges the environment's section
(`environments`), checks the rules, and converts the tree into a Job (`job`). The fields, rules and
conversions are in `sections`, one module for each section of the manifest. `schema` describes the
fields for editors, `serialize` writes a merged manifest. Errors are collected in a `report`.
"""
