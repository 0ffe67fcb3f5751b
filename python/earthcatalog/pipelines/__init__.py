"""Pipelines that bring items into a table: ``incremental`` on one machine, ``backfill`` of a whole archive."""
