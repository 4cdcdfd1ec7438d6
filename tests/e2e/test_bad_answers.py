"""What docs/answers.md says of every bad answer is what happens, row by row, in both lanes."""

import json
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
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
from tests.repository import ROOT

NAME = ConnectionName("trial")
CULPRIT = "11001"
PEOPLE = (CULPRIT, "11002", "11003")
SILENT = frozenset({"timeout-before", "timeout-after", "trickle", "trickle-body", "length-over"})
"""The faults that last until the caller's patience ends."""
A_DAY = timedelta(days=1, minutes=1)
"""Longer than any wait that a platform can ask for."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACE = "https://secure.myclang.com/app/api/soap/public/index.php"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """How an answer is brought about: by a rule for the twin, or by an address leading elsewhere.

    `scheme`, `host` and `port` replace those of the twin's address.
    """

    rule: Mapping[str, object] | None = None
    scheme: str = "http"
    host: str = ""
    port: str = ""

    @property
    def timeout(self) -> str:
        """Be patient, so that a busy machine is no trouble, unless patience is what is tried."""
        return "500ms" if self.rule and self.rule["fault"] in SILENT else "20s"

    def address(self, usual: str) -> str:
        host, port, path = re.findall(r"http://([^:/]+):(\d+)(.*)", usual)[0]
        return f"{self.scheme}://{self.host or host}:{self.port or port}{path}"


def fault(kind: str, **more: object) -> Trick:
    return Trick(rule={"fault": kind, **more})


def status(number: int, **headers: str) -> Trick:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault("status", status=number, headers=told)


def xml(content: str, *, envelope: str = SOAP, number: int = 200) -> Trick:
    """A document in the place of the answer; the call is applied where the status says yes."""
    body = f'<e:Envelope xmlns:e="{envelope}"><e:Body>{content}</e:Body></e:Envelope>'
    return fault("body", body=body, media="text/xml", status=number, applied=number == 200)


def result(operation: str) -> str:
    return (
        f'<n:{operation}Response xmlns:n="{NAMESPACE}"><n:code>0</n:code><n:msg>true</n:msg>'
        f"</n:{operation}Response>"
    )


def entity_bomb() -> Trick:
    """A document of a kilobyte whose last entity is ten billion times as long."""
    layers = ["boom"] + [f"&e{n};" * 10 for n in range(9)]
    entities = "".join(f'<!ENTITY e{n} "{layer}">' for n, layer in enumerate(layers))
    body = f"<!DOCTYPE bomb [{entities}]><bomb>&e9;</bomb>"
    return fault("body", body=body, media="text/xml", applied=True)


PAGE = "<html><body><p>Sorry</p></body></html>"
SOON = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
NEVER = f"Fri, 01 Jan {10**20} 00:00:00 GMT"
OWN_FAULT = "<e:Fault><faultcode>e:Server</faultcode><faultstring>busy</faultstring></e:Fault>"

TRICKS: Mapping[str, Trick] = {
    "has a name that nobody knows": Trick(scheme="https", host="nobody.invalid"),
    "refuses connections": Trick(port="1"),
    "speaks plain HTTP where the address says https": Trick(scheme="https"),
    "speaks TLS where the address says http": fault("tls-alert"),
    "takes the call, forgets it, never answers": fault("timeout-before"),
    "applies the call, never answers": fault("timeout-after"),
    "sends a byte of the headers every 0.3 s": fault("trickle"),
    "sends a byte of the body every 0.3 s": fault("trickle-body"),
    "hangs up instead of applying": fault("cut-before"),
    "applies, then hangs up": fault("cut-after"),
    "hangs up in the middle of the answer": fault("cut-midway"),
    "resets the connection instead of applying": fault("reset-before"),
    "applies, then resets the connection": fault("reset-after"),
    "applies, then closes its direction only": fault("half-closed"),
    "hangs up on the idle connection after answering": fault("idle-close"),
    "promises more bytes than it sends": fault("length-over"),
    "promises fewer bytes than it sends": fault("length-under"),
    "answers with 300 MB": fault("flood"),
    "answers with 300 KB that unpack to 300 MB": fault("gzip-bomb"),
    "does not speak HTTP at all": fault("not-http", applied=True),
    "answers 204": fault("status", status=204, applied=True),
    "answers 200 and nothing else": fault("empty"),
    "answers 200 and an HTML page": fault("html", applied=True),
    "answers 502 and an HTML page": fault("html", status=502, applied=True),
    "answers 200 and half a document": fault("broken-json"),
    "answers JSON of another shape": fault("body", body='{"status":"ok"}', applied=True),
    "leaves a record out of its echo": fault("echo-missing"),
    "echoes a record that was not sent": fault("echo-unknown"),
    "echoes a record twice": fault("echo-twice"),
    "echoes the records in another order": fault("echo-swapped"),
    "marks one record of the echo as refused": fault("reject", identifiers=[CULPRIT]),
    "answers 400 and names nobody": fault("refuse", identifiers=[CULPRIT]),
    "answers a fault that blames the call": fault("soap-fault", contains=CULPRIT),
    "answers such a fault with status 200": fault("soap-fault", status=200, contains=CULPRIT),
    "answers 413": fault("status", status=413, contains=CULPRIT),
    "answers 401": status(401),
    "answers 403": status(403),
    "redirects to a login page": status(302, Location="https://login.example.org/login?next=x"),
    "answers fault 202, the token is unknown": fault("soap-fault", code=202),
    "answers fault 203, no rights": fault("soap-fault", code=203),
    "redirects elsewhere": status(301, Location="https://new.example.org/receiver"),
    "answers 404": status(404),
    "answers 405": status(405),
    "answers 408": fault("status", status=408, applied=True),
    "answers 429 without a word about when": status(429),
    "answers 429, again in 30 seconds": status(429, Retry_After="30"),
    "answers 429, again at a moment": status(429, Retry_After=SOON),
    "answers 429, again at a moment that is past": status(429, Retry_After=PAST),
    "answers 429, again in the year 10^20": status(429, Retry_After=NEVER),
    "answers 429, again in 10^12 seconds": status(429, Retry_After=str(10**12)),
    "answers 429, again in -5 seconds": status(429, Retry_After="-5"),
    "answers 429, again in a moment of no date": status(429, Retry_After="in a while"),
    "answers 429, the day is used up": status(429, X_Clang_Request_Count="50001"),
    "answers 500": status(500),
    "answers a fault of its own": xml(OWN_FAULT, number=500),
    "answers 502": fault("status", status=502, applied=True),
    "answers 503": status(503),
    "answers 503, again in 30 seconds": status(503, Retry_After="30"),
    "answers 504": fault("status", status=504, applied=True),
    "answers a bomb of XML entities": entity_bomb(),
    "answers an HTML page that is XML": fault("body", body=PAGE, media="text/xml", applied=True),
    "answers in an envelope of SOAP 1.2": xml(result("campaign_executeAsync"), envelope=SOAP_12),
    "answers another call than was made": xml(result("campaign_addMember")),
}

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

    def __init__(self, folder: Path, sandbox: Sandbox, lane: str) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._lane = lane
        self.clock = FrozenClock(datetime.now(UTC))

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
    stage.control("reset", {})
    stage.control("settings", {"hold_seconds": 5, "trickle_ms": 300})
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
