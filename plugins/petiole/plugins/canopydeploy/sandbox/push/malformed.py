"""The ways in which a call can be malformed."""

import json
from collections.abc import Mapping
from enum import StrEnum

_DEPTH = 5000


class Malformed(StrEnum):
    """What is wrong with a call; a receiver ignores it, and keeps it for analysis."""

    BROKEN_JSON = "broken-json"
    """Its body ends in the middle."""
    EMPTY = "empty"
    """It has no body."""
    NO_OBJECT = "no-object"
    """Its body is a list."""
    NO_INTERACTIONS = "no-interactions"
    """Its list has another name."""
    DEEP = "deep"
    """Its body is thousands of lists deep."""
    NO_TYPE = "no-type"
    NO_TIMESTAMP = "no-timestamp"
    UNKNOWN_TYPE = "unknown-type"
    TEXT_TIMESTAMP = "text-timestamp"
    """The moment is a text in ISO 8601."""
    LISTED_VARIABLES = "listed-variables"
    """The properties are a list."""
    BAD_IDENTIFIER = "bad-identifier"
    """The identifier is empty, or where it must be a hash, none."""


LACKING = {Malformed.NO_TYPE: "type", Malformed.NO_TIMESTAMP: "timestamp"}

WRONG: Mapping[Malformed, Mapping[str, object]] = {
    Malformed.UNKNOWN_TYPE: {"type": "Email Print"},
    Malformed.TEXT_TIMESTAMP: {"timestamp": "2026-03-02T08:20:41Z"},
    Malformed.LISTED_VARIABLES: {"variables": ["campaignId", "4711"]},
}


def malformed_body(kind: Malformed, interaction: Mapping[str, object]) -> bytes:
    """Return the body of a call that is malformed in one way, made from a good interaction."""
    body = _body({"interactions": [_spoilt(kind, interaction)]})
    match kind:
        case Malformed.BROKEN_JSON:
            return body[: len(body) // 2]
        case Malformed.EMPTY:
            return b""
        case Malformed.NO_OBJECT:
            return _body([interaction])
        case Malformed.NO_INTERACTIONS:
            return _body({"events": [interaction]})
        case Malformed.DEEP:
            return b'{"interactions":' + b"[" * _DEPTH + b"]" * _DEPTH + b"}"
        case _:
            return body


def _spoilt(kind: Malformed, interaction: Mapping[str, object]) -> Mapping[str, object]:
    """Spoil an interaction, where it is in the interaction that something is wrong."""
    if kind in LACKING:
        return {key: value for key, value in interaction.items() if key != LACKING[kind]}
    return {**interaction, **WRONG.get(kind, {})}


def _body(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii")
