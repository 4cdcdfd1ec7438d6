"""Broken histories."""

from collections.abc import Sequence
from datetime import datetime

from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening
from petiole.core.ports.history import History
from petiole.testing.zoo.mutant import breaks

MANY = 100_000


@breaks(History.life, "Tell in order what happened")
def tells_the_end_first(
    history: History, account: AccountName, connection: ConnectionName, identifier: Identifier
) -> Sequence[Happening]:
    return [*history.life(account, connection, identifier)][::-1]


@breaks(History.life, "Tell in order what happened")
def leaves_the_beginning_out(
    history: History, account: AccountName, connection: ConnectionName, identifier: Identifier
) -> Sequence[Happening]:
    return history.life(account, connection, identifier)[1:]


@breaks(History.prune, "before a moment")
def forgets_the_young_too(history: History, before: datetime, *, limit: int) -> int:
    return history.prune(before.replace(year=3000), limit=limit)


@breaks(History.prune, "Forget up to `limit` messages")
def forgets_all_at_once(history: History, before: datetime, *, limit: int) -> int:
    del limit
    return history.prune(before, limit=MANY)


@breaks(History.prune, "Tells how many were forgotten")
def does_not_tell_how_many_it_forgot(history: History, before: datetime, *, limit: int) -> int:
    history.prune(before, limit=limit)
    return limit


@breaks(History.prune, "Forget up to `limit` messages")
def forgets_nothing(history: History, before: datetime, *, limit: int) -> int:
    del history, before, limit
    return 0
