"""The messages of a part that is claimed as it enters, read from where they are staged together."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeAlias

from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.row import KINDS, TYPES
from petiole.adapters.sqlite.staging import Likeness
from petiole.adapters.sqlite.together import JOINED, Together, begin_with, is_in_order
from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import Message

_TOGETHER = f"""
SELECT
    min(place), max(place), count(*), json_group_array(place), group_concat(identifier_type),
    group_concat(kind), {JOINED}
FROM (
    SELECT place, identifier_type, kind, identifier, fields, fingerprint FROM staging.profile
    WHERE place > ? AND place <= ? AND kind IS NOT NULL ORDER BY place LIMIT ?
)
"""  # noqa: S608 - made of constants
_ALIKE = f"""
SELECT min(place), identifier, count(*), {JOINED}
FROM (
    SELECT place, identifier, fields, fingerprint FROM staging.profile
    WHERE place > ? AND place <= ? ORDER BY place LIMIT ?
)
"""  # noqa: S608 - made of constants
"""Where all are alike, at two thirds of the cost; the first identifier tells whether in order."""

_Row: TypeAlias = tuple[int, int, int, str, str, str, str, bytes, bytes]


class StagedBatch(NamedTuple):
    """Messages that were read together, up to which place."""

    messages: Claimed
    upto: int
    fingerprints: bytes | None
    """Those of all, one behind the other; nothing where they may not be in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedMessages:
    """What all messages of a part have in common."""

    scope: Scope
    occurred_at: datetime
    enqueued_at: datetime
    likeness: Likeness | None

    def read(
        self, tables: sqlite3.Connection, after: int, upto: int, *, last_id: int, size: int
    ) -> Iterator[StagedBatch]:
        """Read what stands after one place, up to and including another, in batches of a size.

        The messages have their numbers by their places, from behind the last one on.
        """
        while after < upto:
            those = (after, upto, size)
            batch = self._alike(tables, those, last_id) or self._each(tables, those, last_id)
            yield batch
            after = batch.upto
            last_id += len(batch.messages)

    def _alike(
        self, tables: sqlite3.Connection, those: tuple[int, int, int], last_id: int
    ) -> StagedBatch | None:
        """Read a batch of those that are all alike; `None` if they may not be in order."""
        if self.likeness is None:
            return None
        [row] = tables.execute(_ALIKE, those).fetchall()
        place, first, number, identifiers, texts, fingerprints = row
        if not begin_with(identifiers, first):
            return None
        types, kinds = [self.likeness.type] * number, [self.likeness.kind] * number
        ids = range(last_id + 1, last_id + 1 + number)
        joined = identifiers, texts, fingerprints
        make = partial(self._messages, ids, types, kinds, joined)
        return StagedBatch(Claimed(number, make), place + number - 1, fingerprints)

    def _each(
        self, tables: sqlite3.Connection, those: tuple[int, int, int], last_id: int
    ) -> StagedBatch:
        """Read a batch, and the place, type and kind of each."""
        [row] = tables.execute(_TOGETHER, those).fetchall()
        _, upto, number, *_ = row
        messages = Claimed(number, partial(self._different, row, last_id))
        return StagedBatch(messages, upto, None)

    def _different(self, row: _Row, last_id: int) -> list[Message]:
        first, last, number, places, types, kinds, identifiers, texts, fingerprints = row
        ids: Sequence[int] = range(last_id + 1, last_id + 1 + number)
        return self._messages(
            ids if is_in_order(places, first, last) else _by_place(places, ids),
            [TYPES[type_] for type_ in types.split(",")],
            [KINDS[kind] for kind in kinds.split(",")],
            (identifiers, texts, fingerprints),
        )

    def _messages(
        self,
        ids: Sequence[int],
        types: Sequence[IdentifierType],
        kinds: Sequence[ChangeKind],
        joined: tuple[str, bytes, bytes],
    ) -> list[Message]:
        identifiers, texts, fingerprints = joined
        return Together(
            ids=ids,
            scope=self.scope,
            types=types,
            kinds=kinds,
            identifiers=identifiers,
            texts=texts,
            fingerprints=fingerprints,
            occurred_at=self.occurred_at,
            enqueued_at=self.enqueued_at,
            attempt=1,
        ).messages()


def _by_place(places: str, ids: Iterable[int]) -> Sequence[int]:
    told = json.loads(places)
    numbers = dict(zip(sorted(told), ids, strict=True))
    return [numbers[place] for place in told]
