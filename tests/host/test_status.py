"""How a connection is told to be, and what its changes wait for."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.breaker import HEALTHY, ConnectionState, Hold, PauseReason
from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import Tally
from petiole.core.errors import Unavailable
from petiole.host import Condition, ConnectionStatus, Host, Settings
from petiole.host.cli.explaining import explained, nothing_yet, queued
from petiole.host.status import left_behind
from petiole.testing.changes import MOMENT, change, scope
from petiole.testing.platform import MemoryPlatform

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
FAILING = ConnectionState(failures=2, failing_since=MOMENT - MINUTE, reason="503: down")
PAUSED = ConnectionState(paused=PauseReason.OPERATOR, paused_by="anna", paused_at=MOMENT)


def held(hold: Hold, until: datetime, reason: str = "503: down") -> ConnectionState:
    return ConnectionState(failures=5, open_until=until, hold=hold, reason=reason)


def told(
    state: ConnectionState = HEALTHY,
    backlog: Backlog | None = None,
    *,
    enqueued: int | None = None,
    **states: int,
) -> ConnectionStatus:
    tally = {MessageState(name): number for name, number in states.items()}
    total = sum(states.values()) if enqueued is None else enqueued
    return ConnectionStatus(
        name=ConnectionName("newsletter"),
        now=MOMENT,
        state=state,
        tally=Tally(enqueued=total, states=tally),
        backlog=backlog or Backlog(),
        batching=BatchPolicy(),
    )


IN_BACKOFF = Backlog(next_due_at=MOMENT + 40 * SECOND, oldest_waiting_at=MOMENT - 30 * MINUTE)
FILLING = Backlog(claimable=37, oldest_enqueued_at=MOMENT - 3 * MINUTE)


@pytest.mark.parametrize(
    ("state", "backlog", "words"),
    [
        (HEALTHY, FILLING, "the oldest since 3m; next batch: 37 of 100, or in 17m"),
        (FAILING, IN_BACKOFF, "the oldest since 30m; next try in 40s"),
        (
            held(Hold.BREAKER, MOMENT + 2 * MINUTE),
            IN_BACKOFF,
            "the oldest since 30m; next try in 2m",
        ),
        (
            held(Hold.PACE, MOMENT + 18 * MINUTE),
            FILLING,
            "the oldest since 3m; next batch: 37 of 100, or in 18m",
        ),
        (PAUSED, FILLING, "the oldest since 3m; nothing is sent while it is paused"),
        (PAUSED, IN_BACKOFF, "the oldest since 30m; nothing is sent while it is paused"),
        (HEALTHY, Backlog(in_flight=1), "they follow what is in flight"),
        (HEALTHY, Backlog(abandoned=1), "next try due now"),
    ],
    ids=["filling", "retrying", "breaker", "pacing", "paused", "both", "in flight", "abandoned"],
)
def test_age_and_next_try_are_told_in_every_state(
    state: ConnectionState, backlog: Backlog, words: str
) -> None:
    sentence = queued(told(state, backlog, pending=37))

    assert sentence.startswith("37 wait")
    assert sentence.endswith(words)


def test_young_change_in_backoff_goes_when_its_age_makes_a_batch_due() -> None:
    young = Backlog(next_due_at=MOMENT + 40 * SECOND, oldest_waiting_at=MOMENT - 3 * MINUTE)

    assert told(FAILING, young, pending=5).next_try == MOMENT + 17 * MINUTE
    assert told(FAILING, young, pending=100).next_try == MOMENT + 40 * SECOND


def test_clock_that_was_set_back_lets_a_batch_go_now_as_the_relay_does() -> None:
    ahead = Backlog(claimable=2, oldest_enqueued_at=MOMENT + 60 * MINUTE)

    status = told(HEALTHY, ahead, pending=2)

    assert status.next_flush == MOMENT
    assert queued(status).endswith("next batch: 2 of 100, due now")


def test_nothing_is_flushed_while_paused() -> None:
    status = told(PAUSED, FILLING, pending=37)

    assert (status.next_flush, status.next_try) == (None, None)


@pytest.mark.parametrize(
    "state", [FAILING, held(Hold.BREAKER, MOMENT - SECOND), held(Hold.TRIAL, MOMENT, "")]
)
def test_connection_with_nothing_to_send_is_ok(state: ConnectionState) -> None:
    idle, busy = told(state, delivered=3), told(state, pending=1)

    assert idle.condition is Condition.OK
    assert busy.condition in {Condition.RETRYING, Condition.PROBING}


@pytest.mark.parametrize(
    ("state", "condition"),
    [
        (PAUSED, Condition.PAUSED),
        (held(Hold.PACE, MOMENT + MINUTE), Condition.PACING),
        (held(Hold.BREAKER, MOMENT + MINUTE), Condition.BREAKER_OPEN),
    ],
)
def test_hold_and_pause_are_told_even_if_nothing_waits(
    state: ConnectionState, condition: Condition
) -> None:
    assert told(state).condition is condition


def test_last_trouble_is_told_while_nothing_waits() -> None:
    assert list(explained(told(FAILING))) == ["nothing waits; last trouble: 503: down"]
    assert list(explained(told())) == []


def test_reason_that_is_unknown_leaves_no_loose_end() -> None:
    probing = told(held(Hold.TRIAL, MOMENT, ""), FILLING, pending=1)

    assert list(explained(probing)) == ["one batch may try"]


def test_change_behind_others_is_explained_once() -> None:
    behind = told(pending=2)

    assert queued(behind) == ""
    assert next(explained(behind)).startswith("2 changes behind earlier ones")


@pytest.mark.parametrize(
    ("status", "attention"),
    [
        (told(delivered=3), False),
        (told(FAILING, IN_BACKOFF, pending=3), False),
        (told(held(Hold.PACE, MOMENT + MINUTE), pending=3), False),
        (told(held(Hold.BREAKER, MOMENT + MINUTE), pending=3), True),
        (told(PAUSED), True),
        (told(dead=1), True),
        (told(parked=1), True),
        (told(enqueued=4, delivered=3), True),
    ],
    ids=["ok", "retrying", "pacing", "breaker", "paused", "dead", "parked", "unbalanced"],
)
def test_attention_is_asked_for_what_needs_a_person(
    status: ConnectionStatus, *, attention: bool
) -> None:
    assert status.needs_attention is attention


def test_age_of_what_failed_is_told(
    host: Host, platform: MemoryPlatform, clock: FrozenClock
) -> None:
    began = clock.now()
    platform.sink.fail(1, Unavailable("down", code="503"))
    host.submit([host.change("newsletter", ChangeKind.ADD, "1", segment="4711")])

    host.deliver(flush=True, patience=timedelta())
    (status,) = host.status()

    assert status.oldest_enqueued_at == began
    assert status.next_try is not None
    assert status.next_try > status.now


def test_messages_of_a_connection_that_left_the_settings_are_not_forgotten(host: Host) -> None:
    outbox = host.container.outbox()
    outbox.enqueue([change(number, within=scope("news")) for number in (1, 2)], folding=True)
    outbox.enqueue([change(3)], folding=True)
    settings = host.container.settings()

    left = left_behind(settings, host.container)

    assert {name: tally[MessageState.PENDING] for name, tally in left.items()} == {"news": 2}


def test_connection_that_left_nothing_open_is_not_told(host: Host) -> None:
    assert left_behind(host.container.settings(), host.container) == {}


@pytest.mark.parametrize(("content", "words"), [(None, "nothing was queued yet"), (b"", "")])
def test_missing_file_is_told_from_an_empty_one(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    settings = Settings.model_validate({"directory": tmp_path, "connections": {}})
    if content is not None:
        settings.outbox_path.write_bytes(content)

    assert nothing_yet(settings).startswith(words)
    assert bool(nothing_yet(settings)) is bool(words)
