"""What every book of engagements promises: sums that hold, and whom to leave out."""

from datetime import timedelta

import pytest

from petiole.core.domain.change import AccountName, ChangeKind
from petiole.core.domain.engagement import BounceType, EngagementKind
from petiole.core.ports.engagements import EngagementBooks
from petiole.testing.changes import change, person
from petiole.testing.contracts.engaging import (
    HOUR,
    SHOP,
    deliver,
    engagement,
    keep,
    refusal,
)
from petiole.testing.contracts.runs import NEWSLETTER, deliver_everything
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

RECEIVE, OPEN = EngagementKind.RECEIVE, EngagementKind.OPEN
BOUNCE, COMPLAINT = EngagementKind.BOUNCE, EngagementKind.COMPLAINT


class EngagementBooksContract(StoreContract):
    """Override `stand`; every sentence of the port is tested."""

    @keeps(EngagementBooks.summary, "Sum up by connection and campaign")
    def test_recipients_count_once_by_kind_and_machines_apart(
        self, stand: StoreStand, store: Store
    ) -> None:
        deliver(stand, store, 1)
        deliver(stand, store, 2)
        now = deliver(stand, store, 3)
        keep(
            store,
            engagement(1, RECEIVE, at=now + HOUR),
            engagement(2, RECEIVE, at=now + 3 * HOUR),
            engagement(1, OPEN, at=now + 2 * HOUR),
            engagement(1, OPEN, at=now + 3 * HOUR),
            engagement(2, OPEN, at=now + 3 * HOUR, by_machine=True),
            engagement(9, OPEN, at=now, campaign="901"),
        )

        spring, other = store.engagement_books.summary([NEWSLETTER], since=None)

        assert (spring.connection, spring.campaign_id) == (NEWSLETTER, "900")
        assert spring.recipients == {RECEIVE: 2, OPEN: 1}
        assert (spring.accepted, spring.by_machine, spring.unmatched) == (3, 1, 0)
        assert spring.median_time_to_receive == 2 * HOUR
        assert spring.share(RECEIVE) == pytest.approx(2 / 3)
        assert (other.campaign_id, other.accepted, other.unmatched) == ("901", 0, 1)
        assert other.recipients == {}
        assert other.share(OPEN) is None

    @keeps(EngagementBooks.summary, "what happened since a moment, or ever")
    def test_sums_begin_where_they_are_asked_to(self, stand: StoreStand, store: Store) -> None:
        deliver(stand, store, 1)
        now = deliver(stand, store, 2) + HOUR
        keep(store, engagement(1, OPEN, at=now - HOUR), engagement(2, OPEN, at=now))

        [summary] = store.engagement_books.summary([], since=now)

        assert summary.recipients == {OPEN: 1}

    @keeps(EngagementBooks.silent, "that no engagement goes back to")
    def test_segment_is_silent_until_somebody_there_engages(
        self, stand: StoreStand, store: Store
    ) -> None:
        deliver(stand, store, 1, segment="4711")
        deliver(stand, store, 2, segment="4712")
        stand.clock.advance(48 * HOUR)
        now = stand.clock.now()

        young = store.engagement_books.silent(NEWSLETTER, accepted_before=now - 49 * HOUR)
        silent = store.engagement_books.silent(NEWSLETTER, accepted_before=now)
        keep(store, engagement(1, RECEIVE, at=now))
        left = store.engagement_books.silent(NEWSLETTER, accepted_before=now)

        assert (list(young), list(silent), list(left)) == ([], ["4711", "4712"], ["4712"])

    @keeps(EngagementBooks.silent, "Costs nothing that grows")
    def test_segment_stays_silent_after_its_messages_are_forgotten(
        self, stand: StoreStand, store: Store
    ) -> None:
        deliver(stand, store, 1)
        stand.clock.advance(48 * HOUR)
        store.history.prune(stand.clock.now(), limit=10)

        silent = store.engagement_books.silent(NEWSLETTER, accepted_before=stand.clock.now())

        assert list(silent) == ["4711"]

    @keeps(EngagementBooks.refused, "the newest first")
    def test_refused_ones_are_listed_the_newest_first(
        self, stand: StoreStand, store: Store
    ) -> None:
        now = stand.clock.now()
        told = [refusal(now, "first"), refusal(now, "second"), refusal(now, "third")]
        store.engagements.store(SHOP, [], refused=told)

        listed = store.engagement_books.refused(limit=2)

        assert [one.reason for one in listed] == ["third", "second"]

    @keeps(EngagementBooks.suppressed, "complained, or bounced for good; a soft bounce is none")
    @keeps(EngagementBooks.suppressed, "A bounce of unknown type counts as hard")
    def test_who_complained_or_bounced_for_good_is_suppressed(
        self, stand: StoreStand, store: Store
    ) -> None:
        now = stand.clock.now()
        keep(
            store,
            engagement(1, COMPLAINT, at=now),
            engagement(2, BOUNCE, at=now, bounce=BounceType.HARD),
            engagement(3, BOUNCE, at=now, bounce=BounceType.SOFT),
            engagement(4, BOUNCE, at=now),
            engagement(5, OPEN, at=now),
        )
        everybody = [person(number) for number in range(1, 7)]
        books = store.engagement_books

        both = books.suppressed(SHOP, everybody, [COMPLAINT, BOUNCE])
        complained = books.suppressed(SHOP, everybody, [COMPLAINT])
        elsewhere = books.suppressed(AccountName("other"), everybody, [COMPLAINT, BOUNCE])
        asked = books.suppressed(SHOP, [person(2)], [COMPLAINT, BOUNCE])

        assert set(both) == {person(1), person(2), person(4)}
        assert set(complained) == {person(1)}
        assert set(elsewhere) == set()
        assert set(asked) == {person(2)}

    @keeps(EngagementBooks.summary, "Sum up by connection and campaign")
    def test_who_engaged_and_left_counts_as_accepted(self, stand: StoreStand, store: Store) -> None:
        deliver(stand, store, 1)
        now = deliver(stand, store, 2)
        keep(store, engagement(1, RECEIVE, at=now), engagement(2, RECEIVE, at=now))
        store.outbox.enqueue([change(1, ChangeKind.REMOVE)], folding=False)
        deliver_everything(store)

        [summary] = store.engagement_books.summary([], since=None)

        assert (summary.accepted, summary.share(RECEIVE)) == (2, 1.0)

    @keeps(EngagementBooks.summary, "Sum up by connection and campaign")
    def test_median_of_an_odd_number_is_the_middle_one(
        self, stand: StoreStand, store: Store
    ) -> None:
        waits = (1, 2, 60)
        for number, minutes in enumerate(waits):
            now = deliver(stand, store, number)
            keep(store, engagement(number, RECEIVE, at=now + timedelta(minutes=minutes)))

        [summary] = store.engagement_books.summary([], since=None)

        assert summary.median_time_to_receive == timedelta(minutes=2)
