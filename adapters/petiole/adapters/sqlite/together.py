"""Messages that SQLite hands over together, in one row for each batch.

Between two rows, a thread may wait until others let go of the interpreter: for longer than a row
takes. Measured by `tests/benchmarks/bench_drain.py`.

SQLite joins all columns in one order; it does not promise for good that this is the order of the
subquery. Of blobs it joins the bytes as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import FINGERPRINT_BYTES, Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.mint import mint

_BETWEEN = "\x1e"
"""A control character: in JSON they are escaped, and no identifier holds one."""
JOINED = """
group_concat(identifier, char(30)), CAST(group_concat(fields, char(30)) AS BLOB),
CAST(group_concat(fingerprint, '') AS BLOB)
"""
"""What `Together` takes as identifiers, texts and fingerprints."""

_message, _change = mint(Message), mint(ProfileChange)
_identifier, _fields = mint(Identifier), mint(Fields)


def is_in_order(numbers: str, first: int, last: int) -> bool:
    """Tell from both ends of a JSON list whether it ascends from the least to the greatest."""
    return numbers.startswith(f"[{first},") and numbers.endswith(f",{last}]")


def begin_with(identifiers: str, first: str) -> bool:
    """Tell whether joined identifiers begin with the one that shall be the first."""
    return identifiers.partition(_BETWEEN)[0] == first


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Messages of one scope that were enqueued and claimed together."""

    ids: Sequence[int]
    scope: Scope
    types: Sequence[IdentifierType]
    kinds: Sequence[ChangeKind]
    identifiers: str
    texts: bytes
    """UTF-8, to be decoded where the messages are made."""
    fingerprints: bytes | None
    """Those of all, or nothing if none has one."""
    occurred_at: datetime
    enqueued_at: datetime
    attempt: int

    def messages(self) -> list[Message]:
        """Part them."""
        scope, occurred_at, enqueued_at = self.scope, self.occurred_at, self.enqueued_at
        attempt = self.attempt
        rows = zip(
            self.ids,
            self.types,
            self.kinds,
            self.identifiers.split(_BETWEEN),
            str(self.texts, "utf-8").split(_BETWEEN),
            self._fingerprints(),
            strict=True,
        )
        return [
            _message(
                MessageId(id_),
                _change(
                    scope=scope,
                    identifier=_identifier(type_, value),
                    kind=kind,
                    occurred_at=occurred_at,
                    fields=_fields(text),
                    fingerprint=fingerprint,
                    id=None,
                ),
                attempt,
                enqueued_at,
            )
            for id_, type_, kind, value, text, fingerprint in rows
        ]

    def _fingerprints(self) -> Sequence[bytes | None]:
        joined, width = self.fingerprints, FINGERPRINT_BYTES
        if joined is None:
            return [None] * len(self.types)
        return [joined[place : place + width] for place in range(0, len(joined), width)]
