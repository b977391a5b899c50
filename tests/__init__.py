"""Tests: unit, integration, end to end, architecture."""
