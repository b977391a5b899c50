"""Redis: cache, keys, limiter scripts."""
