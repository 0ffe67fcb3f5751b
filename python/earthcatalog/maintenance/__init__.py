"""Keeping a table in order: ``compact``, ``audit``, ``expire``."""
