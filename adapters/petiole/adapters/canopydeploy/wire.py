"""The vendor's words for profile changes, and how its answers are read.

A call is a JSON array of flat records (documented): the envelope, then the profile's own fields.
Fields arrive as finished JSON text and are spliced in, neither decoded nor encoded again.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.faults import OTHER
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Outcome, Rejected
from petiole.core.errors import Ambiguous

PARTNER_NUMBERS = {IdentifierType.CUSTOMER_ID: 1020, IdentifierType.HASHED_EMAIL: 1022}
"""Documented for the batch lane."""
LABELS = {IdentifierType.CUSTOMER_ID: "CUSTOMER_ID", IdentifierType.HASHED_EMAIL: "HASHED_EMAIL"}
"""Assumed."""
PLATFORM_ID = "clang_id"
"""What the platform adds to an echoed record. Documented that it does, the name is assumed."""

_Record: TypeAlias = Mapping[str, object]

_text = json.JSONEncoder(ensure_ascii=False).encode


def reserved_names(settings: CanopyDeployBatchSettings) -> frozenset[str]:
    """Name the platform fields that no mapping may use: the envelope's, and what answers add."""
    return settings.keys.names() | {settings.error_key, PLATFORM_ID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A body that is ready to be posted, whom it holds, and who could not be put into it."""

    body: bytes
    sent: Mapping[str, MessageId]
    """Identifier -> message: how the answer is matched."""
    refused: Mapping[MessageId, Rejected]


class Wire:
    """Writes records and reads their echo, for one connection."""

    def __init__(self, settings: CanopyDeployBatchSettings, identifier: IdentifierType) -> None:
        keys = settings.keys
        self._identifier_key = keys.identifier
        self._error_key = settings.error_key
        self._any = settings.answer == "any"
        self._reserved = reserved_names(settings)
        names = "|".join(re.escape(_text(name)) for name in sorted(self._reserved))
        self._suspect = re.compile(f"(?:{names}):").search
        number = settings.partner_number or PARTNER_NUMBERS[identifier]
        label = settings.identifier_label or LABELS[identifier]
        self._start = f"{{{_text(keys.partner_number)}:{number},{_text(keys.identifier)}:"
        self._segment = f",{_text(keys.identifier_type)}:{_text(label)},{_text(keys.segment_id)}:"
        name = settings.segment_name
        named = f",{_text(keys.segment_name)}:{_text(name)}" if name else ""
        self._status = {
            kind: f"{named},{_text(keys.status)}:{_text(word)},{_text(keys.timestamp)}:"
            for kind, word in (
                (ChangeKind.ADD, settings.statuses.add),
                (ChangeKind.UPDATE, settings.statuses.update),
                (ChangeKind.REMOVE, settings.statuses.remove),
            )
        }

    def call(self, messages: Sequence[Message]) -> Call:
        """Write one record for each message, in their order."""
        records: list[bytes] = []
        sent: dict[str, MessageId] = {}
        refused: dict[MessageId, Rejected] = {}
        for message in messages:
            try:
                records.append(self._record(message).encode())
            except _Reserved as error:
                refused[message.id] = Rejected(OTHER, str(error))
            else:
                sent[message.change.identifier.value] = message.id
        return Call(body=b"[" + b",\n".join(records) + b"]", sent=sent, refused=refused)

    def outcomes(
        self, call: Call, answer: Answer, *, clean: Callable[[str], str]
    ) -> dict[MessageId, Outcome]:
        """Read what became of every record that was sent, from an answer with status 2xx.

        Raises:
            Ambiguous: the answer cannot be read, or speaks of other records than were sent.
        """
        if answer.body == call.body:
            return dict.fromkeys(call.sent.values(), ACCEPTED)
        try:
            records = _records(answer)
            return (
                self._trusted(records, call, clean)
                if self._any
                else self._echoed(records, call, clean)
            )
        except _Unreadable as error:
            if self._any:
                return dict.fromkeys(call.sent.values(), ACCEPTED)
            raise Ambiguous(
                f"the platform answered {answer.status}, but the answer does not tell what became "
                f"of the records: {error}",
                code=OTHER,
            ) from error

    def _echoed(
        self, records: Sequence[_Record], call: Call, clean: Callable[[str], str]
    ) -> dict[MessageId, Outcome]:
        outcomes: dict[MessageId, Outcome] = {}
        for record in records:
            id_ = self._matched(record, call)
            if id_ is None:
                raise _Unreadable("it speaks of a record that was not sent")
            if id_ in outcomes:
                raise _Unreadable("it speaks of one record twice")
            error = record.get(self._error_key)
            outcomes[id_] = _rejected(error, clean) if error else ACCEPTED
        if missing := len(call.sent) - len(outcomes):
            raise _Unreadable(f"it lacks {missing} of {len(call.sent)} records")
        return outcomes

    def _trusted(
        self, records: Sequence[_Record], call: Call, clean: Callable[[str], str]
    ) -> dict[MessageId, Outcome]:
        """Take silence for a yes, but a named no for a no."""
        outcomes: dict[MessageId, Outcome] = dict.fromkeys(call.sent.values(), ACCEPTED)
        for record in records:
            id_ = self._matched(record, call)
            if id_ is not None and (error := record.get(self._error_key)):
                outcomes[id_] = _rejected(error, clean)
        return outcomes

    def _record(self, message: Message) -> str:
        change = message.change
        fields = change.fields.text
        if self._suspect(fields):
            self._refuse_reserved(json.loads(fields))
        envelope = (
            f"{self._start}{_text(change.identifier.value)}{self._segment}"
            f'{_text(change.scope.segment)}{self._status[change.kind]}"{_moment(change.occurred_at)}"'
        )
        return f"{envelope},{fields[1:]}" if len(fields) > len("{}") else f"{envelope}}}"

    def _refuse_reserved(self, fields: Mapping[str, object]) -> None:
        """Refuse a name of ours at the top; deeper down it belongs to the profile."""
        if taken := sorted(self._reserved & fields.keys()):
            raise _Reserved(
                f"the platform field {taken[0]!r} has the name of a key that every record carries; "
                "map the column to another name"
            )

    def _matched(self, record: _Record, call: Call) -> MessageId | None:
        value = record.get(self._identifier_key)
        # A customer id may come back as the number that it looks like.
        return call.sent.get(str(value)) if isinstance(value, str | int) else None


class _Reserved(Exception):
    """A field bears the name of an envelope key."""


class _Unreadable(Exception):
    """An answer is not the echo of what was sent."""


def _records(answer: Answer) -> list[_Record]:
    if not answer.body.strip():
        raise _Unreadable("it is empty")
    try:
        document: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        what = "an HTML page" if answer.media == "text/html" else "no JSON, or cut off"
        raise _Unreadable(f"it is {what}") from None
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise _Unreadable("it is no array of records")
    return document


def _rejected(error: object, clean: Callable[[str], str]) -> Rejected:
    code: object = OTHER
    reason: object = error
    if isinstance(error, Mapping):
        code, reason = error.get("code", OTHER), error.get("message")
    return Rejected(
        clean(str(code)) or OTHER, clean(str(reason or "")) or "the platform gave no reason"
    )


@functools.lru_cache(maxsize=64)
def _moment(moment: datetime) -> str:
    """Write a moment: formatting it is half of a record, and a snapshot's changes share one."""
    return f"{moment.astimezone(UTC).isoformat(timespec='seconds').removesuffix('+00:00')}Z"
