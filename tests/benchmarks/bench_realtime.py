"""The realtime lane beside zeep alone: `python -m tests.benchmarks.bench_realtime [calls]`.

zeep is used as its manual shows it: the shipped description, a client, and a transport of a few
lines over httpx, a client of that for each thread. It keeps nothing, records nothing and has no
deadline. The lane is measured twice: the sink alone, called by as many threads; and all of it,
from a durable outbox to its settlement. A process of its own on loopback answers at once.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

import httpx
import zeep.transports

from petiole.adapters.canopydeploy.soap.interface import namespace_of
from petiole.adapters.canopydeploy.soap.options import Options
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.adapters.canopydeploy.soap.sink import open_realtime_sink
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED
from petiole.hooks import AdapterContext, Secret
from petiole.host import Host, Settings
from tests.benchmarks.loopback import answering_process
from tests.benchmarks.table import Line, table

THREADS = (1, 4)
CALLS = 3_000
ROUNDS = 3
NAME = ConnectionName("bench")
CAMPAIGN = 4711
TOKEN_VARIABLE = "PETIOLE_BENCH_TOKEN"
TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
WANTED = 0.9
FIELDS: Mapping[str, JsonValue] = {
    "firstname": "Jon",
    "lastname": "Yang",
    "gender": "Male",
    "first_purchase": "2020-01-19",
    "city": "Köln",
}
NAMESPACE = namespace_of("secure")
ANSWER = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    f'<n:campaign_executeAsyncResponse xmlns:n="{NAMESPACE}"><n:code>0</n:code><n:msg>true</n:msg>'
    "</n:campaign_executeAsyncResponse></e:Body></e:Envelope>"
).encode()


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call took, on the wall and of this process's CPU."""

    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return 1 / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, {self.cpu_seconds * 1e6:,.0f} us"


class PlainTransport(zeep.transports.Transport):
    """zeep's own, but that calls go over httpx."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._mine = threading.local()

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send a call."""
        if not hasattr(self._mine, "client"):
            self._mine.client = httpx.Client(trust_env=False)
        answer: httpx.Response = self._mine.client.post(address, content=message, headers=headers)
        return answer


def _change(number: int) -> ProfileChange:
    return ProfileChange(
        scope=Scope(account=AccountName(NAME), connection=NAME, segment=SegmentId(str(CAMPAIGN))),
        identifier=Identifier.customer_id(str(11_000 + number)),
        kind=ChangeKind.ADD,
        occurred_at=MOMENT,
        fields=Fields.of(FIELDS),
    )


def _settings(url: str) -> CanopyDeployRealtimeSettings:
    return CanopyDeployRealtimeSettings(token=Secret("env", TOKEN_VARIABLE), soap_url=url)


def _plain(url: str) -> Callable[[], None]:
    """Make what starts one run, with the very options that the sink writes."""
    wsdl = files("petiole.adapters.canopydeploy.soap") / "clang-1.24.wsdl"
    client = zeep.Client(str(wsdl), transport=PlainTransport())  # type: ignore[no-untyped-call]
    service = client.create_service(f"{{{NAMESPACE}}}clangBinding", url)  # type: ignore[no-untyped-call]
    options = Options(_settings(url), IdentifierType.CUSTOMER_ID).of(_change(0))

    def call() -> None:
        told = service.campaign_executeAsync(
            uuid=TOKEN, campaignId=CAMPAIGN, options={"Option": options}
        )
        assert told.msg is True

    return call


@contextmanager
def _sink(url: str) -> Iterator[Callable[[], None]]:
    """Open the lane's sink, and yield what delivers one change through it."""
    context = AdapterContext(
        connection=NAME, identifier=IdentifierType.CUSTOMER_ID, settings=_settings(url)
    )
    message = Message(MessageId(1), _change(0), 1, MOMENT)
    with open_realtime_sink(context) as sink:

        def deliver() -> None:
            assert sink.deliver([message]).outcomes == {message.id: ACCEPTED}

        yield deliver


def _called(call: Callable[[], None], *, calls: int, threads: int) -> Taken:
    """Call so often, from so many threads at a time."""

    def run() -> None:
        for _ in range(calls // threads):
            call()

    def together() -> None:
        runners = [threading.Thread(target=run) for _ in range(threads)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()

    call()  # builds what is built at the first call
    return _timed(together, calls // threads * threads)


def _delivered(url: str, *, calls: int, threads: int) -> Taken:
    """Deliver so many changes out of a fresh outbox, each settled on disk."""
    keys: Mapping[str, JsonValue] = {
        "plugin": "canopydeploy",
        "lane": "realtime",
        "identifier": "customer-id",
        "soap_url": url,
        "token": {"env": TOKEN_VARIABLE},
        "max_in_flight": threads,
    }
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as folder:
        settings = Settings.model_validate({"connections": {NAME: keys}, "directory": folder})
        with Host.open(settings) as host:
            host.submit([_change(0)])
            host.run_once()
            host.submit(_change(number) for number in range(1, calls + 1))
            taken = _timed(host.run_once, calls)
            [status] = host.status()
            assert status.tally.open == 0
    return taken


def _timed(work: Callable[[], object], calls: int) -> Taken:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(
        (time.perf_counter() - began) / calls,
        (time.process_time() - cpu) / calls,
    )


def measure(*, quick: bool) -> Sequence[Line]:
    """Measure turn by turn, so that all meet the same weather, and tell medians."""
    return _measured(300 if quick else CALLS, rounds=1 if quick else ROUNDS)


def _measured(calls: int, *, rounds: int) -> Sequence[Line]:
    os.environ[TOKEN_VARIABLE] = TOKEN
    lines: list[Line] = []
    with answering_process(ANSWER, "text/xml; charset=utf-8") as url, _sink(url) as sink:
        plain = _plain(url)
        for threads in THREADS:
            taken: dict[str, list[Taken]] = {"zeep": [], "sink": [], "lane": []}
            for _ in range(rounds):
                taken["zeep"].append(_called(plain, calls=calls, threads=threads))
                taken["sink"].append(_called(sink, calls=calls, threads=threads))
                taken["lane"].append(_delivered(url, calls=calls, threads=threads))
            zeep_alone = _median(taken["zeep"])
            lines += [
                _line(f"{what}, {_counted(threads)}", _median(taken[key]), zeep_alone)
                for what, key in (("realtime sink", "sink"), ("outbox to settlement", "lane"))
            ]
    return lines


def _median(taken: Sequence[Taken]) -> Taken:
    return sorted(taken, key=lambda one: one.seconds)[len(taken) // 2]


def _counted(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _line(what: str, ours: Taken, zeep_alone: Taken) -> Line:
    ratio = ours.rate / zeep_alone.rate
    return Line(
        what=what,
        figure=str(ours),
        against=f"zeep {zeep_alone}",
        ratio=ratio,
        wanted=f"at least {WANTED}",
        holds=ratio >= WANTED,
    )


def main() -> None:
    """Measure, and print a table; microseconds are of CPU, per call."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    print(table(_measured(calls, rounds=ROUNDS)))


if __name__ == "__main__":
    main()
