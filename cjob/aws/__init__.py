"""The only code that calls AWS: sessions, and an adapter for each resource that stages use."""
