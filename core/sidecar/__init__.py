"""The HTTP endpoints that operators curl."""
