"""Profiles per second of the webhook sink beside a plain httpx loop that posts the same bodies.

The platform is a process of its own that adds an id to every record and does nothing else.
Run it with: python tests/benchmarks/bench_rest.py [profiles]
"""

import asyncio
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
THREADS = 8
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
TOKEN_VARIABLE = "BENCH_TOKEN"


class _Platform(asyncio.Protocol):
    """Echoes records with an id; knows just enough HTTP for that."""

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
            answer = body[:length].replace(b"},\n", b',"clang_id":"clang_88213"},')
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
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.terminate()
        process.join()


def _messages(count: int) -> list[Message]:
    scope = Scope(
        account=AccountName("bench"),
        connection=ConnectionName("bench"),
        segment=SegmentId("4711"),
    )
    fields = Fields.of(
        {
            "firstname": "Jon",
            "lastname": "Yang",
            "fullname": "Jon Yang",
            "gender": "Male",
            "first_purchase": "2020-01-19",
            "city": "Köln",
        }
    )
    return [
        Message(
            MessageId(number),
            ProfileChange(
                scope=scope,
                identifier=Identifier.customer_id(str(11_000 + number)),
                kind=ChangeKind.ADD,
                occurred_at=MOMENT,
                fields=fields,
            ),
            1,
            MOMENT,
        )
        for number in range(count)
    ]


def _timed(work: Callable[[], object], *, calls: int, threads: int) -> tuple[float, float]:
    """Return profiles per second, and this process's CPU time in microseconds per profile."""

    def run() -> None:
        for _ in range(calls // threads):
            work()

    runners = [threading.Thread(target=run) for _ in range(threads)]
    began, cpu = time.perf_counter(), time.process_time()
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    profiles = calls // threads * threads * BATCH
    return (
        profiles / (time.perf_counter() - began),
        (time.process_time() - cpu) / profiles * 1e6,
    )


def _plain_loop(url: str, body: bytes) -> Callable[[], object]:
    mine = threading.local()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer bench"}
    tls = httpx.create_ssl_context()

    def post() -> object:
        if not hasattr(mine, "client"):
            mine.client = httpx.Client(headers=headers, verify=tls, trust_env=False)
        return json.loads(mine.client.post(url, content=body).content)

    return post


def main() -> None:
    """Measure, turn by turn so that both meet the same machine, and print a table."""
    calls = int(sys.argv[1]) // BATCH if len(sys.argv) > 1 else 2_000
    os.environ[TOKEN_VARIABLE] = "bench"
    messages = _messages(BATCH)
    with _platform() as url:
        settings = CanopyDeployBatchSettings(endpoint=url, token=Secret("env", TOKEN_VARIABLE))
        wire = Wire(settings, IdentifierType.CUSTOMER_ID)
        plain = _plain_loop(url, wire.call(messages).body)
        context = AdapterContext(
            connection=ConnectionName("bench"),
            identifier=IdentifierType.CUSTOMER_ID,
            settings=settings,
        )
        sys.stdout.write("threads  what   profiles/s  CPU us/profile\n")
        with open_webhook_sink(context) as sink:
            for threads in (1, THREADS):
                for _ in range(2):
                    slow = _timed(plain, calls=calls, threads=threads)
                    ours = _timed(lambda: sink.deliver(messages), calls=calls, threads=threads)
                    for name, (rate, cpu) in (("plain", slow), ("sink", ours)):
                        sys.stdout.write(f"{threads:7}  {name:5} {rate:11,.0f} {cpu:15.2f}\n")
                    sys.stdout.write(f"         ratio {ours[0] / slow[0]:11.2f}\n")


if __name__ == "__main__":
    main()
