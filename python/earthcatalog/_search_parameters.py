"""What a search is asked for, in the words of pystac-client and rustac, as a spec of the core."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from earthcatalog._geometry import bbox_text, geometry_text, span_text
from earthcatalog.errors import InvalidArgumentError

__all__ = ["search_spec"]

_OPERATORS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_COMPARISON = re.compile(r"\s*([^<>=!\s]+)\s*(>=|<=|<>|!=|=|>|<)\s*(.*?)\s*$", re.DOTALL)


def search_spec(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the core's spec, those without a value left out.

    Raises:
        InvalidArgumentError: A value that makes no sense, or two that exclude each other; it names the argument.
        TypeError: A value of another type.
    """
    values = {name: value for name, value in given.items() if value is not None}
    if "bbox" in values and "intersects" in values:
        raise InvalidArgumentError("bbox, intersects: give one of them")
    spec: dict[str, Any] = {name: values[name] for name in ("time_field", "token") if name in values}
    if values.get("strict"):
        spec["strict"] = True
    if "bbox" in values:
        spec["bbox"] = bbox_text(values["bbox"])
    if "intersects" in values:
        area = geometry_text(values["intersects"], "intersects")
        spec["intersects"] = area.hex() if isinstance(area, bytes) else area
    if "datetime" in values:
        spec["datetime"] = span_text(values["datetime"])
    for name in ("ids", "collections"):
        if name in values and (names := _names(values[name], name)):
            spec[name] = names
    if "max_items" in values:
        spec["max_items"] = _count(values["max_items"], "max_items")
    spec.update(_filter(values))
    if sort := _sort(values.get("sortby")):
        spec["sortby"] = sort
    if fields := _fields(values):
        spec["fields"] = fields
    return spec


def _count(value: Any, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{argument}: a whole number expected, not {value!r}")
    if value < 0:
        raise InvalidArgumentError(f"{argument}: {value} is less than 0")
    return value


def _names(value: Any, argument: str) -> list[str]:
    if isinstance(value, str):
        return [name for name in value.split(",") if name]
    if not isinstance(value, Iterable):
        raise TypeError(f"{argument}: a str or several expected, not {type(value).__name__}")
    names = [one if isinstance(one, str) else getattr(one, "id", None) for one in value]
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"{argument}: each must be a str or have an id")
    return [str(name) for name in names]


def _filter(values: Mapping[str, Any]) -> dict[str, Any]:
    """`filter` and `query`, joined by AND."""
    terms = _query_terms(values["query"]) if "query" in values else []
    given, language = values.get("filter"), values.get("filter_lang")
    if given is not None and not isinstance(given, (str, Mapping)) and hasattr(given, "to_json"):
        given = given.to_json()  # cql2.Expr
    if isinstance(given, str) and language in (None, "cql2-text", "text"):
        if terms:
            given = f"({given}) AND " + " AND ".join(_text(term) for term in terms)
        return {"filter": given, "filter_lang": "text"}
    if isinstance(given, str):
        if language not in ("cql2-json", "json"):
            raise InvalidArgumentError(f"filter_lang: {language!r}; there are cql2-text and cql2-json")
        try:
            given = json.loads(given)
        except ValueError as error:
            raise InvalidArgumentError(f"filter: no JSON: {error}") from None
    elif given is not None and not isinstance(given, Mapping):
        raise TypeError(f"filter: CQL2 as a str or a dict expected, not {type(given).__name__}")
    if given:
        terms = [dict(given), *terms]
    if not terms:
        return {}
    whole = terms[0] if len(terms) == 1 else {"op": "and", "args": terms}
    return {"filter": json.dumps(whole), "filter_lang": "json"}


def _query_terms(query: Any) -> list[dict[str, Any]]:
    """The query extension as CQL2: ``{"eo:cloud_cover": {"lt": 10}}``, or ``["eo:cloud_cover<10"]``."""
    if isinstance(query, str):
        query = [query]
    if isinstance(query, Mapping):
        return [
            _term(name, operator, value) for name, tests in query.items() for operator, value in _tests(name, tests)
        ]
    if not isinstance(query, Sequence):
        raise TypeError("query: a dict, or a list of comparisons such as 'eo:cloud_cover<10', expected")
    terms = []
    for text in query:
        found = _COMPARISON.match(text) if isinstance(text, str) else None
        if found is None:
            raise InvalidArgumentError(f"query: {text!r} is no comparison such as 'eo:cloud_cover<10'")
        name, operator, value = found.groups()
        terms.append(_compare(name, "<>" if operator == "!=" else operator, _literal(value)))
    return terms


def _tests(name: str, tests: Any) -> list[tuple[str, Any]]:
    if not isinstance(tests, Mapping):
        raise InvalidArgumentError(f"query: {name}: a dict of tests such as {{'lt': 10}} expected")
    return list(tests.items())


def _literal(text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, (dict, list)) or value is None else value


def _compare(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"op": operator, "args": [{"property": name}, value]}


def _term(name: str, operator: str, value: Any) -> dict[str, Any]:
    if operator in _OPERATORS:
        return _compare(name, _OPERATORS[operator], value)
    if operator == "in":
        return _compare(name, "in", list(value))
    patterns = {"startsWith": "{}%", "endsWith": "%{}", "contains": "%{}%"}
    if operator not in patterns:
        known = ", ".join([*_OPERATORS, "in", *patterns])
        raise InvalidArgumentError(f"query: {name}: there is no test {operator!r}; there are {known}")
    escaped = re.sub(r"([\\%_])", r"\\\1", str(value))
    return _compare(name, "like", patterns[operator].format(escaped))


def _text(term: Mapping[str, Any]) -> str:
    """One comparison as CQL2 text."""
    name, value = term["args"][0]["property"], term["args"][1]
    quoted = '"' + str(name).replace('"', '""') + '"'
    if isinstance(value, list):
        return f"{quoted} IN ({', '.join(_text_literal(one) for one in value)})"
    return f"{quoted} {str(term['op']).upper()} {_text_literal(value)}"


def _text_literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def _sort(value: Any) -> str | None:
    """``-datetime,id`` of a str, a list of such, or dicts of field and direction."""
    if value is None:
        return None
    keys = []
    for one in [value] if isinstance(value, (str, Mapping)) else value:
        if isinstance(one, Mapping):
            if "field" not in one or one.get("direction", "asc") not in ("asc", "desc"):
                raise InvalidArgumentError(f"sortby: {one!r}; write {{'field': ..., 'direction': 'asc' or 'desc'}}")
            keys.append(("-" if one.get("direction") == "desc" else "") + str(one["field"]))
        elif isinstance(one, str):
            keys += [key.strip() for key in one.split(",") if key.strip()]
        else:
            raise TypeError(f"sortby: a str or a dict expected, not {type(one).__name__}")
    return ",".join(keys) or None


def _fields(values: Mapping[str, Any]) -> str | None:
    """``+id,-assets`` of `fields`, `include` and `exclude`."""
    given = values.get("fields")
    signed: list[str] = []
    if isinstance(given, Mapping):
        signed += [f"+{name}" for name in given.get("include") or []]
        signed += [f"-{name}" for name in given.get("exclude") or []]
    elif given is not None:
        signed += _names(given, "fields")
    signed += [f"+{name}" for name in _names(values.get("include") or [], "include")]
    signed += [f"-{name}" for name in _names(values.get("exclude") or [], "exclude")]
    return ",".join(signed) or None
