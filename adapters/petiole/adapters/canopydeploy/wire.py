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
from json.encoder import encode_basestring
from typing import TypeAlias

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.echo import compared
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.core.domain.change import ChangeKind, SegmentId
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
    records: Sequence[bytes]
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
        names = "|".join(re.escape(_text(name)[1:]) for name in sorted(self._reserved))
        self._suspect = re.compile(f',"(?:{names}):').search
        self._comparable = PLATFORM_ID not in {keys.identifier, settings.error_key}
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
        fields = [message.change.fields.text[1:] for message in messages]
        # Fields are canonical text: without its brace, each name at the top stands behind a comma.
        suspicious = self._suspect(f",{','.join(fields)}")
        refused = self._refused(messages) if suspicious else {}
        records: list[bytes] = []
        sent: dict[str, MessageId] = {}
        shared: tuple[SegmentId, ChangeKind, datetime] | None = None
        start, middle = self._start, ""
        for message, rest in zip(messages, fields, strict=True):
            if refused and message.id in refused:
                continue
            change = message.change
            its = change.scope.segment, change.kind, change.occurred_at
            if its != shared:
                shared, middle = its, self._middle(*its)
            identifier = change.identifier.value
            sent[identifier] = message.id
            comma = "," if len(rest) > len("}") else ""
            record = f"{start}{encode_basestring(identifier)}{middle}{comma}{rest}"
            records.append(record.encode())
        body = b"[%b]" % b",\n".join(records)
        return Call(body=body, records=records, sent=sent, refused=refused)

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
            records = self._records(answer, call)
            if records is None:
                return dict.fromkeys(call.sent.values(), ACCEPTED)
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

    def _records(self, answer: Answer, call: Call) -> Sequence[_Record] | None:
        """Return the records of an answer; nothing if all came back as sent, but for an id."""
        came = compared(answer.body, call.records, added=PLATFORM_ID) if self._comparable else None
        if came is None or len(came) != len(call.sent):
            return _parsed(answer)
        if not any(came):
            return None
        return [
            {self._identifier_key: identifier} if record is None else record
            for record, identifier in zip(came, call.sent, strict=True)
        ]

    def _middle(self, segment: SegmentId, kind: ChangeKind, moment: datetime) -> str:
        """Write what stands between the identifier and the fields of a record."""
        return f'{self._segment}{_text(segment)}{self._status[kind]}"{_moment(moment)}"'

    def _refused(self, messages: Sequence[Message]) -> dict[MessageId, Rejected]:
        """Refuse names of ours at the top of fields; deeper down they belong to the profile."""
        refused: dict[MessageId, Rejected] = {}
        for message in messages:
            if taken := sorted(self._reserved & message.change.fields.values().keys()):
                refused[message.id] = Rejected(
                    OTHER,
                    f"the platform field {taken[0]!r} has the name of a key that every record "
                    "carries; map the column to another name",
                )
        return refused

    def _matched(self, record: _Record, call: Call) -> MessageId | None:
        value = record.get(self._identifier_key)
        # A customer id may come back as the number that it looks like.
        return call.sent.get(str(value)) if isinstance(value, str | int) else None


class _Unreadable(Exception):
    """An answer is not the echo of what was sent."""


def _parsed(answer: Answer) -> list[_Record]:
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
