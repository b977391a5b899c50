"""Bounded lanes and supervised tasks."""
