"""MongoDB: pools, indexes, and the base of the repositories."""
