"""Both deliveries against the platform's twin, in all its moods."""

from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from petiole.adapters.canopydeploy.soap.sink import MemberSink, RunSink, open_realtime_sink
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId
from petiole.core.domain.report import ACCEPTED, Deferred, Rejected
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    InvalidSettings,
    MissingSecret,
    Throttled,
    Unavailable,
)
from petiole.core.ports.profile_sink import ProfileSink, VerifyingSink
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE, hashed, message
from tests.adapters.canopydeploy.soap.made import (
    context,
    customer,
    customer_request,
    members,
    runs,
)
from tests.adapters.canopydeploy.twin import control, profiles, spoil

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE


@pytest.fixture
def starting(sandbox: Sandbox) -> Iterator[RunSink]:
    with runs(soap_url=sandbox.soap, timeout="300ms") as sink:
        yield sink


@pytest.fixture
def joining(sandbox: Sandbox) -> Iterator[MemberSink]:
    with members(soap_url=sandbox.soap, timeout="300ms") as sink:
        yield sink


def test_runs_carry_the_profile(sandbox: Sandbox, starting: RunSink) -> None:
    report = starting.deliver([message(1, {"city": "Köln", "tier": 7})])

    assert report.outcomes == {1: ACCEPTED}
    assert profiles(sandbox) == {"11001": {"city": "Köln", "tier": "7"}}


def test_changed_and_removed_profiles_follow(sandbox: Sandbox, starting: RunSink) -> None:
    starting.deliver([message(1, {"city": "Köln", "tier": "1"})])
    starting.deliver([message(2, {"city": "Bonn"})])

    starting.deliver([message(1, {"city": "Ulm"}, kind=UPDATE)])
    starting.deliver([message(2, kind=REMOVE)])

    assert profiles(sandbox) == {"11001": {"city": "Ulm", "tier": "1"}}


def test_profiles_may_be_named_by_the_hash_of_an_address(sandbox: Sandbox) -> None:
    sanne = Identifier.hashed_email(hashed("sanne.devries@example.org"))

    with runs(identifier=IdentifierType.HASHED_EMAIL, soap_url=sandbox.soap) as sink:
        report = sink.deliver([message(1, {"tier": "gold"}, identifier=sanne)])

    assert report.outcomes == {1: ACCEPTED}
    assert profiles(sandbox) == {sanne.value: {"tier": "gold"}}


def test_portal_decides_on_the_namespace(sandbox: Sandbox) -> None:
    with runs(soap_url=sandbox.soap, portal="login") as sink:
        report = sink.deliver([message(1)])

    assert report.outcomes == {1: ACCEPTED}


def test_rejected_profile_is_told_in_the_platforms_words(
    sandbox: Sandbox, starting: RunSink
) -> None:
    spoil(sandbox, fault="reject", identifiers=["11001"], message="Undefined value for tier")

    report = starting.deliver([message(1, {"tier": "x"})])

    assert report.outcomes == {1: Rejected("105", "Undefined value for tier")}
    assert profiles(sandbox) == {}


@pytest.mark.parametrize("status", [200, 500])
def test_fault_is_a_fault_under_any_status(
    sandbox: Sandbox, starting: RunSink, status: int
) -> None:
    control(sandbox, "settings", {"soap": {"fault_status": status}})
    spoil(sandbox, fault="reject", identifiers=["11001"], message="Undefined")

    assert starting.deliver([message(1)]).outcomes == {1: Rejected("105", "Undefined")}


@pytest.mark.parametrize(
    ("fault", "error", "held"),
    [
        ({"fault": "timeout-before"}, Ambiguous, False),
        ({"fault": "timeout-after"}, Ambiguous, True),
        ({"fault": "cut-before"}, Ambiguous, False),
        ({"fault": "cut-after"}, Ambiguous, True),
        ({"fault": "cut-midway"}, Ambiguous, True),
        ({"fault": "html"}, Ambiguous, False),
        ({"fault": "empty"}, Ambiguous, True),
        ({"fault": "broken-json"}, Ambiguous, True),
        ({"fault": "status", "status": 503}, Unavailable, False),
        ({"fault": "status", "status": 504}, Ambiguous, False),
        ({"fault": "status", "status": 429}, Throttled, False),
        ({"fault": "status", "status": 401}, InvalidCredentials, False),
        ({"fault": "status", "status": 404}, EndpointRefused, False),
        ({"fault": "status", "status": 302}, EndpointRefused, False),
    ],
    ids=lambda value: str(value.get("status", value["fault"])) if isinstance(value, dict) else "",
)
def test_trouble_never_passes_for_a_success(
    sandbox: Sandbox,
    starting: RunSink,
    fault: dict[str, object],
    error: type[DeliveryError],
    held: bool,  # noqa: FBT001 - a column of the table
) -> None:
    spoil(sandbox, **fault)

    with pytest.raises(error):
        starting.deliver([message(1)])

    assert bool(profiles(sandbox)) is held


def test_wrong_token_is_told_and_a_changed_one_counts_at_once(
    sandbox: Sandbox, starting: RunSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")
    with pytest.raises(InvalidCredentials, match="202"):
        starting.deliver([message(1)])

    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)

    assert starting.deliver([message(1)]).outcomes == {1: ACCEPTED}


def test_unknown_campaign_is_told_in_the_platforms_words(sandbox: Sandbox) -> None:
    with members(soap_url=sandbox.soap) as sink:
        report = sink.deliver([message(1, identifier=Identifier.customer_id("77777"))])

    (outcome,) = report.outcomes.values()
    assert isinstance(outcome, Rejected)
    assert outcome.code == "213"
    assert "77777" not in outcome.reason


def test_several_messages_go_in_order_and_stop_at_the_first_trouble(
    sandbox: Sandbox, starting: RunSink
) -> None:
    spoil(sandbox, fault="status", status=503, calls=[3])

    report = starting.deliver([message(number) for number in range(1, 6)])

    told = [report.outcomes[MessageId(number)] for number in range(1, 6)]
    assert told[:2] == [ACCEPTED, ACCEPTED]
    assert all(isinstance(outcome, Deferred) for outcome in told[2:])
    assert list(profiles(sandbox)) == ["11001", "11002"]


def test_trouble_with_the_first_is_the_trouble_of_all(sandbox: Sandbox, starting: RunSink) -> None:
    spoil(sandbox, fault="status", status=503, calls=[1])

    with pytest.raises(Unavailable):
        starting.deliver([message(1), message(2)])

    assert profiles(sandbox) == {}


def test_message_that_cannot_be_written_spares_the_others(
    sandbox: Sandbox, starting: RunSink
) -> None:
    report = starting.deliver([message(1, {"city": "\x01"}), message(2)])

    assert isinstance(report.outcomes[message(1).id], Rejected)
    assert report.outcomes[message(2).id] == ACCEPTED
    assert list(profiles(sandbox)) == ["11002"]


def test_customers_join_and_leave(sandbox: Sandbox, joining: MemberSink) -> None:
    sanne = Identifier.customer_id(customer(sandbox))
    steps = [(ADD, True), (ADD, True), (UPDATE, True), (REMOVE, False), (REMOVE, False)]

    for kind, member in steps:
        report = joining.deliver([message(1, kind=kind, identifier=sanne)])

        assert report.outcomes == {1: ACCEPTED}
        there = joining.verify([message(1, kind=ADD, identifier=sanne)]).outcomes
        assert there == ({1: ACCEPTED} if member else {})


def test_deleted_customer_has_left_every_campaign(sandbox: Sandbox, joining: MemberSink) -> None:
    deleted = Identifier.customer_id(customer(sandbox))
    joining.deliver([message(1, identifier=deleted)])
    with urlopen(customer_request(sandbox, "DELETE", id_=deleted.value)):
        pass

    report = joining.deliver([message(2, kind=REMOVE, identifier=deleted)])

    assert report.outcomes == {2: ACCEPTED}


@pytest.mark.parametrize(
    ("fault", "applied"),
    [("timeout-after", True), ("cut-after", True), ("empty", True), ("timeout-before", False)],
)
@pytest.mark.parametrize("kind", [ADD, REMOVE])
def test_doubt_ends_by_reading_back(
    sandbox: Sandbox,
    joining: MemberSink,
    fault: str,
    applied: bool,  # noqa: FBT001 - a column of the table
    kind: ChangeKind,
) -> None:
    sanne = Identifier.customer_id(customer(sandbox))
    if kind is REMOVE:
        joining.deliver([message(1, identifier=sanne)])
    spoil(sandbox, fault=fault)
    doubtful = message(2, kind=kind, identifier=sanne)

    with pytest.raises(Ambiguous):
        joining.deliver([doubtful])

    assert joining.verify([doubtful]).outcomes == ({2: ACCEPTED} if applied else {})


def test_reading_back_leaves_out_whom_the_platform_does_not_know(joining: MemberSink) -> None:
    assert joining.verify([message(1)]).outcomes == {}


def test_reading_back_changes_nothing(sandbox: Sandbox, joining: MemberSink) -> None:
    sanne = Identifier.customer_id(customer(sandbox))

    for kind in (ADD, REMOVE):
        joining.verify([message(1, kind=kind, identifier=sanne)])

    assert joining.verify([message(1, identifier=sanne)]).outcomes == {}


def test_only_memberships_can_be_read_back(starting: RunSink, joining: MemberSink) -> None:
    assert isinstance(starting, ProfileSink)
    assert not isinstance(starting, VerifyingSink)
    assert isinstance(joining, VerifyingSink)


def test_memberships_need_customer_ids() -> None:
    made = context({"delivery": "membership"}, IdentifierType.HASHED_EMAIL)

    with pytest.raises(InvalidSettings, match="customer-id"), open_realtime_sink(made):
        pass


def test_missing_secret_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)

    with pytest.raises(MissingSecret), runs():
        pass
