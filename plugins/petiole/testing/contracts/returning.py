"""What every outbox promises about a profile that is removed and comes back before it was sent."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, scope
from petiole.testing.contracts.runs import (
    buried,
    claim,
    deliver_everything,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
OTHER_SEGMENT = scope(segment="4712")
ComeBack: TypeAlias = Callable[[Store], None]


def kinds_left(store: Store) -> list[ChangeKind]:
    """What is still to be delivered, delivered."""
    return [message.change.kind for message in deliver_everything(store)]


class ReturnContract:
    """`Outbox.enqueue` folding a removal and an addition: an update if the platform holds it."""

    @pytest.fixture(params=["one call", "two calls"])
    def come_back(self, request: pytest.FixtureRequest) -> ComeBack:
        """Remove the profile and add it again."""
        changes = [change(1, REMOVE), change(1, ADD, {"a": 2})]

        def together(store: Store) -> None:
            store.outbox.enqueue(changes, folding=True)

        def apart(store: Store) -> None:
            for one in changes:
                store.outbox.enqueue([one], folding=True)

        return together if request.param == "one call" else apart

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_delivered_profile_is_updated(self, store: Store, come_back: ComeBack) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1})], folding=True)
        deliver_everything(store)

        come_back(store)

        assert kinds_left(store) == [UPDATE]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_unknown_profile_is_added(self, store: Store, come_back: ComeBack) -> None:
        come_back(store)

        assert kinds_left(store) == [ADD]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_profile_is_updated_behind_its_open_addition(
        self, store: Store, come_back: ComeBack
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)

        come_back(store)
        settle(store, batch)

        assert kinds_left(store) == [UPDATE]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_profile_is_added_behind_its_open_removal(
        self, store: Store, come_back: ComeBack
    ) -> None:
        store.outbox.enqueue([change(1), change(1, REMOVE)], folding=False)
        settle(store, claim(store)[0])
        [batch] = claim(store)

        come_back(store)
        settle(store, batch)

        assert kinds_left(store) == [ADD]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_profile_is_added_after_its_addition_was_buried(
        self, store: Store, come_back: ComeBack
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        settle(store, claim(store)[0], buried())

        come_back(store)

        assert kinds_left(store) == [ADD]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_profile_of_another_segment_is_added(self, store: Store, come_back: ComeBack) -> None:
        store.outbox.enqueue([change(1, within=OTHER_SEGMENT)], folding=True)
        deliver_everything(store)

        come_back(store)

        assert kinds_left(store) == [ADD]

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_open_changes_of_other_segments_are_looked_past(
        self, store: Store, come_back: ComeBack
    ) -> None:
        other = change(1, within=OTHER_SEGMENT)
        removed = change(1, REMOVE, within=OTHER_SEGMENT)
        store.outbox.enqueue([other, change(1, fields={"a": 1}), removed], folding=False)

        come_back(store)

        assert kinds_left(store) == [ADD, ADD, REMOVE, UPDATE]
