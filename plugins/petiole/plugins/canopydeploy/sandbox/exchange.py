"""One HTTP exchange with the twin: what came in and what goes out, free of sockets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call as it was read from the wire.

    `path` is percent-decoded and carries no query; `query` holds the last value of every name;
    header names are lower case; `host` is the host and port that the caller used, for URLs that
    lead back here; `peer` is the caller's address.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    host: str = "127.0.0.1"
    peer: str = "127.0.0.1"


class Manner(StrEnum):
    """How an answer travels."""

    WHOLE = "whole"
    """At once, as any server does."""
    LAST = "last"
    """At once, and then the connection is closed although nobody said so."""
    TRICKLE = "trickle"
    """One byte at a time."""
    TRICKLE_BODY = "trickle-body"
    """The head at once, the body one byte at a time."""
    MIDWAY = "midway"
    """Half of the body, then the connection is closed."""
    LONG = "long"
    """With the promise of twice the body; the connection is held."""
    SHORT = "short"
    """With the promise of half the body."""
    FLOOD = "flood"
    """The head, and then bytes without meaning, as many as the head promises."""
    RAW = "raw"
    """The body alone, which is no HTTP; then the connection is closed."""
    CUT = "cut"
    """Not at all: the connection is closed."""
    RESET = "reset"
    """Not at all: the connection is reset."""
    HALF_CLOSED = "half-closed"
    """Not at all: this direction is closed, and the other one held."""
    SILENCE = "silence"
    """Not at all: the connection is held, then closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the platform did with a call, for the ledger; never sent.

    `operation` names the SOAP operation, if it was one; `fault` the scripted fault that the call
    met on its way; `changes` lists (identifier, status) of the records that changed a profile or a
    membership, in the order in which they were sent.
    """

    operation: str | None = None
    fault: str | None = None
    records: int = 0
    applied: int = 0
    rejected: int = 0
    changes: Sequence[tuple[str, str]] = ()


NOTHING = Note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it will be written to the wire; the server adds the length of the body.

    `seconds` belongs to the manner: how long a connection is held, or the pause before each byte.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    manner: Manner = Manner.WHOLE
    seconds: float = 0.0
    note: Note = NOTHING


def json_answer(
    content: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
    note: Note = NOTHING,
) -> Answer:
    """Answer with `content` as compact ASCII JSON."""
    body = json.dumps(content, separators=(",", ":")).encode("ascii")
    typed = {"Content-Type": "application/json", **headers}
    return Answer(status=status, headers=typed, body=body, note=note)


class Refusal(Exception):
    """The platform does not do what a call asks; `answer` says so in the platform's own form.

    The header is documented by the vendor for the Data Model API; the body is assumed.
    """

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        super().__init__(message)
        self.answer = error_answer(status, message, headers=headers)


def error_answer(status: int, message: str, *, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """Answer with the platform's error form: see `Refusal`."""
    return json_answer(
        {"error": {"code": status, "message": message}},
        status=status,
        headers={"X-Deployteq-API-Error": header_text(message), **headers},
    )


def header_text(text: str) -> str:
    """Make `text` fit for a header: one line of printable ASCII."""
    return "".join(mark if " " <= mark <= "~" else "?" for mark in text)


def text_answer(text: str, *, status: int = 200, media: str = "text/plain") -> Answer:
    """Answer with `text` in UTF-8."""
    return Answer(
        status=status, headers={"Content-Type": f"{media}; charset=utf-8"}, body=text.encode()
    )
