"""Build, push, render, compare and deploy scheduled jobs on Amazon ECS."""

__version__ = "0.1.0"
