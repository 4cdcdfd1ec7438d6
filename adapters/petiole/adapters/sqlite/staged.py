"""The messages of a part that is claimed as it enters, read from where they are staged together."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.together import Together, is_in_order
from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.identity import IdentifierType

_TOGETHER = """
SELECT
    min(place), max(place), count(*), json_group_array(place), group_concat(identifier_type),
    group_concat(kind), group_concat(identifier, char(30)), group_concat(fields, char(30)),
    CAST(group_concat(fingerprint, '') AS BLOB)
FROM (
    SELECT place, identifier_type, kind, identifier, fields, fingerprint FROM staging.profile
    WHERE place > ? AND place <= ? AND kind IS NOT NULL ORDER BY place LIMIT ?
)
"""
_TYPES = {type_.value: type_ for type_ in IdentifierType}
_KINDS = {kind.value: kind for kind in ChangeKind}


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
            first, after, number, places, types, kinds, identifiers, texts, fingerprints = row
            ids: Sequence[int] = range(last_id + 1, last_id + 1 + number)
            together = Together(
                ids=ids if is_in_order(places, first, after) else _by_place(places, ids),
                scope=self.scope,
                types=[_TYPES[type_] for type_ in types.split(",")],
                kinds=[_KINDS[kind] for kind in kinds.split(",")],
                identifiers=identifiers,
                texts=texts,
                fingerprints=fingerprints,
                occurred_at=self.occurred_at,
                enqueued_at=self.enqueued_at,
                attempt=1,
            )
            yield Claimed(number, together.messages)
            last_id += number


def _by_place(places: str, ids: Iterable[int]) -> Sequence[int]:
    told = json.loads(places)
    numbers = dict(zip(sorted(told), ids, strict=True))
    return [numbers[place] for place in told]
