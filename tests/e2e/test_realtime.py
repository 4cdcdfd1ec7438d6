"""The realtime lane as a whole: outbox, relay and SOAP against a platform in bad moods."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange, SegmentId
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageState
from petiole.host import Host
from petiole.host.observers import DeliveryCount
from petiole.host.planning import SyncInput
from petiole.host.settings import Settings
from tests.e2e.project import TOKEN

NAME = ConnectionName("alerts")
TASK = SyncInput(connection=NAME, segment=SegmentId("4711"), key="id")
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PROFILES = 1_000
CHANGES_EACH = 10


@dataclass(frozen=True, slots=True)
class Platform:
    """The twin as a process of its own, so that it does not share our time."""

    urls: Mapping[str, str]

    def control(
        self, name: str, content: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        body = None if content is None else json.dumps(content).encode()
        with urlopen(Request(self.urls["control"] + name, body)) as answer:
            document: Mapping[str, object] = json.load(answer)
            return document

    def new_customer(self) -> str:
        """Make a customer, and tell the id."""
        place = urlsplit(self.urls["rest"])._replace(path="/app/api/rest/public/v2/customer")
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        with urlopen(Request(place.geturl(), b"{}", headers)) as answer:
            return str(json.load(answer)["id"])

    def calls(self) -> Sequence[Mapping[str, object]]:
        calls = self.control("ledger")["calls"]
        assert isinstance(calls, list)
        return calls

    def members(self) -> Sequence[int]:
        """Tell who is in the campaign."""
        members = self.control("ledger")["members"]
        assert isinstance(members, dict)
        return sorted(members["4711"])

    def arrived(self) -> Mapping[str, Sequence[int]]:
        """Tell the numbers of each profile's changes in the order in which they were applied."""
        journal = self.control("journal")["changes"]
        assert isinstance(journal, list)
        numbers = defaultdict(list)
        for change in journal:
            numbers[change["identifier"]].append(int(change["fields"]["number"]))
        return numbers


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", TOKEN)
    command = [sys.executable, "-m", "petiole.host", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            urls = json.loads(process.stdout.readline())
            twin = Platform(urls)
            twin.control("tokens", {"token": TOKEN})
            twin.control("settings", {"hold_seconds": 5, "journal": True})
            yield twin
        finally:
            process.terminate()


def settings(folder: Path, platform: Platform, **more: object) -> Settings:
    connection = {
        "plugin": "canopydeploy",
        "lane": "realtime",
        "identifier": "customer-id",
        "soap_url": platform.urls["soap"],
        "token": {"env": "CANOPYDEPLOY_TOKEN"},
        "timeout": "400ms",
        "max_in_flight": 8,
        "retry": {"base": "20ms", "ceiling": "100ms"},
        **more,
    }
    return Settings.model_validate({"connections": {NAME: connection}, "directory": folder})


def changes(host: Host) -> Iterator[ProfileChange]:
    """Each profile enters and is changed again and again, all of them in turn."""
    for number in range(CHANGES_EACH):
        for profile in range(PROFILES):
            yield ProfileChange(
                scope=host.planning.scope(TASK.connection, TASK.segment),
                identifier=Identifier.customer_id(str(20_000 + profile)),
                kind=ChangeKind.UPDATE if number else ChangeKind.ADD,
                occurred_at=NOW,
                fields=Fields.of({"number": number}),
            )


def test_changes_arrive_in_order_while_calls_time_out(tmp_path: Path, platform: Platform) -> None:
    counted = DeliveryCount()
    rules = [
        {"fault": "timeout-after", "share": 0.02, "seed": 1},
        {"fault": "timeout-before", "share": 0.02, "seed": 2},
    ]

    with Host.open(settings(tmp_path, platform), [NAME], observer=counted) as host:
        host.submit(changes(host))
        platform.control("faults", {"rules": rules})
        host.deliver(flush=True, until=lambda: False)
        (status,) = host.status()

    calls = platform.calls()
    total = PROFILES * CHANGES_EACH
    arrived = platform.arrived()
    in_order = list(range(CHANGES_EACH))
    assert len(arrived) == PROFILES
    assert all([n for n, _ in groupby(numbers)] == in_order for numbers in arrived.values())
    assert status.tally[MessageState.DELIVERED] == total
    assert status.tally.balanced
    assert counted.resent == len(calls) - total
    assert counted.resent >= sum(call["fault"] is not None for call in calls) > total * 0.03
    assert sum(map(len, arrived.values())) > total


def test_memberships_that_were_applied_are_read_back_and_not_sent_again(
    tmp_path: Path, platform: Platform
) -> None:
    counted = DeliveryCount()
    members = [platform.new_customer() for _ in range(60)]
    rules = [
        {"fault": "timeout-after", "contains": "campaign_addMember", "share": 0.1, "seed": 1},
        {"fault": "timeout-before", "contains": "campaign_addMember", "share": 0.1, "seed": 2},
    ]
    platform.control("faults", {"rules": rules})
    made = settings(tmp_path, platform, delivery="membership")

    with Host.open(made, [NAME], observer=counted) as host:
        joining = [
            ProfileChange(
                scope=host.planning.scope(TASK.connection, TASK.segment),
                identifier=Identifier.customer_id(member),
                kind=ChangeKind.ADD,
                occurred_at=NOW,
            )
            for member in members
        ]
        host.submit(iter(joining))
        host.deliver(flush=True, until=lambda: False)
        (status,) = host.status()

    operations = Counter(call["operation"] for call in platform.calls())
    faults = Counter(call["fault"] for call in platform.calls())
    assert platform.members() == sorted(map(int, members))
    assert status.tally[MessageState.DELIVERED] == len(members)
    assert faults["timeout-after"] > 0
    assert faults["timeout-before"] > 0
    assert operations["campaign_hasMember"] == faults["timeout-after"] + faults["timeout-before"]
    assert operations["campaign_addMember"] == len(members)
    assert counted.resent == 0
