"""Everything that cjob reports to people: errors, findings, progress, and safe text."""
