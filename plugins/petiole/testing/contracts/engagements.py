"""What every keeper of engagements promises: each event once, and joined to its cause."""

from datetime import timedelta

import pytest

from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.engagement import (
    EngagementKind,
    EngagementSelection,
    is_repeat,
)
from petiole.core.ports.engagements import CLOCK_TOLERANCE, Checkpoint, Engagements
from petiole.testing.changes import change
from petiole.testing.contracts.engaging import (
    HOUR,
    PULL,
    SHOP,
    deliver,
    engagement,
    keep,
    kept,
    refusal,
)
from petiole.testing.contracts.runs import NEWSLETTER, claim, deliver_everything, settle
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

SECOND = timedelta(seconds=1)
READER = Checkpoint(connection=NEWSLETTER, reader="mailings", place="7")


class RepeatsContract:
    """`Engagements.store`: what is kept, and what is a repeat."""

    @keeps(Engagements.store, "Keep engagements of one account")
    @keeps(Engagements.read, "in the order of storing")
    def test_what_was_stored_is_read_back_whole_and_in_order(
        self, stand: StoreStand, store: Store
    ) -> None:
        now = stand.clock.now()
        told = [
            engagement(2, EngagementKind.CLICK, at=now, event="b", by_machine=True),
            engagement(1, EngagementKind.RECEIVE, at=now - HOUR),
        ]

        receipt = keep(store, *told)

        assert [one.engagement for one in kept(store.engagements)] == told
        assert list(receipt.stored) == kept(store.engagements)
        assert {one.received_at for one in receipt.stored} == {now}

    @keeps(Engagements, "what returned has survived a crash")
    def test_what_was_stored_survives_its_keeper(self, stand: StoreStand, store: Store) -> None:
        keep(store, engagement(1, at=stand.clock.now(), event="a"))
        stand.kill(store)

        assert len(kept(stand.open().engagements)) == 1

    @keeps(Engagements.store, "but no repeats")
    @keeps(Engagements, "Keeps each event once")
    @pytest.mark.parametrize(
        ("event", "origin", "later", "number"),
        [
            ("a", "push", timedelta(), 1),
            ("a", "push", SECOND, 1),
            ("b", "push", timedelta(), 2),
            ("", "push", timedelta(), 1),
            ("", "push", SECOND, 2),
            ("b", "mailings", timedelta(), 1),
            ("a", "mailings", SECOND, 2),
        ],
    )
    def test_one_event_is_kept_once(
        self,
        stand: StoreStand,
        store: Store,
        *,
        event: str,
        origin: str,
        later: timedelta,
        number: int,
    ) -> None:
        now = stand.clock.now()
        first = engagement(1, at=now, event="a")
        second = engagement(
            1, at=now + later, event=event, origin=PULL if origin == "mailings" else first.origin
        )

        apart = len(keep(store, first).stored) + len(keep(store, second).stored)
        third, fourth = (
            engagement(2, at=one.occurred_at, event=one.event + "2", origin=one.origin)
            if one.event
            else engagement(2, at=one.occurred_at, origin=one.origin)
            for one in (first, second)
        )
        together = keep(store, third, fourth)

        assert apart == len(together.stored) == number
        assert together.repeated == 2 - number
        assert is_repeat(second, first) == (number == 1)

    @keeps(Engagements.store, "Refused ones and the checkpoint are kept in the same transaction")
    @keeps(Engagements.checkpoint, "Tell how far a reader came, `None` for a new one")
    def test_checkpoint_and_refused_ones_are_kept_along(
        self, stand: StoreStand, store: Store
    ) -> None:
        refused = refusal(stand.clock.now())
        before = store.engagements.checkpoint(NEWSLETTER, "mailings")

        receipt = store.engagements.store(SHOP, [], refused=[refused], checkpoint=READER)

        assert before is None
        assert store.engagements.checkpoint(NEWSLETTER, "mailings") == "7"
        assert store.engagements.checkpoint(NEWSLETTER, "analytics") is None
        assert (receipt.refused, list(store.engagement_books.refused(limit=5))) == (1, [refused])

    @keeps(Engagements.read, "after an id")
    def test_reading_goes_on_after_an_id(self, stand: StoreStand, store: Store) -> None:
        now = stand.clock.now()
        keep(store, *(engagement(number, at=now, event=str(number)) for number in range(5)))
        first = store.engagements.read(EngagementSelection(), after=None, limit=2)

        rest = store.engagements.read(EngagementSelection(), after=first[-1].id, limit=9)

        assert [one.engagement.event for one in [*first, *rest]] == ["0", "1", "2", "3", "4"]

    @keeps(Engagements.read, "Read what is selected")
    def test_only_what_is_selected_is_read(self, stand: StoreStand, store: Store) -> None:
        now = stand.clock.now()
        keep(
            store,
            engagement(1, EngagementKind.OPEN, at=now),
            engagement(1, EngagementKind.BOUNCE, at=now - HOUR),
            engagement(1, EngagementKind.BOUNCE, at=now, campaign="901"),
        )

        numbers = [
            len(kept(store.engagements, selection))
            for selection in (
                EngagementSelection(kinds=[EngagementKind.BOUNCE]),
                EngagementSelection(campaign_id="900"),
                EngagementSelection(since=now),
                EngagementSelection(until=now),
                EngagementSelection(connections=[ConnectionName("welcome")]),
            )
        ]

        assert numbers == [2, 2, 2, 1, 0]


class CausesContract:
    """`Engagements.store` and `rejoin`: which delivery an event goes back to."""

    @keeps(Engagements.store, "Each is joined to its cause")
    def test_engagement_goes_back_to_the_last_delivery_before_it(
        self, stand: StoreStand, store: Store
    ) -> None:
        first = deliver(stand, store, 1)
        stand.clock.advance(HOUR)
        second = deliver(stand, store, 1)

        [early, late] = keep(
            store,
            engagement(1, at=first + SECOND, event="a"),
            engagement(1, at=second + SECOND, event="b"),
        ).stored

        assert early.cause is not None
        assert late.cause is not None
        assert (early.cause.delivered_at, late.cause.delivered_at) == (first, second)
        assert early.cause.batch is not None

    @keeps(Engagements.store, "in the segment of its campaign's id if there is one, else in any")
    def test_segment_of_the_campaign_goes_before_others(
        self, stand: StoreStand, store: Store
    ) -> None:
        deliver(stand, store, 1, segment="900")
        now = deliver(stand, store, 1, segment="4711")

        causes = [
            one.cause and one.cause.segment
            for one in keep(
                store,
                engagement(1, at=now, campaign="900", event="a"),
                engagement(1, at=now, campaign="5", event="b"),
            ).stored
        ]

        assert causes == ["900", "4711"]

    @keeps(Engagements.store, "clocks may differ")
    def test_cause_may_seem_a_little_younger_than_its_effect(
        self, stand: StoreStand, store: Store
    ) -> None:
        now = deliver(stand, store, 1)

        close, far = keep(
            store,
            engagement(1, at=now - CLOCK_TOLERANCE, event="a"),
            engagement(1, at=now - CLOCK_TOLERANCE - SECOND, event="b"),
        ).stored

        assert (close.cause is None, far.cause is None) == (False, True)

    @keeps(Engagements.store, "the last addition or update of its profile")
    def test_removals_and_others_are_no_cause(self, stand: StoreStand, store: Store) -> None:
        deliver(stand, store, 2)
        store.outbox.enqueue([change(1, ChangeKind.REMOVE)], folding=False)
        deliver_everything(store)

        [stored] = keep(store, engagement(1, at=stand.clock.now())).stored

        assert stored.cause is None

    @keeps(Engagements.rejoin, "Look again for causes")
    @keeps(Engagements.rejoin, "before the delivery that caused it is settled")
    def test_cause_that_is_settled_later_is_found(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=False)
        [batch] = claim(store)
        now = stand.clock.now()
        keep(store, engagement(1, at=now, event="a"), engagement(2, at=now, event="b"))
        settle(store, batch)

        found = store.engagements.rejoin(since=now - HOUR, limit=10)
        again = store.engagements.rejoin(since=now - HOUR, limit=10)

        assert (found, again) == (1, 0)
        assert [one.cause is None for one in kept(store.engagements)] == [False, True]


class EngagementsContract(RepeatsContract, CausesContract, StoreContract):
    """Override `stand`; every sentence of the port is tested."""
