"""What every receiver of engagements promises."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from petiole.core.domain.engagement import EngagementKind
from petiole.core.ports.engagement_receiver import (
    EngagementReceiver,
    InboundAnswer,
    InboundRoute,
    Received,
)
from petiole.testing.contracts.override import missing
from petiole.testing.promises import keeps
from petiole.testing.stands import ReceiverStand

MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
MARK = "marked-8c1f"
PEOPLE = 40
YES, NO = range(200, 300), range(400, 500)


def told(received: Received) -> list[tuple[str, EngagementKind, datetime]]:
    """Who did what and when."""
    return [(each.identifier.value, each.kind, each.occurred_at) for each in received.engagements]


def answers_in_json(answer: InboundAnswer) -> bool:
    """Tell whether a body is JSON, or empty."""
    if answer.body:
        json.loads(answer.body)
    return True


def fits(route: InboundRoute, method: str, path: str) -> bool:
    """Tell whether a call comes by a route; what is in braces may be anything without a slash."""
    pattern = "[^/]+".join(map(re.escape, re.split(r"\{[^{}]*\}", route.path)))
    return route.method == method and re.fullmatch(pattern, path) is not None


class EngagementReceiverContract:
    """`ports.engagement_receiver`: override `stand`."""

    @pytest.fixture
    def stand(self, request: pytest.FixtureRequest) -> ReceiverStand:
        missing(request, "stand")

    @keeps(EngagementReceiver, "Reads what a platform pushes to one connection")
    @keeps(EngagementReceiver.receive, "Read a call that was admitted")
    @pytest.mark.parametrize("kind", EngagementKind)
    def test_what_is_pushed_is_read(self, stand: ReceiverStand, kind: EngagementKind) -> None:
        received = stand.receiver.receive(stand.call(1, kind, MOMENT))

        assert told(received) == [(stand.identifier(1).value, kind, MOMENT)]
        assert not received.refused
        assert received.answer.status in YES
        assert answers_in_json(received.answer)

    @keeps(EngagementReceiver, "Called from several threads at once")
    def test_threads_do_not_mix_their_calls_up(self, stand: ReceiverStand) -> None:
        receiver = stand.receiver
        calls = [stand.call(each, EngagementKind.OPEN, MOMENT) for each in range(1, PEOPLE + 1)]

        with ThreadPoolExecutor(8) as pool:
            found = [told(received) for received in pool.map(receiver.receive, calls)]

        assert found == [
            [(stand.identifier(each).value, EngagementKind.OPEN, MOMENT)]
            for each in range(1, PEOPLE + 1)
        ]

    @keeps(EngagementReceiver.routes, "Name the calls that it takes", "hands it no others")
    def test_what_is_pushed_comes_by_one_of_its_routes(self, stand: ReceiverStand) -> None:
        call = stand.call(1, EngagementKind.OPEN, MOMENT)

        assert any(fits(route, call.method, call.path) for route in stand.receiver.routes())

    @keeps(EngagementReceiver.admits, "`None` lets in")
    def test_platform_is_let_in(self, stand: ReceiverStand) -> None:
        call = stand.call(1, EngagementKind.OPEN, MOMENT)

        assert stand.receiver.admits(call.headers) is None

    @keeps(EngagementReceiver.admits, "an answer turns away")
    def test_stranger_is_turned_away(self, stand: ReceiverStand) -> None:
        answers = [stand.receiver.admits(headers) for headers in stand.strangers()]

        assert answers
        assert all(answer and answer.status in NO and answers_in_json(answer) for answer in answers)

    @keeps(EngagementReceiver.receive, "What cannot be read becomes refused", "never raises")
    def test_what_cannot_be_read_is_refused(self, stand: ReceiverStand) -> None:
        received = [stand.receiver.receive(call) for call in stand.malformed(MARK)]

        assert received
        assert [each.engagements for each in received if each.engagements] == []
        assert all(each.refused for each in received)
        assert all(each.answer.status in NO and answers_in_json(each.answer) for each in received)

    @keeps(EngagementReceiver.receive, "with a reason that repeats nothing of it")
    def test_reason_repeats_nothing(self, stand: ReceiverStand) -> None:
        received = [stand.receiver.receive(call) for call in stand.malformed(MARK)]

        reasons = [refused.reason for each in received for refused in each.refused]
        answers = [each.answer.body.decode() for each in received]
        assert all(reasons)
        assert [text for text in (*reasons, *answers) if MARK in text] == []

    @keeps(EngagementReceiver.receive, "stores nothing itself")
    def test_same_call_is_read_the_same_again(self, stand: ReceiverStand) -> None:
        call = stand.call(1, EngagementKind.CLICK, MOMENT)

        assert stand.receiver.receive(call) == stand.receiver.receive(call)
