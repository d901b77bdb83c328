"""From a manifest's text to a Job: reading, substitution, environments, validation."""
