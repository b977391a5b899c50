"""Words for people: catalogue and formatting."""
