"""Modules under the names that they had in the Python earthcatalog up to 0.5."""
