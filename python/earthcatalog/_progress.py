"""Progress of a run: what a function gets, and the bar that is shown when there is none."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

__all__ = ["Progress", "Reporter", "reporter"]


@dataclass(frozen=True)
class Progress:
    """A look at a run under way. Counts are units of the stage.

    Attributes:
        stage: What is being done, such as ``fetch``, ``write`` or ``commit``.
        unit: What is counted, such as ``items`` or ``files``.
        settled: Units that are done with.
        before: Of these, what earlier runs did.
        committed: Units that a commit holds.
        unchanged: Units that needed no work.
        missing: Objects that are not there.
        pending: Objects that gave up for now.
        rejected: Objects that are no items.
        in_flight: Requests under way.
        bytes_fetched: Bytes received.
        held_bytes: Bytes in memory.
        total: All units; negative when nobody can tell.
        total_is_estimate: Whether `total` is an estimate.
        seconds: Since the stage began.
    """

    stage: str = ""
    unit: str = "items"
    settled: int = 0
    before: int = 0
    committed: int = 0
    unchanged: int = 0
    missing: int = 0
    pending: int = 0
    rejected: int = 0
    in_flight: int = 0
    bytes_fetched: int = 0
    held_bytes: int = 0
    total: int = -1
    total_is_estimate: bool = False
    seconds: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Progress:
        """Of the core's JSON; members of a newer core are passed over."""
        known = {item.name for item in dataclasses.fields(cls)}
        values = {name: value for name, value in json.loads(text).items() if name in known and value is not None}
        return cls(**values)


class Reporter(AbstractContextManager["Reporter"]):
    """Takes each Progress of a run; does nothing with it."""

    @property
    def callback(self) -> Callable[[str], None] | None:
        """What the core calls; None: nobody wants to know."""
        return None

    def tell(self, progress: Progress) -> None:
        """Passes on what the caller counted itself."""

    def __exit__(self, *exception: object) -> None:
        pass


class FunctionReporter(Reporter):
    """Hands everything to the caller's function. What that raises stops the run."""

    def __init__(self, function: Callable[[Progress], object]) -> None:
        self._function = function

    @property
    def callback(self) -> Callable[[str], None]:
        return lambda text: self.tell(Progress.parse(text))

    def tell(self, progress: Progress) -> None:
        self._function(progress)


class BarReporter(Reporter):
    """A tqdm bar a stage: units, units a second, failures, time left."""

    def __init__(self, bar: Any) -> None:
        self._make = bar
        self._bar: Any = None
        self._stage = ""
        self._mutex = threading.Lock()

    @property
    def callback(self) -> Callable[[str], None]:
        return lambda text: self.tell(Progress.parse(text))

    def tell(self, progress: Progress) -> None:
        with self._mutex:
            if self._bar is None or progress.stage != self._stage:
                self._open(progress)
            self._bar.total = progress.total if progress.total >= 0 else None
            self._bar.n = progress.settled
            failed = progress.missing + progress.pending + progress.rejected
            self._bar.set_postfix({"failed": failed} if failed else {}, refresh=False)
            self._bar.refresh()

    def _open(self, progress: Progress) -> None:
        self._close()
        self._stage = progress.stage
        total = progress.total if progress.total >= 0 else None
        unit = " " + progress.unit
        self._bar = self._make(
            total=total, desc=progress.stage, unit=unit, initial=progress.before, mininterval=0.2, file=sys.stderr
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __exit__(self, *exception: object) -> None:
        with self._mutex:
            self._close()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def _tqdm(notebook: bool) -> Any:
    if notebook and importlib.util.find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm as widget

        return widget
    from tqdm import tqdm

    return tqdm


def reporter(progress: bool | Callable[[Progress], object] | None) -> Reporter:
    """What tells of a run: a function, a bar, or nobody.

    Raises:
        TypeError: Neither a bool, None nor something that can be called.
    """
    if progress is not None and not isinstance(progress, bool):
        if not callable(progress):
            raise TypeError(f"progress: bool, None or a function expected, not {type(progress).__name__}")
        return FunctionReporter(progress)
    notebook = _in_notebook()
    if progress is False or (progress is None and not notebook and not sys.stderr.isatty()):
        return Reporter()
    return BarReporter(_tqdm(notebook))
