"""Options of commands that read an inventory, from Python's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earthcatalog._arguments import limit_of, since_text
from earthcatalog._places import Place, merge, resolve

__all__ = ["with_inventory"]


def with_inventory(inventory_path: Place, options: Mapping[str, Any]) -> dict[str, Any]:
    """Members of a spec: the inventory, `since` and `limit` as the core reads them, places as URIs."""
    inventory, settings = resolve(inventory_path, argument="inventory_path")
    spec = {**options, "inventory": inventory, "storage": merge(options.get("storage"), settings)}
    if "since" in spec:
        spec["since"] = since_text(spec["since"])
    if "limit" in spec:
        spec["limit"] = limit_of(spec["limit"])
    for name in ("source_root", "out", "report"):
        if spec.get(name) is not None and not isinstance(spec[name], str):
            slash = "/" if name == "source_root" else ""
            spec[name] = resolve(spec[name], argument=name)[0].rstrip("/") + slash
    return spec
