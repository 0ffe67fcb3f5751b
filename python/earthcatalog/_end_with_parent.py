"""Preloaded by the scheduler of a local cluster: ends it when the process that started it is gone, killed or not."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["dask_setup"]

_LOOK_EVERY = 1.0


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)  # its workers end with it


def dask_setup(server: object) -> None:
    """Called by Dask with the scheduler."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
