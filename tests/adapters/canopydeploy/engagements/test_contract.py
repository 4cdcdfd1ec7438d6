"""The receiver and both sources keep the promises of their ports, the latter over the wire."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

import pytest

from petiole.adapters.canopydeploy.engagements.receiver import StoreAppReceiver
from petiole.core.domain.engagement import EngagementKind
from petiole.core.domain.identity import Identifier
from petiole.core.ports.engagement_receiver import InboundCall
from petiole.core.ports.engagement_source import EngagementSource
from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.testing.contracts.engagement_receiver import EngagementReceiverContract
from petiole.testing.contracts.engagement_source import (
    MOMENT,
    EngagementSourceContract,
)
from petiole.testing.stands import EngagementSourceStand, ReceiverStand, Trouble
from tests.adapters.canopydeploy.engagements.made import (
    CLIENT_VARIABLE,
    HASHED,
    analytics,
    basic,
    call,
    interaction,
    mailings,
    receiver,
)
from tests.adapters.canopydeploy.made import hashed
from tests.adapters.canopydeploy.stand import FAULTS, Door
from tests.adapters.canopydeploy.twin import control

TYPES = {kind: f"Email {kind.capitalize()}" for kind in EngagementKind}
NOW = MOMENT + timedelta(hours=6)
TIMEOUT = "2s"


def address(number: int) -> str:
    return f"person{number}@example.org"


class PushStand:
    """A receiver, and calls as the store app makes them."""

    def __init__(self, opened: StoreAppReceiver) -> None:
        self.receiver = opened

    def identifier(self, number: int) -> Identifier:
        return Identifier.email_address(address(number))

    def call(self, number: int, kind: EngagementKind, at: datetime) -> InboundCall:
        told = interaction(type=TYPES[kind], timestamp=int(at.timestamp() * 1000))
        return call(told, partner_id=hashed(address(number)))

    def malformed(self, mark: str) -> Sequence[InboundCall]:
        return [
            call(body=f'{{"interactions": ["{mark}"'.encode()),
            call(body=f'["{mark}"]'.encode()),
            call(body=f'{{"{mark}": []}}'.encode()),
            call(interaction(type=mark)),
            call(interaction(timestamp=mark)),
            call(interaction(variables=[mark])),
            call(mark),
            call(interaction(), partner_id=mark),
            call(interaction(), partner_id=f"{mark}@example.org"),
            call(interaction(eventId=mark), partner=1010),
        ]

    def strangers(self) -> Sequence[Mapping[str, str]]:
        return [
            {},
            basic(username="somebody"),
            basic(password="guess"),
            basic(password=""),
            {"authorization": "Basic"},
            {"authorization": "Basic %%%"},
            {"authorization": basic()["authorization"].replace("Basic", "Bearer")},
        ]


class TestStoreAppReceiver(EngagementReceiverContract):
    @pytest.fixture
    def stand(self) -> Iterator[ReceiverStand]:
        with receiver(HASHED) as opened:
            yield PushStand(opened)


class TwinEngagements:
    """A source, the door that its calls pass through, and the twin behind that."""

    def __init__(
        self, source: EngagementSource, door: Door, sandbox: Sandbox, *, path: str
    ) -> None:
        self.source = source
        self._door = door
        self._sandbox = sandbox
        self._path = path
        self._known: set[int] = set()

    @property
    def calls(self) -> int:
        return self._door.calls

    def identifier(self, number: int) -> Identifier:
        return Identifier.customer_id(str(11_000 + number))

    def happen(self, at: datetime, acts: Mapping[int, Collection[EngagementKind]]) -> None:
        self._make([number for number in acts if number not in self._known])
        content = {
            "identifiers": [self.identifier(number).value for number in acts],
            "campaign": 4711,
            "content": "Spring mail",
            "start": at.isoformat(),
            "events": [
                [kind for kind in kinds if kind is not EngagementKind.RECEIVE]
                for kinds in acts.values()
            ],
        }
        control(self._sandbox, "engage", content)

    def _make(self, numbers: Sequence[int]) -> None:
        """Send profiles, from which the platform makes customers."""
        records = [
            {"identifier": self.identifier(number).value, "segmentId": "4711", "status": "NEW"}
            for number in numbers
        ]
        headers = {
            "Authorization": f"Bearer {self._sandbox.token}",
            "Content-Type": "application/json",
        }
        with urlopen(Request(self._sandbox.rest, json.dumps(records).encode(), headers)):
            self._known.update(numbers)

    def meet(self, trouble: Trouble) -> None:
        if trouble is Trouble.UNREACHABLE:
            self._door.shut = True
            return
        # The first one gets a new token in return.
        calls = [1, 2] if trouble is Trouble.WRONG_SECRET else [1]
        rule = {**FAULTS[trouble], "calls": calls, "path": self._path}
        control(self._sandbox, "faults", {"rules": [rule]})


class TestMailingSource(EngagementSourceContract):
    @pytest.fixture
    def stand(self, sandbox: Sandbox, door: Door) -> Iterator[EngagementSourceStand]:
        with mailings(door, now=NOW, soap_url=sandbox.soap, timeout=TIMEOUT) as source:
            yield TwinEngagements(source, door, sandbox, path="/app/api/soap/")


class TestAnalyticsSource(EngagementSourceContract):
    @pytest.fixture
    def stand(
        self, sandbox: Sandbox, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[EngagementSourceStand]:
        monkeypatch.setenv(CLIENT_VARIABLE, sandbox.client_secret)
        with analytics(
            door,
            now=NOW,
            client_id=sandbox.client_id,
            token_url=sandbox.oauth,
            events_url=sandbox.analytics,
            page_size=20,
            timeout=TIMEOUT,
        ) as source:
            yield TwinEngagements(source, door, sandbox, path="/analytics-events/")
