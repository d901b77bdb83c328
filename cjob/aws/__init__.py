"""The only code that talks to AWS: sessions, and one adapter for each thing that stages ask for."""
