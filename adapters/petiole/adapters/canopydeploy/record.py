"""The record of one call: what was asked and what came back, fit for anybody's eyes.

Neither the token nor a value of a person gets into it: records are told by their shape, and what a
platform says in its own words is cleaned of everything that was sent.
"""

import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.discretion import (
    MAX_CHARACTERS,
    Values,
    cleaned,
    is_delicate,
)
from petiole.adapters.canopydeploy.echo import PLAIN_ID
from petiole.adapters.canopydeploy.faults import COUNT_HEADER, ERROR_HEADERS
from petiole.adapters.canopydeploy.shape import (
    MOST_NAMES,
    PLATFORM_WORDS,
    Clean,
    hidden,
    json_shape,
    value_shape,
    xml_shape,
)
from petiole.adapters.canopydeploy.wire import PLATFORM_ID
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import Message
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange

HEADERS = ("Content-Type", "Content-Encoding", "Retry-After", COUNT_HEADER, *ERROR_HEADERS)
"""Those that matter to a reader. `Location` is none of them: it may carry the token along."""

LONGEST_TEXT = 300
"""Of an answer that is neither JSON nor XML."""
MAX_DOCUMENT_BYTES = 16_000
"""Of a JSON document that is read; a longer one counts as cut off."""
LOOKED_AT = 4_000
"""Of any other body: the shape of more would not fit."""

_decode = json.JSONDecoder().raw_decode
_PLAIN = re.compile(r"[\d.]{1,20}|[a-z]+/[a-z+.-]+(?:; ?charset=[\w-]+)?|gzip", re.IGNORECASE)
"""Values of headers that hold nothing delicate, unless the header is there for words."""
_ADDED = re.compile(rb'(?:,"%b":(?P<id>%b))?\}' % (PLATFORM_ID.encode(), PLAIN_ID))
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class CallRecord:
    """One call on its way: knows what was asked, and waits for what comes back."""

    def __init__(
        self,
        request: str,
        *,
        known: Collection[str],
        clean: Clean,
        echo: tuple[bytes, str] | None = None,
    ) -> None:
        """Take what was asked, the names that may be shown, and what hides the rest.

        `echo` is how an answer begins that repeats the first record, up to its closing brace, and
        the shape of that.
        """
        self._request = request
        self._known = known
        self._clean = clean
        self._echo = echo

    def answered(self, answer: Answer) -> Exchange:
        """Complete the record with an answer, good or bad."""
        lines = [f"{answer.status} {_REASONS.get(answer.status, '')}".rstrip()]
        told = {name.lower(): value for name, value in answer.headers.items()}
        for name in HEADERS:
            if value := told.get(name.lower()):
                plain = name not in ERROR_HEADERS and _PLAIN.fullmatch(value)
                lines.append(f"{name}: {value if plain else self._clean(value)}")
        lines.append(f"{len(answer.body):,} bytes{':' if answer.body else ''}")
        if answer.body:
            lines.append(self._shown(answer))
        return Exchange(request=self._request, answer=_bounded("\n".join(lines)))

    def unanswered(self, what: str) -> Exchange:
        """Complete the record with what happened instead; `what` is clean already."""
        return Exchange(request=self._request, answer=_bounded(f"no answer: {what}"))

    def _shown(self, answer: Answer) -> str:
        if answer.accepted and (first := self._first_shape(answer.body)):
            return f"[{first},…"
        text = answer.body[:MAX_DOCUMENT_BYTES].decode(errors="ignore").lstrip("\ufeff \t\r\n")
        if text.startswith(("{", "[")):
            return json_shape(text, known=self._known, clean=self._clean)
        page = answer.media == "text/html" or text[:20].lower().startswith(("<!doctype", "<html"))
        if text.startswith("<") and not page:
            return xml_shape(text[:LOOKED_AT], clean=self._clean)
        return self._clean(text)[:LONGEST_TEXT]

    def _first_shape(self, body: bytes) -> str | None:
        if self._echo and body.startswith(self._echo[0]):
            begun, shape = self._echo
            if added := _ADDED.match(body, len(begun), LOOKED_AT):
                return shape + _added_shape(added["id"])
        first, _ = _first_record(body)
        if not first:
            return None
        return value_shape(first, known=self._known, clean=self._clean, clean_name=hidden)


def of_records(address: str, body: bytes, *, media: str, records: int, clean: Clean) -> CallRecord:
    """Begin the record of a call with a JSON array of `records` records."""
    first, text = _first_record(body)
    known = frozenset(first) | {PLATFORM_ID}
    shape = value_shape(first, known=known | PLATFORM_WORDS, clean=hidden) if first else "…"
    told = f"{records:,} records, {len(body):,} bytes; the first:"
    request = f"POST {address}\nContent-Type: {media}\n{told}\n{shape}"
    # Deeper down, what is hidden in a call may be the platform's own words in its answer.
    flat = first and len(first) < MOST_NAMES and "{" not in shape[1:] and "[" not in shape
    echo = (f"[{text[:-1]}".encode(), shape[:-1]) if flat and PLATFORM_ID not in first else None
    return CallRecord(_bounded(request), known=known, clean=clean, echo=echo)


def of_operation(
    address: str, operation: str, arguments: Mapping[str, object], *, size_bytes: int, clean: Clean
) -> CallRecord:
    """Begin the record of a SOAP call; `arguments` come without the token, by their names."""
    parts = (part for part in arguments.values() if isinstance(part, Mapping))
    known = frozenset(arguments).union(*parts)
    shape = value_shape(arguments, known=known | PLATFORM_WORDS, clean=hidden)
    request = f"POST {address}\nContent-Type: text/xml\n{operation}, {size_bytes:,} bytes:\n{shape}"
    return CallRecord(_bounded(request), known=known, clean=clean)


def cleaning(messages: Sequence[Message], *, secrets: Callable[[], Iterable[str]]) -> Clean:
    """Make what takes all that was sent out of a platform's words.

    Names of fields stay, since they are shown anyhow. Nothing is computed before it is first
    needed, which for most calls is never.
    """
    values = cache(lambda: Values(_sent(messages)))

    def clean(text: str) -> str:
        looked_at = text[:LOOKED_AT]
        words = cleaned(looked_at, secrets=secrets(), values=values().within(looked_at))
        if len(text) > LOOKED_AT and len(words) < MAX_CHARACTERS:
            return words[:-LONGEST_TEXT]  # the last of them may be half of something delicate
        return words

    return clean


def _sent(messages: Sequence[Message]) -> Iterator[str]:
    """Yield what stands in the messages, in each form in which it may come back."""
    for message in messages:
        change = message.change
        fields = change.fields.values()
        names = {name.casefold() for name in fields}
        for value in (change.identifier.value, *_leaves(fields)):
            if is_delicate(value) and value.casefold() not in names:
                yield from {value, json.dumps(value)[1:-1], html.escape(value)}


def _leaves(fields: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield every text and number, however deep; yes, no and nothing give nobody away."""
    waiting = list(fields.values())
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case bool() | None:
                pass
            case dict(parts):
                waiting.extend(parts.values())
            case list(parts):
                waiting.extend(parts)
            case number:
                yield str(number)


def _first_record(body: bytes) -> tuple[dict[str, object], str]:
    """Read the first record of an array, and its text; nothing if there is none, or a long one."""
    text = body[:LOOKED_AT].decode(errors="ignore")
    try:
        first, end = _decode(text, 1)
    except (ValueError, RecursionError):
        return {}, ""
    found = text.startswith("[") and isinstance(first, dict)
    return (first, text[1:end]) if found else ({}, "")


def _added_shape(id_: bytes | None) -> str:
    """Show the end of a record to which an id was added, or nothing."""
    if id_ is None:
        return "}"
    shape = f"text of {len(id_) - 2}" if id_.startswith(b'"') else f"number of {len(id_)}"
    return f',"{PLATFORM_ID}":{shape}}}'


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_CHARACTERS else f"{text[: LONGEST_CHARACTERS - 1]}…"
