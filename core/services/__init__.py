"""Use cases: one service each."""
