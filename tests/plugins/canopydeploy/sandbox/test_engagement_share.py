from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from petiole.plugins.canopydeploy.sandbox.happening import Happening, Kind, happenings
from tests.plugins.canopydeploy.sandbox.desk import Desk, Json, read, record

START = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)

SHARE = {
    "receive": 0.96,
    "open": 0.4,
    "click": 0.1,
    "bounce": 0.02,
    "soft-bounce": 0.01,
    "complaint": 0.005,
}


def engage(desk: Desk, **content: object) -> Json:
    mail = {"segment": "4711", "campaign": 4711, "content": "Spring mail"}
    return desk.control("POST", "engage", {**mail, **content})


def refused(desk: Desk, **content: object) -> str:
    mail = {"segment": "4711", "campaign": 4711, "content": "Spring mail"}
    answer = desk.ask_control("POST", "engage", {**mail, **content})
    assert answer.status == 400, answer.body
    message: str = read(answer)["error"]["message"]
    return message


def told(desk: Desk) -> list[Happening]:
    return list(happenings(desk.platform.state.crm)[0])


def likenesses(told: list[Happening]) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            each.customer_id,
            each.kind,
            each.mailing.content_name,
            each.link and each.link.url,
            int(each.at.timestamp()),
        )
        for each in told
    )


@pytest.fixture
def full(desk: Desk) -> Desk:
    desk.post(*(record(f"{number}") for number in range(200)))
    return desk


def test_shares_are_counted_exactly(full: Desk) -> None:
    engage(full, share=SHARE, links=[{"url": "https://www.example.org/a", "description": "A"}])

    kinds = Counter(each.kind for each in told(full))
    assert kinds == {"receive": 192, "open": 80, "click": 20, "bounce": 6, "complaint": 1}


def test_a_share_of_nobody_receives_nothing_and_bounces_nothing(full: Desk) -> None:
    answer = engage(full, share={"receive": 0.5})

    assert (answer["received"], answer["bounces"], len(answer["customers"])) == (100, 0, 100)


def test_equal_seeds_tell_equal_stories(full: Desk) -> None:
    other = Desk()
    other.post(*(record(f"{number}") for number in range(200)))
    asked = {"share": SHARE, "seed": 7, "start": START.isoformat(), "span_seconds": 3600}

    engage(full, **asked)
    engage(other, **asked)

    assert likenesses(told(full)) == likenesses(told(other))


def test_other_seeds_tell_other_stories(full: Desk) -> None:
    engage(full, share=SHARE, seed=1, content="One")
    engage(full, share=SHARE, seed=2, content="Two")

    opened = [
        {each.customer_id for each in told(full) if each.kind is Kind.OPEN and each.mailing.id == n}
        for n in (9001, 9002)
    ]
    assert opened[0] != opened[1]


def test_times_lie_in_the_span_and_in_the_order_of_acts(full: Desk) -> None:
    engage(full, share=SHARE, start="2026-03-02T09:20:41+01:00", span_seconds=3600)

    moments: dict[int, dict[Kind, datetime]] = {}
    for each in sorted(told(full), key=lambda each: each.at, reverse=True):
        moments.setdefault(each.customer_id, {})[each.kind] = each.at
    assert all(
        START <= at <= START + timedelta(seconds=3600)
        for acts in moments.values()
        for at in acts.values()
    )
    assert all(
        list(acts.values()) == sorted(acts.values())
        for acts in (
            {kind: acts[kind] for kind in (Kind.RECEIVE, Kind.OPEN, Kind.CLICK) if kind in acts}
            for acts in moments.values()
        )
    )


def test_like_events_never_share_a_second(full: Desk) -> None:
    for _ in range(3):
        engage(full, share=SHARE, repeats=5, machine_share=0.2, start=START.isoformat())

    assert set(likenesses(told(full)).values()) == {1}


def test_like_events_share_a_second_where_asked_to(full: Desk) -> None:
    for _ in range(2):
        engage(full, share=SHARE, start=START.isoformat(), distinct=False)

    assert set(likenesses(told(full)).values()) == {2}


def test_every_event_has_a_uuid_of_its_own(full: Desk) -> None:
    engage(full, share=SHARE, repeats=3)

    uuids = [each.uuid for each in told(full)]
    assert len(set(uuids)) == len(uuids) > 200


def test_events_after_a_reset_have_other_uuids(full: Desk) -> None:
    engage(full)
    before = {each.uuid for each in told(full)}
    full.control("POST", "reset")
    full.post(record("a"))

    engage(full)

    assert not before & {each.uuid for each in told(full)}


def test_scanners_open_and_follow_every_link(full: Desk) -> None:
    answer = engage(full, share={"receive": 1.0}, machine_share=0.1)

    assert (answer["opens"], answer["clicks"], answer["by_machine"]) == (20, 40, 60)
    assert {each.kind for each in told(full) if each.by_machine} == {"open", "click"}


def test_who_is_in_a_segment_no_longer_gets_no_mail(desk: Desk) -> None:
    desk.post(record("a"), record("b"), record("c", segment="4712"))
    desk.post(record("a", "REMOVED"))

    answer = engage(desk)

    assert answer["customers"] == [88214]


def test_members_of_a_campaign_are_in_its_segment(desk: Desk) -> None:
    desk.post(record("a", segment="4712"))
    desk.platform.state.crm.campaigns.join(4711, 88213)

    assert engage(desk)["customers"] == [88213]


def test_identifier_becomes_the_external_id_of_who_has_none(desk: Desk) -> None:
    desk.post(record("a"))

    (customer,) = desk.platform.state.crm.customers.all()
    assert customer.text("externalId") == "a"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"segment": "x"}, "nobody is in the segment x"),
        ({"share": {"receive": 0.9, "bounce": 0.2}}, "share: receive and the bounces"),
        ({"share": {"receive": 0.1, "open": 0.2}}, "nobody acts on a mail"),
        ({"share": {"opne": 0.2}}, "share does not know opne"),
        ({"share": {"open": 2}}, "open must be a number from 0 to 1"),
        ({"share": {}, "events": []}, "has events and share"),
        ({"repeats": 101}, "repeats must be 100 at most"),
        ({"machine_share": -1}, "machine_share must be a number"),
        ({"start": "yesterday"}, "start must be a date and time"),
        ({"start": "2026-03-02T08:20:41"}, "start must tell its zone"),
        ({"start": "0001-01-01T00:00:00+10:00"}, "start is too early"),
        ({"start": "9999-12-31T00:00:00Z"}, "start is too early or too late"),
        ({"span_seconds": 1e9}, "span_seconds must be a number"),
        ({"links": []}, "links must be a list of objects, at least one"),
        ({"links": [{"url": "x", "description": "y"}]}, "links[0]: url must be an address"),
        ({"links": [{"url": "https://x.example.org"}]}, "links[0] lacks description"),
    ],
)
def test_nonsense_is_refused(desk: Desk, content: dict[str, object], complaint: str) -> None:
    desk.post(record("a"))

    assert complaint in refused(desk, **content)
