"""Broken sums."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import BatchId, MessageState
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import Tally
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.outbox import Outbox
from petiole.testing.zoo.mutant import breaks


@breaks(Bookkeeping.connections, "for which anything was ever enqueued")
def knows_no_connection(books: Bookkeeping) -> Collection[ConnectionName]:
    del books
    return []


@breaks(Bookkeeping.connections, "for which anything was ever enqueued")
def names_only_what_is_under_way(books: Bookkeeping) -> Collection[ConnectionName]:
    return [name for name in books.connections() if books.tally(name).open]


@breaks(Bookkeeping.connections, "once each")
def names_a_connection_twice(books: Bookkeeping) -> Collection[ConnectionName]:
    return [*books.connections(), *books.connections()]


@breaks(Bookkeeping.tally, "Tell the kept sums")
def counts_wrong(books: Bookkeeping, connection: ConnectionName) -> Tally:
    tally = books.tally(connection)
    return replace(tally, enqueued=tally.enqueued + 1)


@breaks(Bookkeeping.tally, "true also after old rows were pruned")
def counts_what_is_left(books: Bookkeeping, connection: ConnectionName) -> Tally:
    return books.audit(connection)


@breaks(Bookkeeping.audit, "Count the rows that are there")
def believes_its_own_sums(books: Bookkeeping, connection: ConnectionName) -> Tally:
    tally = books.tally(connection)
    return replace(tally, enqueued=tally.enqueued - tally[MessageState.FOLDED])


@breaks(Bookkeeping.calls, "Count the calls")
def counts_a_call_too_many(
    books: Bookkeeping, connections: Collection[ConnectionName], since: datetime
) -> int:
    return books.calls(connections, since) + 1


@breaks(Bookkeeping.calls, "that ended since a moment")
def counts_the_calls_of_all_days(
    books: Bookkeeping, connections: Collection[ConnectionName], since: datetime
) -> int:
    return books.calls(connections, since.replace(year=2000))


@breaks(Outbox.settle, "the number of its calls are kept")
def forgets_how_often_it_called(
    outbox: Outbox, settlements: Sequence[Settlement]
) -> Collection[BatchId]:
    return outbox.settle([replace(s, record=replace(s.record, calls=0)) for s in settlements])
