"""Runnable measurements: python -m benchmarks.<name>."""
