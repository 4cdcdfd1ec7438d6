"""Keys that a connection may have, as comments for a settings file: one source with the schema."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from petiole.core.domain.fields import JsonValue
from petiole.host.schema import SinkKeys

Row: TypeAlias = tuple[str, str, str]
"""A key, what it means, and its value."""

_NOT_SET = "(not set)"
_REQUIRED = "(required)"


def key_notes(sinks: Sequence[SinkKeys], given: Collection[str]) -> str:
    """Tell of each key of these sinks, but of those that are given, what stands in for it.

    What is the same for two sinks is told once.
    """
    told: set[Row] = set()
    blocks = []
    for sink in sinks:
        rows = [row for row in _rows(sink.schema, sink.schema) if row not in told]
        told |= set(rows)
        notes = [note(*row) for row in rows if row[0].partition(".")[0] not in given]
        if notes:
            lane = f" ({sink.lane} lane)" if sink.lane else ""
            head = f"# {sink.adapter}{lane} also takes; here with what is taken otherwise.\n#\n"
            blocks.append(head + "".join(notes))
    return "\n".join(blocks)


def note(name: str, told: str, value: str) -> str:
    """Write one key as a comment."""
    return (f"# {told}\n" if told else "") + f"#     {name} = {value}\n"


def _rows(
    schema: Mapping[str, JsonValue], whole: Mapping[str, JsonValue], prefix: str = ""
) -> Iterator[Row]:
    required = schema.get("required", [])
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)  # noqa: S101 - JSON schema has it so
    assert isinstance(required, list)  # noqa: S101 - likewise
    for name, part in properties.items():
        assert isinstance(part, dict)  # noqa: S101 - likewise
        table = _table(part, whole)
        if table is not None and isinstance(part.get("default"), dict):
            yield from _rows(table, whole, f"{prefix}{name}.")
        else:
            value = _REQUIRED if name in required else _toml(part.get("default"))
            yield f"{prefix}{name}", str(part.get("description", "")), value


def _table(
    part: Mapping[str, JsonValue], whole: Mapping[str, JsonValue]
) -> Mapping[str, JsonValue] | None:
    """Find the model that a key's value is of, if it is of one."""
    reference, definitions = part.get("$ref"), whole.get("$defs")
    if not isinstance(reference, str) or not isinstance(definitions, dict):
        return None
    found = definitions.get(reference.rpartition("/")[2].partition(".")[2])
    return found if isinstance(found, dict) and "properties" in found else None


def _toml(value: JsonValue) -> str:
    """Write a value; JSON is TOML, too, as far as defaults go."""
    return _NOT_SET if value is None else json.dumps(value, ensure_ascii=False)
