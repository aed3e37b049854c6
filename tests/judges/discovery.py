"""Google's discovery documents as a judge of answers: known names, types, formats, enumerations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

TYPES = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list, "object": dict}
DIGITS = ("int64", "uint64")


def schemas_of(service: str, version: str) -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(get_static_doc(service, version))["schemas"]
    return schemas


def faults(schemas: dict[str, Any], schema: dict[str, Any], value: Any, place: str = "") -> Iterator[str]:
    """What in `value` is not as the schema says; each fault with its place."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema["type"]
    if kind == "any":
        return
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{place}: {value!r} is no {kind}"
    elif kind == "object":
        yield from of_object(schemas, schema, value, place)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from faults(schemas, schema["items"], item, f"{place}[{number}]")
    elif value not in schema.get("enum", [value]):
        yield f"{place}: {value!r} is none of {schema['enum']}"
    elif schema.get("format") in DIGITS and not value.isdecimal():
        yield f"{place}: {value!r} is no {schema['format']}"


def of_object(
    schemas: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], place: str
) -> Iterator[str]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties")
    for name, item in value.items():
        part = known.get(name, other)
        if part is None:
            yield f"{place}.{name}: unknown"
        else:
            yield from faults(schemas, part, item, f"{place}.{name}")
