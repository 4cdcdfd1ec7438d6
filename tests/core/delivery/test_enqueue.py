from collections.abc import Iterator, Sequence

import pytest

from petiole.core.delivery.enqueue import CHUNK_CHANGES, enqueue_all
from petiole.core.domain.change import ProfileChange
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import AudienceError
from tests.core.delivery.stage import Stage
from tests.core.profiles import change

MANY = 2 * CHUNK_CHANGES + 500


@pytest.fixture
def stage() -> Stage:
    return Stage()


def changes(count: int) -> Iterator[ProfileChange]:
    return (change(number) for number in range(count))


def test_all_changes_are_enqueued_in_order(stage: Stage) -> None:
    receipt = enqueue_all(stage.store.outbox, changes(MANY), folding=False)

    assert receipt == EnqueueReceipt(enqueued=MANY)
    numbers = [int(row.change.identifier.value) for row in stage.state.rows.values()]
    assert numbers == list(range(MANY))


def test_no_changes_need_no_transaction(stage: Stage) -> None:
    assert enqueue_all(stage.store.outbox, [], folding=False) == EnqueueReceipt()


def test_progress_is_told_after_each_chunk(stage: Stage) -> None:
    told: list[EnqueueReceipt] = []

    enqueue_all(stage.store.outbox, changes(MANY), folding=False, on_chunk=told.append)

    assert [receipt.enqueued for receipt in told] == [CHUNK_CHANGES, 2 * CHUNK_CHANGES, MANY]


def test_source_is_read_no_further_than_one_chunk_ahead(stage: Stage) -> None:
    drawn = 0
    ahead: list[int] = []

    def source() -> Iterator[ProfileChange]:
        nonlocal drawn
        for one in changes(MANY):
            drawn += 1
            yield one

    enqueue_all(
        stage.store.outbox,
        source(),
        folding=False,
        on_chunk=lambda receipt: ahead.append(drawn - receipt.enqueued),
    )

    assert ahead == [0, 0, 0]


def test_source_that_breaks_leaves_whole_chunks(stage: Stage) -> None:
    def source() -> Iterator[ProfileChange]:
        yield from changes(CHUNK_CHANGES + 7)
        raise AudienceError("line 1009 cannot be read")

    with pytest.raises(AudienceError):
        enqueue_all(stage.store.outbox, source(), folding=False)

    assert stage.tally().enqueued == CHUNK_CHANGES


@pytest.mark.parametrize(("folding", "folded"), [(True, 2), (False, 0)])
def test_folding_is_passed_on_and_counted(stage: Stage, folding: bool, folded: int) -> None:  # noqa: FBT001 - a parameter
    three: Sequence[ProfileChange] = [change(7)] * 3

    receipt = enqueue_all(stage.store.outbox, three, folding=folding)

    assert receipt == EnqueueReceipt(enqueued=3, folded=folded)
