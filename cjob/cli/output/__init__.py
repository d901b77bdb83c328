"""What commands write for people and for programs that read logs."""
