"""What commands write for people, for programs that read logs, and into files."""
