"""Plans of phase 3: which partitions a task merges."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from earthcatalog._call import call
from earthcatalog._places import StorageSettings

__all__ = ["ChunkSpec", "Plan", "TaskSpec", "make_plan"]


@dataclass(frozen=True)
class ChunkSpec:
    """Spec of ``ingest_chunk``, as docs/commands/phase.md describes it. Picklable.

    Attributes:
        values: The JSON object.
    """

    values: Mapping[str, Any]


@dataclass(frozen=True)
class TaskSpec:
    """Spec of ``compact_group``, as a plan gives it. Picklable.

    Attributes:
        values: The JSON object.
    """

    values: Mapping[str, Any]

    @property
    def partitions(self) -> list[tuple[str, str]]:
        """(cell, year) of each partition; the year of items without a date is ``unknown``."""
        return [partition_of(group) for group in self.values["groups"]]


@dataclass(frozen=True)
class Plan:
    """What phase 3 has to do. Picklable.

    Attributes:
        head: The coordinator's spec that it was made with, and that registering needs.
        plan_id: Names it.
        committed_snapshot: The snapshot that has it already, or None.
        tasks: Specs of the tasks.
        storage: Settings of the buckets.
    """

    head: Mapping[str, Any]
    plan_id: str
    committed_snapshot: int | None
    tasks: list[TaskSpec] = field(default_factory=list)
    storage: StorageSettings = field(default_factory=StorageSettings)

    def tasks_of(self, cell: str, year: str) -> list[TaskSpec]:
        """The tasks that merge a partition."""
        return [task for task in self.tasks if (cell, year) in task.partitions]


def partition_of(group: Mapping[str, Any]) -> tuple[str, str]:
    """(cell, year) of a group of a task."""
    partition = group.get("partition", group)
    if isinstance(partition, list):
        cell, year = partition[0], partition[1]
    else:
        cell, year = partition["cell"], partition.get("year")
    return str(cell), "unknown" if year is None else str(year)


def make_plan(head: Mapping[str, Any], storage: StorageSettings) -> Plan:
    """Plans phase 3 of what is staged."""
    answer = call("phase:plan_compaction", head, storage)
    tasks = [TaskSpec(task) for task in answer.get("tasks", [])]
    return Plan(dict(head), answer["plan_id"], answer.get("committed_snapshot"), tasks, storage)


class PlanCache:
    """Plans of this process, by staging prefix and backfill, so that a call for one partition need not plan again."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._plans: dict[tuple[object, ...], Plan] = {}

    def get(self, key: tuple[object, ...]) -> Plan | None:
        with self._mutex:
            return self._plans.get(key)

    def put(self, key: tuple[object, ...], plan: Plan) -> None:
        with self._mutex:
            self._plans[key] = plan

    def rows_of(self, root: str) -> int | None:
        """`compact_rows` of a plan for a staging prefix, or None when there is none."""
        with self._mutex:
            return next((int(plan.head["compact_rows"]) for key, plan in self._plans.items() if key[0] == root), None)

    def drop(self, root: str) -> None:
        """Forgets the plans of a staging prefix."""
        with self._mutex:
            self._plans = {key: plan for key, plan in self._plans.items() if key[0] != root}


plans = PlanCache()
