"""Container engines: `engine` is their interface; only this package imports docker."""
