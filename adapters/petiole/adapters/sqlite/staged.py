"""The messages of a part that is claimed as it enters, read from where they are staged together."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.row import KINDS, TYPES
from petiole.adapters.sqlite.together import JOINED, Together, is_in_order
from petiole.core.domain.change import Scope
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

_Row: TypeAlias = tuple[int, int, int, str, str, str, str, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedMessages:
    """What all messages of a part have in common."""

    scope: Scope
    occurred_at: datetime
    enqueued_at: datetime

    def read(
        self, tables: sqlite3.Connection, after: int, upto: int, *, last_id: int, size: int
    ) -> Iterator[Claimed]:
        """Read what stands after one place, up to and including another, in batches of a size.

        The messages have their numbers by their places, from behind the last one on.
        """
        while after < upto:
            [row] = tables.execute(_TOGETHER, (after, upto, size)).fetchall()
            _, after, number, *_ = row
            yield Claimed(number, partial(self._messages, row, last_id))
            last_id += number

    def _messages(self, row: _Row, last_id: int) -> list[Message]:
        first, last, number, places, types, kinds, identifiers, texts, fingerprints = row
        ids: Sequence[int] = range(last_id + 1, last_id + 1 + number)
        return Together(
            ids=ids if is_in_order(places, first, last) else _by_place(places, ids),
            scope=self.scope,
            types=[TYPES[type_] for type_ in types.split(",")],
            kinds=[KINDS[kind] for kind in kinds.split(",")],
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
