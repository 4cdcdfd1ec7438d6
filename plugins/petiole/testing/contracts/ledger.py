"""What every ledger promises, whole."""

from petiole.core.domain.change import ChangeKind
from petiole.core.ports.ledger import Ledger
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.changing import ChangesContract
from petiole.testing.contracts.claimed_parts import ClaimedPartContract
from petiole.testing.contracts.comparing import CompareContract
from petiole.testing.contracts.entering import EnterContract
from petiole.testing.contracts.runs import claim, deliver
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store

UPDATE, REMOVE = ChangeKind.UPDATE, ChangeKind.REMOVE


class DeliveredContract:
    """`Ledger.holds` and `Ledger.count`."""

    @keeps(Ledger.holds, "delivered into the scope")
    @keeps(Ledger.count, "delivered into the scope")
    def test_nothing_is_held_at_first(self, store: Store) -> None:
        assert not store.ledger.holds(scope(), person(1))
        assert store.ledger.count(scope()) == 0

    @keeps(Ledger.holds, "not removed since")
    @keeps(Ledger.count, "not removed since")
    def test_delivered_profiles_are_held_until_they_are_removed(self, store: Store) -> None:
        deliver(store, change(1), change(2), change(3, UPDATE), change(1, REMOVE))

        assert [store.ledger.holds(scope(), person(n)) for n in (1, 2, 3)] == [False, True, True]
        assert store.ledger.count(scope()) == 2

    @keeps(Ledger, "Written by `Outbox.settle` alone")
    def test_open_messages_do_not_count_here(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        claim(store)

        assert not store.ledger.holds(scope(), person(1))
        assert store.ledger.count(scope()) == 0

    @keeps(Ledger.holds, "delivered into the scope")
    @keeps(Ledger.count, "delivered into the scope")
    def test_scopes_do_not_mix(self, store: Store) -> None:
        deliver(store, change(1), change(2, within=scope(segment="4712")))

        assert store.ledger.count(scope()) == 1
        assert not store.ledger.holds(scope(segment="4712"), person(1))
        assert not store.ledger.holds(scope("welcome"), person(1))


class LedgerContract(
    DeliveredContract,
    CompareContract,
    ChangesContract,
    EnterContract,
    ClaimedPartContract,
    StoreContract,
):
    """`ports.ledger`: override `stand`."""
