"""The stages: functions `(Release, RunContext) -> Release`, each of which adds a section."""
