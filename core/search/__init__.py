"""Text to words and hashes: pure, importable by a spawned worker."""
