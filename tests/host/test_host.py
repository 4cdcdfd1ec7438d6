"""The host as programs use it: submit, sync, run once, stop."""

from collections.abc import Generator, Iterator
from pathlib import Path
from threading import Timer

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.change import ChangeKind, ProfileChange, SegmentId
from petiole.core.domain.message import MessageState
from petiole.core.errors import (
    AudienceError,
    IdentifierRefused,
    InvalidSettings,
    MalformedRequest,
    Unavailable,
)
from petiole.host import Condition, Host
from petiole.testing.platform import MemoryPlatform

ROWS = [{"id": "1", "city": "Delft"}, {"id": "2", "city": "Gent"}]
EVERYBODY = {"1", "2"}


def held(platform: MemoryPlatform) -> set[str]:
    return {identifier.value for identifier in platform.held(SegmentId("4711"))}


def changes(host: Host, count: int) -> Iterator[ProfileChange]:
    for number in range(count):
        yield host.change(
            "newsletter", ChangeKind.ADD, str(number), segment="4711", fields={"n": number}
        )


def test_submitted_changes_are_delivered_by_the_next_run(
    host: Host, platform: MemoryPlatform
) -> None:
    receipt = host.submit(changes(host, 2_500))
    before = len(held(platform))

    result = host.run_once(flush=True)

    assert (receipt.enqueued, before) == (2_500, 0)
    assert result.complete
    assert result.delivered[ChangeKind.ADD] == len(held(platform)) == 2_500
    assert result.calls == 25


def test_changes_that_were_read_before_a_break_stay_queued(host: Host) -> None:
    told: list[int] = []

    def breaking() -> Iterator[ProfileChange]:
        yield from changes(host, 1_500)
        raise AudienceError("line 1501 cannot be read")

    with pytest.raises(AudienceError):
        host.submit(breaking(), on_chunk=lambda receipt: told.append(receipt.enqueued))

    assert told == [1_000]
    assert host.status()[0].tally[MessageState.PENDING] == 1_000


def test_change_with_an_id_is_taken_once(host: Host) -> None:
    one = host.change("newsletter", ChangeKind.REMOVE, "7", segment="4711", id="event-1")

    receipt = host.submit([one, one])

    assert (receipt.enqueued, receipt.repeated) == (1, 1)


@pytest.mark.parametrize(
    ("connection", "identifier", "segment", "trouble"),
    [
        ("newsleter", "7", "4711", InvalidSettings),
        ("newsletter", "null", "4711", IdentifierRefused),
        ("newsletter", "7", " ", InvalidSettings),
    ],
)
def test_change_that_could_not_be_sent_is_refused_when_it_is_made(
    host: Host, connection: str, identifier: str, segment: str, trouble: type[Exception]
) -> None:
    with pytest.raises(trouble):
        host.change(connection, ChangeKind.ADD, identifier, segment=segment)


def test_sync_sends_only_what_changed(host: Host, platform: MemoryPlatform) -> None:
    first = host.sync("newsletter", ROWS, segment="4711", key="id")
    again = host.sync("newsletter", iter(ROWS), segment="4711", key="id")
    moved = host.sync("newsletter", [{"id": "1", "city": "Lyon"}], segment="4711", key="id")

    assert first.complete
    assert (first.difference.added, again.difference.changes) == (2, 0)
    assert (moved.difference.updated, held(platform)) == (1, EVERYBODY)


def test_mirror_removes_whom_the_snapshot_lacks(host: Host, platform: MemoryPlatform) -> None:
    host.sync("newsletter", ROWS, segment="4711", key="id")

    result = host.sync("newsletter", ROWS[:1], segment="4711", key="id", mirror=True)

    assert (result.difference.removed, held(platform)) == (1, {"1"})


def test_sync_reads_a_file_by_its_path(
    host: Host, platform: MemoryPlatform, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id,city\n1,Delft\n2,Gent\n", encoding="utf-8")

    host.sync("newsletter", path, segment="4711", key="id")

    assert held(platform) == EVERYBODY


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("customers.csv", "id,city\n1,Delft\n2,Gent\n"),
        ("customers.jsonl", '{"id": "1", "city": "Delft"}\n{"id": "2", "city": "Gent"}\n'),
    ],
)
def test_file_is_read_ahead_but_not_what_a_program_brings(
    host: Host, platform: MemoryPlatform, tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    pages: list[object] = []

    def ahead(given: Iterator[object]) -> Generator[object]:
        for page in given:
            pages.append(page)
            yield page

    host.container.read_ahead.override(ahead)

    host.sync("newsletter", ROWS[:1], segment="4711", key="id")
    assert (held(platform), pages) == ({"1"}, [])
    host.sync("newsletter", path, segment="4711", key="id")
    assert (held(platform), len(pages)) == (EVERYBODY, 1)


def test_refused_rows_are_told_and_make_a_sync_incomplete(host: Host) -> None:
    result = host.sync("newsletter", [*ROWS, {"id": ""}], segment="4711", key="id")

    assert (result.refused, [row.line for row in result.refusals]) == (1, [3])
    assert not result.complete


def test_sync_that_leaves_delivering_to_others_only_queues(
    host: Host, platform: MemoryPlatform
) -> None:
    result = host.sync("newsletter", ROWS, segment="4711", key="id", deliver=False)

    assert (result.run, held(platform)) == (None, set())
    assert host.run_once(flush=True).complete


def test_dead_changes_are_told_by_code_and_words(host: Host, platform: MemoryPlatform) -> None:
    platform.sink.fail(1, MalformedRequest("no such city", code="105"))
    host.submit(changes(host, 1))

    result = host.run_once(flush=True)

    assert result.dead == {("105", "no such city"): 1}
    assert not result.complete


def test_what_outlasts_the_patience_stays_queued(
    host: Host, platform: MemoryPlatform, clock: FrozenClock
) -> None:
    for call in range(1, 200):
        platform.sink.fail(call, Unavailable("down", code="503"))
    host.submit(changes(host, 1))
    began = clock.now()

    result = host.run_once(flush=True)

    assert not result.complete
    assert result.statuses[0].condition in {Condition.RETRYING, Condition.BREAKER_OPEN}
    assert result.statuses[0].tally[MessageState.PENDING] == 1
    assert clock.now() > began


def test_running_host_ends_when_it_is_told_to(host: Host) -> None:
    timer = Timer(0.05, host.stop)
    timer.start()

    host.run()

    timer.join()
    assert host.status()[0].condition is Condition.OK


def test_unknown_connection_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    settings = tmp_path / "petiole.toml"
    settings.write_text('[connections.a]\nplugin = "acme"\nidentifier = "customer-id"\n')

    with (
        pytest.raises(InvalidSettings, match="no connection 'b'"),
        Host.open(settings, ["b"]),
    ):
        pass

    assert not (tmp_path / "petiole.db").exists()
