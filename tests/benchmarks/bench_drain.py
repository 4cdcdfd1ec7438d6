"""A full outbox drained over HTTP, beside a floor: what a careful hand writes for just this job.

Petiole keeps the order per profile, leases, the ledger, the sums and the history, and matches each
record of an answer; the floor (`floor.py`) does none of it. Both are as durable (WAL, synchronous
FULL), run in this process in turn, look for garbage as petiole's command line does, and post the
same records to a sink on loopback. litequeue and persist-queue, each in a process of its own, drain
one message after the other and post nothing.

With a slow platform, 25 calls are in flight, and CPU is compared with 25 in flight at 0 ms; of
twice as many profiles, since the beginning and the end, when fewer are, take as long as a call or
two, however many there are.
Run it with: python -m tests.benchmarks.bench_drain [profiles] [--rounds N]
"""

import argparse
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from unittest.mock import patch

from petiole.adapters.canopydeploy.rest import open_webhook_sink
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.wire import Wire
from petiole.adapters.sqlite import open_store
from petiole.adapters.system import SystemChance, SystemClock, ThreadWorkers
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.change import ProfileChange
from petiole.core.domain.events import Event
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.hooks import AdapterContext, Secret
from petiole.host.cli.main import ALLOCATIONS_BETWEEN_LOOKS
from petiole.host.pacing import batches_ahead
from tests.benchmarks import floor
from tests.benchmarks.contestants import drained_apart
from tests.benchmarks.scene import MOMENT, NAME, added
from tests.benchmarks.sink import counts, running_sink
from tests.benchmarks.stopwatch import Took, timed
from tests.benchmarks.table import Line, table

PROFILES, QUICK_PROFILES = 200_000, 20_000
ROUNDS = 3
NAIVE_SHARE = 10
"""The naive loop drains so many times fewer, for it takes that much longer."""
PART = 1_000
BATCH = 100
CALLS_AT_ONCE = 8
"""The default."""
FASTEST = 0.85
DELAY_MS = 50
SLOW_AT_ONCE = 25
SLOW_CALLS = SLOW_AT_ONCE * 1_000 / DELAY_MS
"""A second, where nothing but the platform takes time."""
SLOW_SHARE = 0.95
DEARER = 1.3
PEERS: Mapping[str, int] = {"litequeue": 5_000, "persist_queue": 3_000}
"""Messages, for they take long."""

TOKEN = "PETIOLE_BENCH_TOKEN"
FIELDS: Mapping[str, str] = {
    "firstname": "Jon",
    "gender": "Male",
    "first_purchase": "2020-01-19",
    "city": "Köln",
    "street": "Hohenzollernring 72, Hinterhaus",
    "loyalty_tier": "gold",
    "last_order": "Road-150 Red, 48",
    "newsletter": "weekly",
}
"""With the name and the identifier of 64 characters, about 300 bytes as JSON."""


class _Silent:
    """Is told, and says nothing."""

    def notify(self, event: Event) -> None:
        pass


def measure(*, quick: bool) -> Sequence[Line]:
    """Race the floor, then see what a slow platform changes."""
    profiles = QUICK_PROFILES if quick else PROFILES
    return list(_measured(profiles, rounds=1 if quick else ROUNDS))


def _measured(profiles: int, *, rounds: int) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as name, _as_on_the_command_line():
        folder = Path(name)
        ours, by_hand, naive = (folder / f"{one}.db" for one in ("ours", "floor", "naive"))
        _fill(ours, profiles)
        floor.fill(by_hand, _records(profiles))
        floor.fill(naive, _records(profiles // NAIVE_SHARE))
        took: dict[str, list[Took]] = {"floor": [], "petiole": []}
        for _ in range(rounds):
            took["floor"].append(_complete(floor.drain, by_hand, profiles))
            took["petiole"].append(_complete(_drain, ours, profiles))
        plodding = _complete(floor.drain_naively, naive, profiles // NAIVE_SHARE)
        yield from _peers()
        yield _rate_line("naive loop", profiles // NAIVE_SHARE, plodding)
        yield from _race(took, profiles)
        ours.unlink()
        _fill(ours, 2 * profiles)
        yield from _slow(ours, 2 * profiles, rounds=rounds)


def _race(took: Mapping[str, Sequence[Took]], profiles: int) -> Iterator[Line]:
    by_hand, ours = (median(one.seconds for one in runs) for runs in took.values())
    micros = {name: _micros(runs, profiles) for name, runs in took.items()}
    yield Line(what="floor by hand", figure=f"{profiles / by_hand:,.0f} profiles/s")
    yield Line(
        what=f"petiole drain, {profiles:,}",
        figure=f"{profiles / ours:,.0f} profiles/s",
        against=f"floor {profiles / by_hand:,.0f}/s",
        ratio=by_hand / ours,
        wanted=f"at least {FASTEST}",
        holds=by_hand / ours >= FASTEST,
    )
    yield Line(
        what="petiole drain, CPU",
        figure=f"{micros['petiole']:.1f} us/profile",
        against=f"floor {micros['floor']:.1f} us",
        ratio=micros["petiole"] / micros["floor"],
    )


def _slow(path: Path, profiles: int, *, rounds: int) -> Iterator[Line]:
    """Compare a platform that takes its time with one that answers at once."""
    at_once: list[Took] = []
    slow: list[Took] = []
    for _ in range(rounds):
        for delay_ms, runs in ((0, at_once), (DELAY_MS, slow)):
            runs.append(_complete(_drain_broadly, path, profiles, delay_ms=delay_ms))
    calls = profiles / BATCH / median(one.seconds for one in slow)
    yield Line(
        what=f"{DELAY_MS} ms, {SLOW_AT_ONCE} in flight",
        figure=f"{calls:,.0f} calls/s",
        against=f"nothing else {SLOW_CALLS:,.0f}/s",
        ratio=calls / SLOW_CALLS,
        wanted=f"at least {SLOW_SHARE}",
        holds=calls / SLOW_CALLS >= SLOW_SHARE,
    )
    cpu, cpu_at_once = _micros(slow, profiles), _micros(at_once, profiles)
    yield Line(
        what=f"{DELAY_MS} ms, CPU",
        figure=f"{cpu:.1f} us/profile",
        against=f"0 ms, {SLOW_AT_ONCE} in flight {cpu_at_once:.1f} us",
        ratio=cpu / cpu_at_once,
        wanted=f"at most {DEARER}",
        holds=cpu / cpu_at_once <= DEARER,
    )


def _peers() -> Iterator[Line]:
    for name, messages in PEERS.items():
        seconds = drained_apart(name, messages)
        yield Line(what=f"{name}, posts nothing", figure=f"{messages / seconds:,.0f} messages/s")


def _rate_line(what: str, profiles: int, took: Took) -> Line:
    return Line(what=what, figure=f"{profiles / took.seconds:,.0f} profiles/s")


def _micros(runs: Sequence[Took], profiles: int) -> float:
    return median(one.cpu_seconds for one in runs) / profiles * 1e6


def _complete(
    drain: Callable[[Path, str], Took], path: Path, profiles: int, *, delay_ms: float = 0
) -> Took:
    """Drain a copy of a full file into a sink of its own; see that all has arrived."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, running_sink(delay_ms) as url:
        copy = shutil.copy(path, folder)
        os.sync()  # the copy itself is not to be written while it is drained
        took = drain(Path(copy), url)
        arrived = counts(url).records
    if arrived != profiles:
        sys.exit(f"{drain.__name__} sent {arrived:,} of {profiles:,} profiles")
    sys.stderr.write(
        f"{drain.__name__}, {delay_ms} ms: {profiles / took.seconds:,.0f} profiles/s,"
        f" {took.cpu_seconds / profiles * 1e6:.1f} us CPU each\n"
    )
    return took


def _drain(path: Path, url: str, *, at_once: int = CALLS_AT_ONCE) -> Took:
    """Drain as the host does it, which holds so many batches that no worker waits for the disk."""
    clock, ahead = SystemClock(), batches_ahead(at_once, BATCH)
    context = AdapterContext(
        connection=NAME,
        identifier=IdentifierType.HASHED_EMAIL,
        settings=CanopyDeployBatchSettings(endpoint=url, token=Secret("env", TOKEN)),
    )
    with (
        patch.dict(os.environ, {TOKEN: "bench"}),
        open_store(path, clock=clock) as store,
        open_webhook_sink(context) as sink,
        ThreadWorkers[Delivery]({NAME: at_once}) as workers,
    ):
        relay = Relay(
            [Route(connection=NAME, sink=sink, max_in_flight=at_once, ahead=ahead)],
            outbox=store.outbox,
            states=store.states,
            bookkeeping=store.bookkeeping,
            workers=workers,
            clock=clock,
            chance=SystemChance(),
            observer=_Silent(),
        )
        with timed() as took:
            relay.drain(flush=True, patience=timedelta(seconds=10))
        return took


def _drain_broadly(path: Path, url: str) -> Took:
    return _drain(path, url, at_once=SLOW_AT_ONCE)


def _fill(path: Path, profiles: int) -> None:
    with open_store(path, clock=SystemClock()) as store:
        for start in range(0, profiles, PART):
            part = [_change(n) for n in range(start, min(start + PART, profiles))]
            store.outbox.enqueue(part, folding=True)


def _records(profiles: int) -> Iterator[bytes]:
    """Yield the very records that petiole posts."""
    settings = CanopyDeployBatchSettings(
        endpoint="https://127.0.0.1/hook", token=Secret("env", TOKEN)
    )
    wire = Wire(settings, IdentifierType.HASHED_EMAIL)
    for n in range(profiles):
        message = Message(id=MessageId(n), change=_change(n), enqueued_at=MOMENT, attempt=1)
        yield from wire.call([message]).records


def _change(n: int) -> ProfileChange:
    return added(n, Fields.of({**FIELDS, "lastname": f"Yang {n}"}))


@contextmanager
def _as_on_the_command_line() -> Iterator[None]:
    """Look for garbage as seldom as the command line does, on both sides."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_drain")
    parser.add_argument("profiles", type=int, nargs="?", default=PROFILES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    print(table(list(_measured(given.profiles, rounds=given.rounds))))


if __name__ == "__main__":
    main()
