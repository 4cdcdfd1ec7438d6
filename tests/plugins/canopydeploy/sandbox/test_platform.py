import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from petiole.plugins.canopydeploy.sandbox.realtime import MOUNT as SOAP
from tests.plugins.canopydeploy.sandbox.desk import TOKEN, Desk, record


@contextmanager
def busy(desk: Desk) -> Iterator[Future[Answer]]:
    """Keep the only turn of the token taken by a call that runs until the block ends."""
    desk.control("POST", "settings", {"parallel": 1, "queue": 0, "latency_ms": 3_600_000})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(desk.post, record("a"))
        while not desk.platform.state.pace.running(TOKEN):
            threading.Event().wait(0.001)
        try:
            yield call
        finally:
            desk.platform.closing.set()


def test_call_beyond_the_pace_is_answered_429_and_not_processed(desk: Desk) -> None:
    with busy(desk) as first:
        refused = desk.post(record("b"))

    assert refused.status == 429
    assert "Retry-After" not in refused.headers
    assert first.result().status == 200
    assert desk.profiles() == {"4711": {"a": {}}}


def test_pace_is_counted_per_token(desk: Desk) -> None:
    with busy(desk):
        desk.platform.closing.set()
        other = desk.call("GET", "/dataextension", headers={"authorization": "Bearer other"})

    assert other.status == 401


def test_numbers_of_the_pace_are_those_of_the_vendor(desk: Desk) -> None:
    settings = desk.platform.state.settings

    assert (settings.parallel, settings.queue) == (25, 100)


@pytest.mark.parametrize(
    "path", ["/", "/app", "/app/api/rest/public/v2/customers", "/dataextensions", f"{SOAP}x"]
)
def test_address_where_nothing_lives_is_answered_404(desk: Desk, path: str) -> None:
    assert desk.call("GET", path).status == 404


def test_call_under_way_is_in_the_ledger_without_a_status(desk: Desk) -> None:
    with busy(desk):
        calls = desk.ledger()["calls"]

    assert [(call["n"], call["status"]) for call in calls] == [(1, None)]
    assert desk.ledger()["calls"][0]["status"] == 200


def test_call_that_outlives_a_reset_leaves_no_trace_after_it(desk: Desk) -> None:
    with busy(desk) as call:
        desk.platform.reset()

    assert call.result().status == 200
    assert desk.ledger()["calls"] == []
    assert desk.profiles() == {}
