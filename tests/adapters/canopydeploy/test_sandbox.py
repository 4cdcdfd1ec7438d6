"""The sink against the platform's twin, in all its moods."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from petiole.adapters.canopydeploy.rest import WebhookSink
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Unavailable,
)
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import (
    TOKEN_VARIABLE,
    message,
    messages,
    settings,
    sink,
)
from tests.adapters.canopydeploy.twin import control, profiles, spoil


@pytest.fixture
def webhook(sandbox: Sandbox) -> Iterator[WebhookSink]:
    with sink(endpoint=sandbox.rest, timeout="300ms") as opened:
        yield opened


def test_profiles_arrive_as_they_were_sent(sandbox: Sandbox, webhook: WebhookSink) -> None:
    report = webhook.deliver(messages(100))

    assert report.outcomes == dict.fromkeys(range(1, 101), ACCEPTED)
    assert profiles(sandbox) == {
        str(11_000 + number): {"city": "Köln", "tier": number} for number in range(1, 101)
    }


def test_changed_and_removed_profiles_follow(sandbox: Sandbox, webhook: WebhookSink) -> None:
    webhook.deliver(messages(2))

    webhook.deliver(
        [message(1, {"city": "Bonn"}, kind=ChangeKind.UPDATE), message(2, kind=ChangeKind.REMOVE)]
    )

    assert profiles(sandbox) == {"11001": {"city": "Bonn", "tier": 1}}


@pytest.mark.parametrize(
    ("auth", "username"), [("bearer", None), ("query", None), ("basic", "shop")]
)
def test_token_is_taken_in_every_form(sandbox: Sandbox, auth: str, username: str | None) -> None:
    with sink(endpoint=sandbox.rest, auth=auth, username=username) as webhook:
        report = webhook.deliver(messages(1))

    assert report.outcomes == {1: ACCEPTED}


def test_webhook_without_a_mapping_echoes_and_that_is_enough(sandbox: Sandbox) -> None:
    control(sandbox, "endpoints", {"name": "fresh", "mapping": None})

    with sink(endpoint=sandbox.rest.replace("demo", "fresh")) as webhook:
        report = webhook.deliver(messages(3))

    assert report.outcomes == {1: ACCEPTED, 2: ACCEPTED, 3: ACCEPTED}


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"fault": "timeout-before"}, Ambiguous),
        ({"fault": "timeout-after"}, Ambiguous),
        ({"fault": "cut-before"}, Ambiguous),
        ({"fault": "cut-after"}, Ambiguous),
        ({"fault": "cut-midway"}, Ambiguous),
        ({"fault": "html"}, Ambiguous),
        ({"fault": "broken-json"}, Ambiguous),
        ({"fault": "empty"}, Ambiguous),
        ({"fault": "status", "status": 500}, Unavailable),
        ({"fault": "status", "status": 502}, Ambiguous),
        ({"fault": "status", "status": 503}, Unavailable),
        ({"fault": "status", "status": 503, "headers": {"Retry-After": "2"}}, Throttled),
        ({"fault": "status", "status": 504}, Ambiguous),
        ({"fault": "status", "status": 429}, Throttled),
        ({"fault": "status", "status": 408}, Ambiguous),
        ({"fault": "status", "status": 401}, InvalidCredentials),
        ({"fault": "status", "status": 403}, InvalidCredentials),
        ({"fault": "status", "status": 404}, EndpointRefused),
        ({"fault": "status", "status": 302, "headers": {"Location": "/login"}}, InvalidCredentials),
        ({"fault": "html", "status": 503}, Unavailable),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_every_fault_is_known_and_the_next_call_is_fine(
    sandbox: Sandbox, webhook: WebhookSink, rule: dict[str, object], kind: type[DeliveryError]
) -> None:
    spoil(sandbox, **rule)

    with pytest.raises(DeliveryError) as caught:
        webhook.deliver(messages(3))
    report = webhook.deliver(messages(3))

    assert type(caught.value) is kind
    assert set(report.outcomes.values()) == {ACCEPTED}


def test_trickle_ends_with_the_calls_time(sandbox: Sandbox, webhook: WebhookSink) -> None:
    control(sandbox, "settings", {"trickle_ms": 20})
    spoil(sandbox, fault="trickle")

    with pytest.raises(Ambiguous) as caught:
        webhook.deliver(messages(3))

    assert caught.value.code == "Timeout"


def test_rejected_records_are_told_by_name(sandbox: Sandbox, webhook: WebhookSink) -> None:
    spoil(sandbox, fault="reject", identifiers=["11002", "11005"], code=105, message="Undefined")

    report = webhook.deliver(messages(5))

    assert report.outcomes == {
        1: ACCEPTED,
        2: Rejected("105", "Undefined"),
        3: ACCEPTED,
        4: ACCEPTED,
        5: Rejected("105", "Undefined"),
    }
    assert set(profiles(sandbox)) == {"11001", "11003", "11004"}


def test_refused_call_carries_the_platforms_words(sandbox: Sandbox, webhook: WebhookSink) -> None:
    spoil(sandbox, fault="refuse", identifiers=["11002"], message="invalid record")

    with pytest.raises(MalformedRequest) as caught:
        webhook.deliver(messages(3))

    assert (caught.value.code, caught.value.reason) == ("400", "invalid record")
    assert profiles(sandbox) == {}


def test_wrong_token_is_told(
    sandbox: Sandbox, webhook: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")

    with pytest.raises(InvalidCredentials):
        webhook.deliver(messages(1))

    assert profiles(sandbox) == {}


def test_unknown_webhook_is_told(sandbox: Sandbox) -> None:
    with sink(endpoint=f"{sandbox.rest}x") as webhook, pytest.raises(EndpointRefused) as caught:
        webhook.deliver(messages(1))

    assert caught.value.code == "404"


def test_call_over_the_platforms_limit_is_malformed(sandbox: Sandbox) -> None:
    control(sandbox, "settings", {"size_limit_bytes": 1000})

    with sink(endpoint=sandbox.rest) as webhook, pytest.raises(MalformedRequest) as caught:
        webhook.deliver(messages(100))

    assert caught.value.code == "413"


def test_used_up_day_waits_for_midnight_in_amsterdam(sandbox: Sandbox) -> None:
    control(sandbox, "settings", {"daily_quota": 2})
    evening = datetime(2026, 3, 2, 20, tzinfo=UTC)

    with sink(endpoint=sandbox.rest, daily_calls=2, now=evening) as webhook:
        webhook.deliver(messages(1))
        webhook.deliver(messages(1))
        with pytest.raises(Throttled) as caught:
            webhook.deliver(messages(2))

    assert caught.value.retry_after == timedelta(hours=3)
    assert set(profiles(sandbox)) == {"11001"}


def test_other_names_for_the_keys_are_understood(sandbox: Sandbox) -> None:
    control(sandbox, "settings", {"envelope": {"identifier": "id", "status": "state"}})
    control(sandbox, "endpoints", {"name": "demo", "mapping": {"key": "id"}})
    keys = {"identifier": "id", "status": "state"}

    with sink(endpoint=sandbox.rest, keys=keys) as webhook:
        report = webhook.deliver([message(1, {"status": "gold"})])

    assert report.outcomes == {1: ACCEPTED}
    assert profiles(sandbox) == {"11001": {"status": "gold"}}
    assert settings(keys=keys).keys.identifier == "id"
