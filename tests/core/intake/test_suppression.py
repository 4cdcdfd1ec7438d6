"""Who complained or bounced is left out, all others pass in order."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from petiole.core.domain.change import AccountName, ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.engagement import CampaignSummary, EngagementKind, RefusedEngagement
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.intake.suppression import CHUNK, Suppression
from petiole.core.ports.snapshot import SnapshotProfile
from tests.core.profiles import change, person

BOUNCE = (EngagementKind.BOUNCE,)


class Books:
    """Suppresses some, and remembers how many it was asked for at a time."""

    def __init__(self, *suppressed: int) -> None:
        self._suppressed = {person(number) for number in suppressed}
        self.asked: list[int] = []

    def suppressed(
        self,
        account: AccountName,
        identifiers: Collection[Identifier],
        kinds: Collection[EngagementKind],
    ) -> Collection[Identifier]:
        self.asked.append(len(identifiers))
        return self._suppressed & set(identifiers)

    def summary(
        self, connections: Collection[ConnectionName], *, since: datetime | None
    ) -> Sequence[CampaignSummary]:
        return ()

    def silent(
        self, connection: ConnectionName, *, accepted_before: datetime
    ) -> Collection[SegmentId]:
        return ()

    def refused(self, *, limit: int) -> Sequence[RefusedEngagement]:
        return ()


def suppression(books: Books, kinds: Collection[EngagementKind] = BOUNCE) -> Suppression:
    return Suppression(books=books, account=AccountName("shop"), kinds=kinds)


def profiles(*numbers: int) -> Iterator[SnapshotProfile]:
    for line, number in enumerate(numbers, start=2):
        yield SnapshotProfile(line, person(number), Fields())


def test_suppressed_profiles_are_left_out_and_counted() -> None:
    sieve = suppression(Books(2, 4))

    passed = [profile.line for profile in sieve.profiles(profiles(1, 2, 3, 4, 2, 5))]

    assert passed == [2, 4, 7]
    assert sieve.count == 3


def test_removals_of_the_suppressed_pass() -> None:
    books = Books(1)
    sieve = suppression(books)
    changes = [change(1), change(1, ChangeKind.REMOVE), change(2)]

    passed = list(sieve.changes(changes))

    assert passed == changes[1:]
    assert sieve.count == 1
    assert books.asked == [2]


def test_many_are_looked_up_at_once() -> None:
    books = Books()

    passed = list(suppression(books).profiles(profiles(*range(CHUNK + 1))))

    assert len(passed) == CHUNK + 1
    assert books.asked == [CHUNK, 1]


def test_nobody_is_asked_for_where_nothing_suppresses() -> None:
    books = Books(1)
    source = profiles(1, 2)

    passed = suppression(books, kinds=()).profiles(source)

    assert next(passed).identifier == person(1)
    assert next(source).identifier == person(2)
    assert books.asked == []
