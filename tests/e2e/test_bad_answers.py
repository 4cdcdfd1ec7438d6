"""What docs/answers.md says of every bad answer is what happens, row by row, in both lanes."""

import json
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from dependency_injector import providers

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.message import Message, MessageState
from petiole.core.domain.report import DeliveryReport
from petiole.core.errors import DeliveryError
from petiole.core.ports.profile_sink import ProfileSink
from petiole.host import ConnectionStatus, Host, Settings
from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.e2e.project import SEGMENT, TOKEN
from tests.e2e.tricks import CULPRIT, TRICKS, Trick
from tests.repository import ROOT

NAME = ConnectionName("trial")
PEOPLE = (CULPRIT, "11002", "11003")
A_DAY = timedelta(days=1, minutes=1)
"""Longer than any wait that a platform can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table, cell by cell."""

    kind: str
    lane: str
    read: str
    changes: str
    arrive: str
    connection: str
    remedy: str


def table() -> Sequence[Row]:
    """Read the rows of the page."""
    text = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"\n\| the platform .*?\n\|[-|]+\n(.*?)\n\n", text, re.DOTALL)
    names = [each.name for each in fields(Row)]
    return [
        Row(**dict(zip(names, (cell.strip() for cell in line.strip("|").split("|")), strict=True)))
        for line in body.splitlines()
    ]


WAITS: Mapping[str, timedelta] = {
    "answers 429, again in 30 seconds": timedelta(seconds=30),
    "answers 429, again in 10^12 seconds": timedelta(days=1),
    "answers 429, again at a moment that is past": timedelta(milliseconds=100),
    "answers 503, again in 30 seconds": timedelta(seconds=30),
}
"""How long the connection keeps still, where the platform has said it to the second."""


class Heard:
    """A sink that notes in one word what became of each call; otherwise the one that it wraps."""

    def __init__(self, sink: ProfileSink) -> None:
        self._sink = sink
        self.words: list[str] = []

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        try:
            report = self._sink.deliver(messages)
        except DeliveryError as error:
            self.words.append(type(error).__name__)
            raise
        self.words.append("success")
        return report


class Stage:
    """One connection to the twin, its outbox in a folder, and the hand on the time."""

    def __init__(self, folder: Path, sandbox: Sandbox, lane: str, **more: object) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._lane = lane
        self._more = more
        self.clock = FrozenClock(datetime.now(UTC))
        self.control("reset", {})
        self.control("settings", {"hold_seconds": 5, "trickle_ms": 300})

    def control(self, name: str, content: Mapping[str, object]) -> None:
        request = Request(f"{self._sandbox.control}{name}", json.dumps(content).encode())
        with urlopen(request):
            pass

    def arrived(self, *, spoilt: bool | None = None) -> Counter[str]:
        """Count how often each person's change was applied: by any call, or by spoilt ones."""
        with urlopen(f"{self._sandbox.control}ledger?records=1") as answer:
            calls = json.load(answer)["calls"]
        return Counter(
            identifier
            for call in calls
            if spoilt is None or spoilt is bool(call["fault"])
            for identifier, _ in call["changes"]
        )

    def run(
        self, trick: Trick, prepare: Callable[[Host], None] = lambda _: None
    ) -> tuple[ConnectionStatus, Sequence[str]]:
        """Open a host, deliver all that may go now, and tell how it stands and what was heard."""
        with Host.open(self._settings(trick), [NAME]) as host:
            host.container.clock.override(providers.Object(self.clock))
            heard = Heard(host.container.sinks()[NAME])
            host.container.sinks.override(providers.Object({NAME: heard}))
            prepare(host)
            host.deliver(flush=True, patience=timedelta())
            (status,) = host.status()
        return status, heard.words

    def _settings(self, trick: Trick) -> Settings:
        connection = {
            "plugin": "canopydeploy",
            "lane": self._lane,
            "identifier": "customer-id",
            "token": {"env": "CANOPYDEPLOY_TOKEN"},
            "soap_url": trick.address(self._sandbox.soap),
            "timeout": trick.timeout,
            **self._more,
        }
        if self._lane == "batch":
            connection["endpoint"] = trick.address(self._sandbox.rest)
        return Settings.model_validate(
            {"connections": {NAME: connection}, "directory": self._folder}
        )


def submit(host: Host) -> None:
    host.submit(
        host.change(NAME, ChangeKind.ADD, person, segment=SEGMENT, fields={"city": "Delft"})
        for person in PEOPLE
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(token=TOKEN) as twin:
        yield twin


@pytest.fixture(autouse=True)
def _nobody_asks_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer in the resolver's place that a name is unknown: it may ask a network, and wait."""
    look_up = socket.getaddrinfo

    def known(host: str, port: int, *more: int) -> object:
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, port, *more)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", TOKEN)


def test_every_row_has_its_trick_and_every_trick_its_row() -> None:
    kinds = [row.kind for row in table()]

    assert sorted(kinds) == sorted(TRICKS)
    assert len(kinds) >= 24


CASES = [
    pytest.param(row, lane, id=f"{lane}: {row.kind}")
    for row in table()
    for lane in (("batch", "realtime") if row.lane == "both" else (row.lane,))
]


@pytest.mark.parametrize(("row", "lane"), CASES)
def test_bad_answer_ends_as_the_page_says(
    row: Row, lane: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    trick = TRICKS[row.kind]
    stage = Stage(tmp_path, sandbox, lane)
    stage.control("faults", {"rules": [trick.rule] if trick.rule else []})

    then, heard = stage.run(trick, submit)
    stage.control("faults", {"rules": []})
    stage.clock.advance(A_DAY)
    after, _ = stage.run(Trick())

    blamed = {CULPRIT} if row.changes == "culprit dead" else set()
    expected = {
        "delivered": {MessageState.DELIVERED: 3},
        "pending": {MessageState.PENDING: 3},
        "culprit dead": {MessageState.DELIVERED: 2, MessageState.DEAD: 1},
    }[row.changes]
    assert {state: number for state, number in then.tally.states.items() if number} == expected
    assert row.read in heard
    assert set(heard) <= {row.read, "success"}
    assert then.condition == row.connection
    if row.kind in WAITS:
        assert then.state.open_until is not None
        assert then.state.open_until - then.now == WAITS[row.kind]
    assert (then.tally.balanced, after.tally.balanced) == (True, True)
    assert after.tally[MessageState.DELIVERED] == len(PEOPLE) - len(blamed)
    assert after.tally[MessageState.DEAD] == len(blamed)
    assert after.condition == "ok"
    again = stage.arrived(spoilt=True) if row.arrive == "perhaps twice" else Counter[str]()
    once = Counter({person: 1 for person in PEOPLE if person not in blamed})
    assert stage.arrived() == once + again


@pytest.mark.parametrize("lane", ["batch", "realtime"])
@pytest.mark.parametrize("kind", ["applies the call, never answers", "answers 502"])
def test_what_is_in_doubt_waits_for_a_person_where_that_is_wished(
    kind: str, lane: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    stage = Stage(tmp_path, sandbox, lane, on_doubt="park")
    stage.control("faults", {"rules": [TRICKS[kind].rule]})

    then, _ = stage.run(TRICKS[kind], submit)
    stage.control("faults", {"rules": []})
    stage.clock.advance(A_DAY)
    after, _ = stage.run(Trick())

    assert then.tally[MessageState.PARKED] == len(PEOPLE)
    assert after.tally[MessageState.PARKED] == len(PEOPLE)
    assert stage.arrived() == Counter(PEOPLE)
