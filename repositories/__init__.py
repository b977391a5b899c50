"""Queries: one repository per noun."""
