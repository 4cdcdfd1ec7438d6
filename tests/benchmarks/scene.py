"""Whom the benchmarks of the outbox speak of: one scope, one moment, customers by number."""

import hashlib
from datetime import UTC, datetime

from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier

NAME = ConnectionName("bench")
SCOPE = Scope(account=AccountName("bench"), connection=NAME, segment=SegmentId("4711"))
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)


def customer(number: int) -> Identifier:
    """Name a customer."""
    return Identifier.hashed_email(hashlib.sha256(b"%d" % number).hexdigest())


def added(number: int, fields: Fields) -> ProfileChange:
    """Have a customer added."""
    return ProfileChange(
        scope=SCOPE,
        identifier=customer(number),
        kind=ChangeKind.ADD,
        occurred_at=MOMENT,
        fields=fields,
        fingerprint=fields.fingerprint,
    )
