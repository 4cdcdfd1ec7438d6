"""What may be claimed now, the oldest first, parted into batches."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.instants import moment
from petiole.adapters.sqlite.row import MessageRow, common_of, to_message
from petiole.adapters.sqlite.together import JOINED, Together, is_in_order
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName

WORTHWHILE = 10
"""Messages in a batch that are read sooner together."""

_COMMON = """
json_array(account, connection, segment, identifier_type, kind, enqueued_at, attempts + 1)
"""
_OLDEST = """
FROM message INDEXED BY message_ready
CROSS JOIN profile ON profile.id = message.profile
CROSS JOIN content ON content.message = message.id
WHERE connection = ? AND state = 'pending' AND head = 1 AND due_at IS NULL AND message.id > ?
ORDER BY message.id LIMIT ?
"""
_READY = f"""
SELECT
    message.id, weight_bytes, {_COMMON}, event, identifier, fields, fingerprint, occurred_at, edit
{_OLDEST}
"""
_TOGETHER = f"""
SELECT
    count(*), sum(weight_bytes),
    min(common) = max(common) AND min(occurred_at) = max(occurred_at)
        AND count(event) + count(edit) = 0,
    count(fingerprint), min(id), max(id), json_group_array(id), min(common), min(occurred_at),
    {JOINED}
FROM (
    SELECT
        message.id AS id, weight_bytes, {_COMMON} AS common, event, identifier, fields,
        fingerprint, occurred_at, edit
    {_OLDEST}
)
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Messages that make a batch."""

    first: int
    last: int
    ids: str
    """A JSON list."""
    messages: Claimed

    @property
    def is_row(self) -> bool:
        """Whether no other message stands between them."""
        return self.last - self.first == len(self.messages) - 1


def ready(
    connection: sqlite3.Connection,
    name: ConnectionName,
    policy: BatchPolicy,
    most: int,
    *,
    partial: bool,
) -> Sequence[Ready]:
    """Find at most so many batches; what is left in the end is one only if it may be `partial`."""
    found: list[Ready] = []
    after = 0
    while len(found) < most and (one := _together(connection, name, policy, after)):
        found.append(one)
        after = one.last
    left = most - len(found)
    if left:
        rows = connection.execute(_READY, (name, after, left * policy.max_profiles))
        found += map(_one_by_one, islice(_cut(rows, policy, partial=partial), left))
        rows.close()
    return found


def _together(
    connection: sqlite3.Connection, name: ConnectionName, policy: BatchPolicy, after: int
) -> Ready | None:
    """Read a full batch of messages of one kind that carry nothing of their own: most are."""
    most = policy.max_profiles
    if most < WORTHWHILE:
        return None
    [row] = connection.execute(_TOGETHER, (name, after, most)).fetchall()
    number, weight_bytes, are_alike, fingerprinted, first, last, ids, *columns = row
    is_full = number == most and weight_bytes < policy.max_bytes
    if not (is_full and are_alike and fingerprinted in {0, number}):
        return None
    common, occurred_at, identifiers, texts, fingerprints = columns
    is_row = last - first == number - 1 and is_in_order(ids, first, last)
    scope, type_, kind, enqueued_at, attempt = common_of(common)
    together = Together(
        ids=range(first, last + 1) if is_row else json.loads(ids),
        scope=scope,
        types=[type_] * number,
        kinds=[kind] * number,
        identifiers=identifiers,
        texts=texts,
        fingerprints=fingerprints if fingerprinted else None,
        occurred_at=moment(occurred_at),
        enqueued_at=enqueued_at,
        attempt=attempt,
    )
    return Ready(first=first, last=last, ids=ids, messages=Claimed(number, together.messages))


def _one_by_one(rows: Sequence[MessageRow]) -> Ready:
    return Ready(
        first=rows[0][0],
        last=rows[-1][0],
        ids=json.dumps([row[0] for row in rows]),
        messages=Claimed(len(rows), lambda: [to_message(row) for row in rows]),
    )


def _cut(
    rows: Iterable[MessageRow], policy: BatchPolicy, *, partial: bool
) -> Iterator[list[MessageRow]]:
    """Part rows into batches, and read no further than that takes."""
    most, heaviest = policy.max_profiles, policy.max_bytes
    part: list[MessageRow] = []
    weight = 0
    for row in rows:
        weight += row[1]
        if weight > heaviest and part:
            yield part
            part, weight = [], row[1]
        part.append(row)
        if len(part) == most or weight >= heaviest:
            yield part
            part, weight = [], 0
    if part and partial:
        yield part
