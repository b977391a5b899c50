"""Frozen values of the domain: one file per noun, no framework."""
