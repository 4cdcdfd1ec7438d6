"""What every keeper of dead and parked messages promises, whole."""

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import DeadLetter, LetterGroup, LetterSelection
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.settlement import DELIVERED, Bury
from petiole.core.ports.dead_letters import DeadLetters
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.deciding import DecideContract, DiscardContract
from petiole.testing.contracts.resending import OrderContract, ResendContract
from petiole.testing.contracts.runs import (
    DOUBT,
    MINUTE,
    NEWSLETTER,
    WELCOME,
    buried,
    claim,
    end,
    settle,
)
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

ANY = LetterSelection()
PARKED = LetterSelection(state=MessageState.PARKED)


def people(letters: object) -> list[str]:
    """Whose letters these are, in order."""
    assert isinstance(letters, list | tuple)
    return [letter.identifier.value for letter in letters]


class LettersContract:
    """`DeadLetters.letters`."""

    @keeps(DeadLetters.letters, "List what is selected")
    def test_there_are_none_at_first(self, store: Store) -> None:
        assert list(store.dead_letters.letters(ANY, limit=10)) == []

    @keeps(DeadLetters.letters, "List what is selected")
    def test_letter_carries_the_words_of_the_platform(
        self, stand: StoreStand, store: Store
    ) -> None:
        enqueued_at = stand.clock.now()
        store.outbox.enqueue([change(1, fields={"city": "Köln"})], folding=True)
        [batch] = claim(store)
        stand.clock.advance(MINUTE)
        settle(store, batch, Bury("105", "veld 'städt' onbekend"))

        [letter] = store.dead_letters.letters(ANY, limit=10)

        assert letter == DeadLetter(
            id=batch.messages[0].id,
            connection=NEWSLETTER,
            segment=scope().segment,
            identifier=person(1),
            kind=ChangeKind.ADD,
            state=MessageState.DEAD,
            code="105",
            reason="veld 'städt' onbekend",
            failure=failure_fingerprint("105", "veld 'städt' onbekend"),
            attempts=1,
            enqueued_at=enqueued_at,
            at=stand.clock.now(),
            fields=Fields.of({"city": "Köln"}),
        )

    @keeps(DeadLetters.letters, "List what is selected")
    def test_parked_messages_are_letters_too(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DOUBT)
        parked_at = stand.clock.now()
        stand.clock.advance(MINUTE)

        [letter] = store.dead_letters.letters(PARKED, limit=10)

        assert (letter.state, letter.code, letter.at) == (
            MessageState.PARKED,
            "Timeout",
            parked_at,
        )
        assert list(store.dead_letters.letters(ANY, limit=10)) == []

    @keeps(DeadLetters.letters, "the newest first")
    def test_newest_come_first_up_to_the_limit(self, stand: StoreStand, store: Store) -> None:
        for number in range(1, 6):
            end(store, number, buried())
            stand.clock.advance(MINUTE)

        letters = list(store.dead_letters.letters(ANY, limit=3))

        assert people(letters) == ["5", "4", "3"]

    @keeps(DeadLetters.letters, "the newest first")
    def test_newest_are_those_that_ended_last(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        end(store, 2, buried())
        stand.clock.advance(MINUTE)
        settle(store, batch, buried())

        letters = list(store.dead_letters.letters(ANY, limit=3))

        assert people(letters) == ["1", "2"]

    @keeps(DeadLetters.letters, "what is selected")
    def test_conditions_count_together(self, store: Store) -> None:
        ids = [
            end(store, 1, Bury("105", "unknown field 'a'")),
            end(store, 2, Bury("105", "no such group")),
            end(store, 3, Bury("400", "unknown field 'b'")),
            end(store, 4, Bury("105", "unknown field 'c'"), WELCOME),
        ]

        def chosen(**conditions: object) -> list[str]:
            selection = LetterSelection(**conditions)  # type: ignore[arg-type] # they are named below
            return sorted(people(list(store.dead_letters.letters(selection, limit=10))))

        failure = failure_fingerprint("105", "unknown field 'z'")
        assert chosen() == ["1", "2", "3", "4"]
        assert chosen(connections=[NEWSLETTER]) == ["1", "2", "3"]
        assert chosen(connections=[NEWSLETTER, WELCOME]) == ["1", "2", "3", "4"]
        assert chosen(code="105") == ["1", "2", "4"]
        assert chosen(failure=failure) == ["1", "4"]
        assert chosen(failure=failure, connections=[WELCOME]) == ["4"]
        assert chosen(ids=ids[1:3]) == ["2", "3"]
        assert chosen(ids=ids[1:3], code="400") == ["3"]
        assert chosen(state=MessageState.PARKED) == []

    @keeps(DeadLetters.letters, "List what is selected")
    def test_other_messages_are_no_letters(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        store.outbox.enqueue([change(2), change(3), change(3)], folding=True)
        claim(store)

        for state in MessageState:
            selection = LetterSelection(state=state)
            assert list(store.dead_letters.letters(selection, limit=10)) == []

    @keeps(DeadLetters.letters, "List what is selected")
    def test_letters_survive_the_runner(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, buried())
        before = list(store.dead_letters.letters(ANY, limit=10))
        stand.kill(store)

        assert list(stand.open().dead_letters.letters(ANY, limit=10)) == before


class GroupsContract:
    """`DeadLetters.groups`."""

    @keeps(DeadLetters.groups, "by connection and cause")
    def test_letters_of_one_cause_are_one_group(self, stand: StoreStand, store: Store) -> None:
        began = stand.clock.now()
        for number in (1, 2, 3):
            end(store, number, Bury("105", f"field 'f{number}' is unknown"))
            stand.clock.advance(MINUTE)

        [group] = store.dead_letters.groups(ANY)

        assert group == LetterGroup(
            connection=NEWSLETTER,
            code="105",
            failure=failure_fingerprint("105", "field 'f1' is unknown"),
            reason="field 'f3' is unknown",
            letters=3,
            first_at=began,
            last_at=began + 2 * MINUTE,
        )

    @keeps(DeadLetters.groups, "the largest group first")
    def test_largest_group_comes_first(self, store: Store) -> None:
        end(store, 1, Bury("105", "unknown field"))
        for number in (2, 3, 4):
            end(store, number, Bury("400", "no date"))
        for number in (5, 6):
            end(store, number, Bury("105", "unknown field"), WELCOME)

        groups = store.dead_letters.groups(ANY)

        told = [(group.connection, group.code, group.letters) for group in groups]
        assert told == [(NEWSLETTER, "400", 3), (WELCOME, "105", 2), (NEWSLETTER, "105", 1)]

    @keeps(DeadLetters.groups, "Count what is selected")
    def test_only_what_is_selected_is_counted(self, store: Store) -> None:
        end(store, 1, Bury("105", "unknown field"))
        end(store, 2, Bury("400", "no date"))
        end(store, 3, DOUBT)

        [dead] = store.dead_letters.groups(LetterSelection(code="400"))
        [parked] = store.dead_letters.groups(PARKED)

        assert (dead.code, dead.letters) == ("400", 1)
        assert (parked.code, parked.letters) == ("Timeout", 1)


class EditContract:
    """`DeadLetters.edit`."""

    @keeps(DeadLetters.edit, "Lay fields over those of a letter")
    def test_edit_is_laid_over_and_the_original_is_kept(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1, "b": 2, "c": 3})], folding=True)
        settle(store, claim(store)[0], buried())
        [letter] = store.dead_letters.letters(ANY, limit=1)

        told = store.dead_letters.edit(letter.id, Fields.of({"b": 9, "c": None}), by="Noor")

        [after] = store.dead_letters.letters(ANY, limit=1)
        assert told
        assert after.fields == Fields.of({"a": 1, "b": 2, "c": 3})
        assert after.sent_fields == Fields.of({"a": 1, "b": 9})

    @keeps(DeadLetters.edit, "A later edit replaces an earlier one")
    def test_later_edit_replaces_an_earlier_one(self, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")

        store.dead_letters.edit(letter, Fields.of({"b": 2}), by="Bo")

        [after] = store.dead_letters.letters(ANY, limit=1)
        assert after.sent_fields == Fields.of({"b": 2})

    @keeps(DeadLetters.edit, "those of a letter")
    def test_parked_letter_can_be_edited(self, store: Store) -> None:
        letter = end(store, 1, DOUBT)

        assert store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")

        [after] = store.dead_letters.letters(PARKED, limit=1)
        assert after.edit == Fields.of({"a": 1})

    @keeps(DeadLetters.edit, "Tells whether there is such a letter")
    def test_what_is_no_letter_is_not_edited(self, store: Store) -> None:
        delivered = end(store, 1, DELIVERED)
        store.outbox.enqueue([change(2)], folding=True)
        [batch] = claim(store)

        for id_ in (delivered, batch.messages[0].id, MessageId(4711)):
            assert not store.dead_letters.edit(id_, Fields.of({"a": 1}), by="Noor")

    @keeps(DeadLetters.edit, "Lay fields over")
    def test_edit_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")
        stand.kill(store)

        [after] = stand.open().dead_letters.letters(ANY, limit=1)

        assert after.edit == Fields.of({"a": 1})


class DeadLettersContract(
    LettersContract,
    GroupsContract,
    EditContract,
    DecideContract,
    ResendContract,
    DiscardContract,
    OrderContract,
    StoreContract,
):
    """`ports.dead_letters`: override `stand`."""
