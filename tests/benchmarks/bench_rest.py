"""CPU time of the webhook sink beside a plain httpx loop that posts the same bodies.

The platform is a process of its own that echoes, with an id in every record or without, and does
nothing else. Each is measured alone, with several threads, and with these beside a thread that
writes to SQLite and wants the GIL as they do; of a few rounds, taken turn by turn so that all meet
the same machine, the cheapest counts.
Run it with: python tests/benchmarks/bench_rest.py [profiles]
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import httpx

from petiole.adapters.canopydeploy.rest import open_webhook_sink
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.wire import Wire
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.hooks import AdapterContext, Secret

BATCH = 100
THREADS = 4
ROUNDS = 5
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
TOKEN_VARIABLE = "BENCH_TOKEN"
CITIES = ("Amsterdam", "Köln", "Antwerpen", "Rotterdam", "Hamburg", "Utrecht", "Gent", "Münster")
ID = b',"clang_id":"clang_88213"'


class _Platform(asyncio.Protocol):
    """Echoes records, below /ids with an id in each; knows just enough HTTP for that."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._received = body[length:]
            answer = body[:length]
            if head.startswith(b"POST /ids "):
                answer = answer.replace(b"},\n", ID + b"},").replace(b"}]", ID + b"}]")
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(answer)).encode()
                + b"\r\n\r\n"
                + answer
            )


async def _serve(port: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(_Platform, "127.0.0.1", 0)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run_platform(port: Connection) -> None:
    asyncio.run(_serve(port))


@contextmanager
def _platform() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run_platform, args=(theirs,))
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _fields(number: int) -> Fields:
    """Make the fields of one profile, 300 bytes of them."""
    return Fields.of(
        {
            "city": CITIES[number % len(CITIES)],
            "country": "Nederland",
            "customer_group": "returning",
            "first_purchase": "2020-01-19",
            "firstname": "Jon",
            "fullname": f"Jon Yang {number}",
            "gender": "Male",
            "language": "nl",
            "last_destination": "Lisboa",
            "last_order": "2026-02-11",
            "lastname": "Yang",
            "newsletter": True,
            "orders": number % 40,
            "revenue": number * 18.5,
            "tier": "gold",
        }
    )


def _messages(count: int) -> list[Message]:
    scope = Scope(
        account=AccountName("bench"),
        connection=ConnectionName("bench"),
        segment=SegmentId("4711"),
    )
    return [
        Message(
            MessageId(number),
            ProfileChange(
                scope=scope,
                identifier=Identifier.customer_id(str(11_000 + number)),
                kind=ChangeKind.ADD,
                occurred_at=MOMENT,
                fields=_fields(number),
            ),
            1,
            MOMENT,
        )
        for number in range(count)
    ]


@dataclass(frozen=True, slots=True, order=True)
class _Cost:
    """CPU microseconds per profile of the threads that send, and profiles per second."""

    cpu: float
    rate: float


def _measured(work: Callable[[], object], *, calls: int, threads: int) -> _Cost:
    spent: list[float] = []

    def run() -> None:
        work()  # connects
        began = time.thread_time()
        for _ in range(calls // threads):
            work()
        spent.append(time.thread_time() - began)

    runners = [threading.Thread(target=run) for _ in range(threads)]
    began = time.perf_counter()
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    profiles = calls // threads * threads * BATCH
    return _Cost(sum(spent) / profiles * 1e6, profiles / (time.perf_counter() - began))


@contextmanager
def _busy_with_sqlite() -> Iterator[None]:
    """Keep a thread writing, one transaction after the other."""
    over = threading.Event()

    def write() -> None:
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, text TEXT)")
        while not over.is_set():
            rows = [(number, f"letter {number}") for number in range(BATCH)]
            with database:
                database.executemany("INSERT OR REPLACE INTO letters VALUES (?, ?)", rows)
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def _plain_loop(url: str, body: bytes) -> Callable[[], object]:
    mine = threading.local()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer bench"}
    tls = httpx.create_ssl_context()

    def post() -> object:
        if not hasattr(mine, "client"):
            mine.client = httpx.Client(headers=headers, verify=tls, trust_env=False)
        return json.loads(mine.client.post(url, content=body).content)

    return post


def _compare(url: str, messages: list[Message], *, calls: int) -> None:
    """Measure against one address, and print a row for each setting."""
    settings = CanopyDeployBatchSettings(endpoint=url, token=Secret("env", TOKEN_VARIABLE))
    body = Wire(settings, IdentifierType.CUSTOMER_ID).call(messages).body
    context = AdapterContext(
        connection=ConnectionName("bench"),
        identifier=IdentifierType.CUSTOMER_ID,
        settings=settings,
    )
    answer = url.rpartition("/")[2]
    with open_webhook_sink(context) as sink:
        work = {"plain": _plain_loop(url, body), "sink": lambda: sink.deliver(messages)}
        for threads, beside in ((1, ""), (THREADS, ""), (THREADS, "SQLite")):
            costs: dict[str, list[_Cost]] = {name: [] for name in work}
            with _busy_with_sqlite() if beside else nullcontext():
                for _, (name, each) in itertools.product(range(ROUNDS), work.items()):
                    costs[name].append(_measured(each, calls=calls, threads=threads))
            for name, found in costs.items():
                best = min(found)
                print(
                    f"{answer:6}  {threads:7}  {beside:6}  {name:5} "
                    f"{best.rate:11,.0f} {best.cpu:15.2f}"
                )


def main() -> None:
    """Measure, and print a table."""
    calls = int(sys.argv[1]) // BATCH if len(sys.argv) > 1 else 400
    os.environ[TOKEN_VARIABLE] = "bench"
    messages = _messages(BATCH)
    print("answer  threads  beside  what   profiles/s  CPU us/profile")
    with _platform() as url:
        for answer in ("echo", "ids"):
            _compare(f"{url}/{answer}", messages, calls=calls)


if __name__ == "__main__":
    main()
