"""Calls of the store app: what is taken in, what is refused, and what is answered."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from petiole.adapters.canopydeploy.engagements.basic import FRESH_SECONDS, Caller, Doorkeeper
from petiole.adapters.canopydeploy.engagements.receiver import (
    MOST_BYTES,
    MOST_INTERACTIONS,
    MOST_KEPT,
    open_receiver,
)
from petiole.core.domain.engagement import Engagement, EngagementKind, Origin
from petiole.core.domain.identity import Identifier
from petiole.core.errors import InvalidSettings, MissingSecret
from petiole.core.ports.engagement_receiver import InboundAnswer, InboundCall, Received
from petiole.hooks import Secret
from tests.adapters.canopydeploy.engagements.made import (
    CUSTOMER,
    HASHED,
    MOMENT,
    NOW,
    PASSWORD,
    PASSWORD_VARIABLE,
    SANNE,
    USERNAME,
    basic,
    call,
    context,
    interaction,
    receiver,
    variables,
)


def received(one: InboundCall, **changes: object) -> Received:
    with receiver(HASHED, **changes) as opened:
        return opened.receive(one)


def admitted(headers: dict[str, str]) -> InboundAnswer | None:
    with receiver() as opened:
        return opened.admits(headers)


def reasons(told: Received) -> list[str]:
    return [each.reason for each in told.refused]


def test_click_becomes_an_engagement() -> None:
    told = received(call(interaction()))

    assert told.engagements == [
        Engagement(
            connection=told.engagements[0].connection,
            origin=Origin("push"),
            identifier=Identifier.hashed_email(SANNE),
            kind=EngagementKind.CLICK,
            occurred_at=MOMENT,
            event="5b0d7a52-6f0e-4c55-8a34-1f8f5b1f7a10",
            campaign_id="4711",
            brand_id="20",
            mailing_type="CAMPAIGN",
            content_name="Spring rebooking mail",
            link_href="https://www.example.org/lisbon",
            link_description="Hero button",
        )
    ]
    assert (told.answer.status, told.answer.body) == (200, b"{}")


def test_only_clicks_have_a_link() -> None:
    (told,) = received(call(interaction(type="Email Open"))).engagements

    assert (told.kind, told.link_href, told.link_description) == (EngagementKind.OPEN, "", "")


def test_ids_may_be_numbers() -> None:
    (told,) = received(
        call(interaction(variables=variables(campaignId=4711, brandId=20), siteNumber="1404"))
    ).engagements

    assert (told.campaign_id, told.brand_id) == ("4711", "20")


@pytest.mark.parametrize("missing", [None, ...])
def test_what_is_not_known_is_empty(missing: object) -> None:
    told = interaction(variables=missing, eventId=missing, siteNumber=missing)

    (found,) = received(call(told)).engagements

    assert (found.event, found.campaign_id, found.content_name) == ("", "", "")


@pytest.mark.parametrize(
    ("timestamp", "moment"),
    [
        (1772439641000, MOMENT),
        (1772439641123, MOMENT + timedelta(milliseconds=123)),
        ("1772439641000", MOMENT),
        (1772439641, MOMENT),
        (99_999_999_999, None),
        (100_000_000_000, None),
        (946_684_800_000, datetime(2000, 1, 1, tzinfo=UTC)),
        (946_684_799_999, None),
    ],
)
def test_milliseconds_are_told_from_seconds(timestamp: object, moment: datetime | None) -> None:
    found = [
        each.occurred_at for each in received(call(interaction(timestamp=timestamp))).engagements
    ]

    assert found == ([moment] if moment else [])


def test_clock_of_the_platform_may_be_a_day_ahead() -> None:
    ahead = int((NOW + timedelta(days=1)).timestamp() * 1000)

    assert received(call(interaction(timestamp=ahead))).engagements
    assert reasons(received(call(interaction(timestamp=ahead + 1)))) == [
        "`timestamp` lies in the future"
    ]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (None, "no object"),
        ([], "no object"),
        ("Email Click", "no object"),
        (interaction(interactionType="fact"), "`interactionType`"),
        (interaction(interactionType=...), "`interactionType`"),
        (interaction(type="Email Print"), "`type`"),
        (interaction(type=...), "`type`"),
        (interaction(type=["Email Click"]), "`type`"),
        (interaction(timestamp=...), "`timestamp` is no whole number"),
        (interaction(timestamp="2026-03-02T08:20:41Z"), "`timestamp` is no whole number"),
        (interaction(timestamp=True), "`timestamp` is no whole number"),
        (interaction(timestamp=1.5), "`timestamp` is no whole number"),
        (interaction(timestamp=-1), "`timestamp` is no whole number"),
        (interaction(timestamp=10**30), "`timestamp` lies in the future"),
        (interaction(siteNumber=1405), "`siteNumber`"),
        (interaction(siteNumber="a"), "`siteNumber`"),
        (interaction(variables=["campaignId", "4711"]), "`variables`"),
        (interaction(variables=variables(campaignId="spring")), "`campaignId`"),
        (interaction(variables=variables(campaignId=1.0)), "`campaignId`"),
        (interaction(variables=variables(brandId=True)), "`brandId`"),
        (interaction(variables=variables(brandId=10**18)), "`brandId`"),
        (interaction(variables=variables(contentName=7)), "`contentName` is no text"),
        (interaction(variables=variables(contentName="x" * 1001)), "`contentName` has more"),
        (interaction(variables=variables(linkHref="x" * 8001)), "`linkHref` has more"),
        (interaction(variables=variables(contentName="\0")), "`contentName` holds a NUL"),
        (interaction(variables=variables(contentName="\ud800")), "holds half a character"),
        (interaction(eventId=7), "`eventId` is no text"),
        (interaction(eventId="x" * 101), "`eventId` has more"),
    ],
)
def test_what_is_not_to_specification_is_refused_and_kept(spoilt: object, reason: str) -> None:
    told = received(call(spoilt))

    (refused,) = told.refused
    assert reason in refused.reason
    assert refused.content == json.dumps(spoilt)[:MOST_KEPT]
    assert refused.received_at == NOW
    assert told.answer.status == 400
    assert json.loads(told.answer.body) == {"errorCode": 400, "message": refused.reason}


def test_malformed_interaction_costs_its_neighbours_nothing() -> None:
    told = received(call(interaction(eventId="a"), interaction(type="?"), interaction(eventId="b")))

    assert [each.event for each in told.engagements] == ["a", "b"]
    assert len(told.refused) == 1
    assert told.answer.status == 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b'{"interactions": [', "no JSON"),
        (b'{"interactions": [' + b"1" * 5000 + b"]}", "no JSON"),
        (b"[]", "no object with a list"),
        (b"null", "no object with a list"),
        (b'{"interactions": {}}', "no object with a list"),
        (b'{"interactions": []}', "there are no"),
        (b" " * (MOST_BYTES + 1), "larger than"),
    ],
)
def test_body_that_is_none_is_refused_as_a_whole(body: bytes, reason: str) -> None:
    told = received(call(body=body))

    (refused,) = told.refused
    assert reason in refused.reason
    assert len(refused.content) <= MOST_KEPT
    assert told.answer.status == 400


def test_number_of_interactions_is_limited() -> None:
    assert received(call(*[interaction()] * MOST_INTERACTIONS)).answer.status == 200
    assert "more than" in reasons(received(call(*[0] * (MOST_INTERACTIONS + 1))))[0]


def test_depth_is_found_without_going_there() -> None:
    # A stack that would not hold a parser's way down.
    before = threading.stack_size(256 * 1024)
    found: list[Received] = []
    body = b'{"interactions":' + b'[{"a":' * 100_000

    try:
        thread = threading.Thread(target=lambda: found.append(received(call(body=body))))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)

    assert "levels deep" in reasons(found[0])[0]


def test_brackets_in_texts_are_no_depth() -> None:
    told = interaction(variables=variables(contentName='[{"\\' * 100))

    assert received(call(told)).engagements


def test_what_is_kept_is_cut_and_can_be_stored() -> None:
    (refused,) = received(call(body=b"\0\xff" + b"x" * 10_000)).refused

    assert len(refused.content) == MOST_KEPT
    assert "\0" not in refused.content.encode().decode()


@pytest.mark.parametrize(
    "partner_id", ["", "no-hash", "sanne.devries@example.org", SANNE[:-1], "0" * 64]
)
def test_identifier_that_is_none_is_refused(partner_id: str) -> None:
    told = received(call(interaction(), partner_id=partner_id))

    assert told.engagements == ()
    assert reasons(told)[0].startswith("`partnerId`: ")
    assert partner_id not in reasons(told)[0] or not partner_id


def test_hash_may_be_in_capitals() -> None:
    (told,) = received(call(interaction(), partner_id=SANNE.upper())).engagements

    assert told.identifier == Identifier.hashed_email(SANNE)


@pytest.mark.parametrize(
    ("partner_id", "value"), [("11000", "11000"), ("A-7", "A-7"), (SANNE.upper(), SANNE)]
)
def test_customer_id_may_be_plain_or_a_hash(partner_id: str, value: str) -> None:
    with receiver(CUSTOMER) as opened:
        told = opened.receive(call(interaction(), partner=1010, partner_id=partner_id))

    assert told.engagements[0].identifier == Identifier.customer_id(value)


def test_partner_that_does_not_fit_the_identifiers_is_refused_and_kept() -> None:
    told = received(call(interaction(), partner=1010))

    assert told.engagements == ()
    assert "partner number" in reasons(told)[0]
    assert told.refused[0].content == call(interaction()).body.decode()
    assert told.answer.status == 400


def test_partner_number_can_be_set() -> None:
    assert received(call(interaction(), partner=2012), partner_number=2012).engagements
    assert not received(call(interaction()), partner_number=2012).engagements


def test_names_of_the_kinds_can_be_set() -> None:
    types = {"click": "Link Followed"}

    (told,) = received(call(interaction(type="Link Followed")), types=types).engagements

    assert told.kind is EngagementKind.CLICK


def test_another_site_is_not_known() -> None:
    told = received(call(interaction(), site=1405))

    assert (told.answer.status, told.engagements, told.refused) == (401, (), ())


def test_routes_name_the_site_and_the_own_partner_number_first() -> None:
    with receiver() as opened:
        routes = opened.routes()

    assert [(route.method, route.path) for route in routes] == [
        ("POST", "/v1/site-1404/profiles/1012/interactions"),
        ("POST", "/v1/site-1404/profiles/{partner}/interactions"),
    ]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "Basic"}, 401),
        ({"authorization": "Basic %%%"}, 401),
        ({"authorization": "Basic ééé"}, 401),
        ({"authorization": basic()["authorization"].replace("Basic", "Bearer")}, 401),
        ({"authorization": basic()["authorization"] + "A" * 100_000}, 401),
        (basic(username="somebody"), 401),
        (basic(username=""), 401),
        (basic(password="guess"), 403),
        (basic(password=""), 403),
        (basic(password=f"{PASSWORD} "), 403),
    ],
)
def test_wrong_credentials_are_turned_away(headers: dict[str, str], status: int) -> None:
    answer = admitted(headers)

    assert answer is not None
    assert answer.status == status
    assert json.loads(answer.body)["errorCode"] == status
    asks = (answer.headers or {}).get("WWW-Authenticate")
    assert asks == ('Basic realm="petiole"' if status == 401 else None)


def test_right_credentials_are_let_in() -> None:
    assert admitted(basic()) is None
    assert admitted({"authorization": basic()["authorization"].replace("Basic", "basic")}) is None


def test_password_that_is_gone_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as opened:
        monkeypatch.delenv(PASSWORD_VARIABLE)

        answer = opened.admits(basic())

    assert answer is not None
    assert answer.status == 503


def test_password_is_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    uptime = [0.0]
    secret = Secret("env", PASSWORD_VARIABLE)
    keeper = Doorkeeper(USERNAME, secret, uptime=lambda: uptime[0])
    old, new = basic()["authorization"], basic(password="another")["authorization"]
    assert keeper.recognise(old) is Caller.KNOWN

    monkeypatch.setenv(PASSWORD_VARIABLE, "another")
    before = keeper.recognise(old), keeper.recognise(new)
    uptime[0] = FRESH_SECONDS
    after = keeper.recognise(old), keeper.recognise(new)

    assert before == (Caller.KNOWN, Caller.IMPOSTOR)
    assert after == (Caller.IMPOSTOR, Caller.KNOWN)


def test_receiver_needs_to_know_what_the_app_was_told() -> None:
    with pytest.raises(InvalidSettings, match="`push`"), open_receiver(context(HASHED)):
        pass


def test_receiver_needs_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE)

    with pytest.raises(MissingSecret), receiver():
        pass
