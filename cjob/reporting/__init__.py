"""What cjob reports to people: errors, findings, progress, and text that is safe to print."""
