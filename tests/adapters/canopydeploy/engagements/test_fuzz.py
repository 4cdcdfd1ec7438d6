"""Whatever is pushed: nothing is raised, nothing is lost, and all of it can be stored."""

import json
from collections.abc import Iterator
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.canopydeploy.engagements.receiver import StoreAppReceiver
from petiole.core.ports.engagement_receiver import InboundCall, Received
from tests.adapters.canopydeploy.engagements.made import (
    HASHED,
    NOW,
    PASSWORD,
    PASSWORD_VARIABLE,
    call,
    interaction,
    receiver,
    variables,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SPOILT = st.builds(
    lambda outer, inner: interaction(**{**outer, "variables": variables(**inner)}),
    st.dictionaries(st.sampled_from(sorted(interaction())), JSON, max_size=2),
    st.dictionaries(st.sampled_from(sorted(variables())), JSON, max_size=2),
)


@pytest.fixture(scope="module")
def opened() -> Iterator[StoreAppReceiver]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(PASSWORD_VARIABLE, PASSWORD)
        with receiver(HASHED) as made:
            yield made


def assert_storable(received: Received) -> None:
    told = [*map(astuple, received.engagements), *map(astuple, received.refused)]
    texts = [each for one in told for each in one if isinstance(each, str)]
    assert all("\0" not in text and text.encode() for text in texts if text)
    json.loads(received.answer.body)


@given(st.lists(SPOILT | JSON, max_size=4))
def test_each_interaction_is_taken_or_refused(
    opened: StoreAppReceiver, interactions: list[object]
) -> None:
    received = opened.receive(call(*interactions))

    assert_storable(received)
    assert len(received.engagements) + len(received.refused) == max(1, len(interactions))
    assert (received.answer.status == 200) is bool(received.engagements)


@given(st.binary())
def test_any_body_is_answered(opened: StoreAppReceiver, body: bytes) -> None:
    received = opened.receive(call(body=body))

    assert_storable(received)
    assert received.answer.status == 400


@given(st.text(), st.dictionaries(st.sampled_from(["partnerId", "x"]), st.text()))
def test_any_address_is_answered(
    opened: StoreAppReceiver, path: str, query: dict[str, str]
) -> None:
    one = InboundCall(
        method="POST", path=path, query=query, headers={}, body=b"{}", received_at=NOW
    )

    assert opened.receive(one).answer.status in {400, 401}


@given(st.text())
def test_any_header_is_judged(opened: StoreAppReceiver, header: str) -> None:
    answer = opened.admits({"authorization": header})

    assert answer is not None
    assert answer.status == 401
