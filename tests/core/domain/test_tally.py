import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import EnqueueReceipt, Tally

COUNTS = st.integers(0, 1_000)
STATES = st.dictionaries(st.sampled_from(MessageState), COUNTS)
RECEIPTS = st.builds(EnqueueReceipt, enqueued=COUNTS, folded=COUNTS, repeated=COUNTS)


@given(STATES)
def test_tally_balances_when_every_message_is_somewhere(states: dict[MessageState, int]) -> None:
    assert Tally(enqueued=sum(states.values()), states=states).balanced


@given(STATES, st.integers(-3, 3).filter(bool))
def test_lost_or_invented_message_shows(states: dict[MessageState, int], error: int) -> None:
    assert not Tally(enqueued=sum(states.values()) + error, states=states).balanced


def test_empty_tally_balances() -> None:
    assert Tally().balanced
    assert Tally()[MessageState.DEAD] == 0
    assert Tally().open == 0


@pytest.mark.parametrize("state", MessageState)
def test_open_counts_what_has_not_reached_an_end(state: MessageState) -> None:
    waits = state in {MessageState.PENDING, MessageState.IN_FLIGHT, MessageState.PARKED}

    assert Tally(enqueued=2, states={state: 2}).open == (2 if waits else 0)


@given(RECEIPTS, RECEIPTS)
def test_receipts_add_up(one: EnqueueReceipt, other: EnqueueReceipt) -> None:
    total = one + other

    assert total == EnqueueReceipt(
        enqueued=one.enqueued + other.enqueued,
        folded=one.folded + other.folded,
        repeated=one.repeated + other.repeated,
    )
    assert one + EnqueueReceipt() == one
