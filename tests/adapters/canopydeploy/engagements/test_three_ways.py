"""One history, pushed, told by mailings and told by Analytics: the same engagements come of it."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest

from petiole.core.domain.engagement import Engagement
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.engagement_receiver import InboundCall, Received
from petiole.core.ports.engagement_source import EngagementPage
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.engagements.made import (
    CLIENT_VARIABLE,
    CUSTOMER,
    HASHED,
    MOMENT,
    PASSWORD,
    SITE,
    USERNAME,
    analytics,
    mailings,
    receiver,
)
from tests.adapters.canopydeploy.made import hashed
from tests.adapters.canopydeploy.twin import control
from tests.plugins.canopydeploy.sandbox.receiver import Call, receiving

PEOPLE = 120
SPAN = timedelta(hours=20)
NOW = MOMENT + timedelta(days=1)
PATIENCE_SECONDS = 20
STORY: Mapping[str, object] = {
    "segment": "4711",
    "campaign": 4711,
    "content": "Frühling & Łódź",
    "start": MOMENT.isoformat(),
    "span_seconds": SPAN.total_seconds(),
    "seed": 7,
    "share": {"receive": 0.8, "open": 0.5, "click": 0.3, "bounce": 0.1, "soft-bounce": 0.05}
    | {"complaint": 0.05},
    "repeats": 2,
    "machine_share": 0.2,
}

Told = Mapping[tuple[str, ...], int]


def identifiers(type_: IdentifierType) -> list[str]:
    if type_ is HASHED:
        return [hashed(f"person{number}@example.org") for number in range(PEOPLE)]
    return [str(11_000 + number) for number in range(PEOPLE)]


def sync(sandbox: Sandbox, people: Sequence[str]) -> None:
    records = [{"identifier": each, "segmentId": "4711", "status": "NEW"} for each in people]
    headers = {
        "Authorization": f"Bearer {sandbox.token}",
        "Content-Type": "application/json",
    }
    with urlopen(Request(sandbox.rest, json.dumps(records).encode(), headers)):
        pass


def counted(engagements: Iterable[Engagement]) -> Told:
    return Counter(each.likeness for each in engagements)


def fetched(pages: Iterable[EngagementPage]) -> Told:
    found = list(pages)
    assert [page.refused for page in found if page.refused] == []
    return counted(each for page in found for each in page.engagements)


def inbound(call: Call) -> InboundCall:
    return InboundCall(
        method="POST",
        path=call.path,
        query={name: values[-1] for name, values in call.query.items()},
        headers={name.lower(): value for name, value in call.headers.items()},
        body=call.body,
        received_at=NOW,
    )


def pushed(sandbox: Sandbox, type_: IdentifierType, **order: object) -> list[Received]:
    """Let the twin push everything, and return what was received."""
    found: list[Received] = []
    with receiver(type_) as opened, receiving() as server:

        def answer(call: Call) -> int:
            told = inbound(call)
            if refused := opened.admits(told.headers):
                return refused.status
            found.append(opened.receive(told))
            return found[-1].answer.status

        server.answer = answer
        content = {
            "url": server.url,
            "site": SITE,
            "username": USERNAME,
            "password": PASSWORD,
            "partner_number": 1012 if type_ is HASHED else 1010,
            **order,
        }
        control(sandbox, "push", content)
        wait(sandbox)
    return found


def wait(sandbox: Sandbox) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while progress(sandbox)["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.01)


def progress(sandbox: Sandbox) -> Mapping[str, object]:
    with urlopen(f"{sandbox.control}push") as answer:
        told: Mapping[str, object] = json.load(answer)
        return told


@pytest.mark.parametrize("type_", [CUSTOMER, HASHED])
def test_three_ways_tell_the_same(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, type_: IdentifierType
) -> None:
    monkeypatch.setenv(CLIENT_VARIABLE, sandbox.client_secret)
    sync(sandbox, identifiers(type_))
    control(sandbox, "engage", STORY)

    with mailings(identifier=type_, now=NOW, soap_url=sandbox.soap) as source:
        over_soap = fetched(source.pull(None, since=MOMENT))
    with analytics(
        identifier=type_,
        now=NOW,
        client_id=sandbox.client_id,
        token_url=sandbox.oauth,
        events_url=sandbox.analytics,
        page_size=50,
    ) as source:
        from_analytics = fetched(source.pull(None, since=MOMENT))
    received = pushed(sandbox, type_)
    by_push = counted(each for one in received for each in one.engagements)

    assert len(over_soap) > PEOPLE
    assert over_soap == from_analytics == by_push
    assert set(over_soap.values()) == {1}
    assert {likeness[2] for likeness in over_soap} <= set(identifiers(type_))


@pytest.mark.parametrize("type_", [CUSTOMER, HASHED])
def test_what_is_malformed_is_refused_and_the_rest_is_taken(
    sandbox: Sandbox, type_: IdentifierType
) -> None:
    sync(sandbox, identifiers(type_))
    control(sandbox, "engage", STORY)

    received = pushed(sandbox, type_, malformed=0.3, duplicates=0.2, out_of_order=20)

    told = progress(sandbox)
    malformed, events = told["malformed"], told["events"]
    assert isinstance(malformed, dict)
    assert isinstance(events, dict)
    refused = [one for one in received if one.refused]
    assert len(refused) == sum(malformed.values()) > 0
    assert [one for one in refused if one.engagements or one.answer.status != 400] == []
    taken = counted(each for one in received for each in one.engagements)
    assert len(taken) == events["all"]
