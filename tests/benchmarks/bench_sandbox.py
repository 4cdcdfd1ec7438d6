"""Webhook calls per second that the twin takes, beside a bare http.server that echoes the body.

Each server is a process of its own on one core. The callers, on another core where there is one,
write bytes that were made before and only look for the end of the answer. `new` calls bring 20,000
profiles that the twin has not seen, a hundred at a time; `known` ones bring them again.
Run it with: python tests/benchmarks/bench_sandbox.py [calls]
"""

import json
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from petiole.plugins.canopydeploy.sandbox import running
from petiole.plugins.canopydeploy.sandbox.document import Document

BATCH = 100
BODIES = 200
THREADS = (1, 8)
TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
ASK = "spent"
ENDLESS = {"daily_quota": 10**9}


class _Echo(BaseHTTPRequestHandler):
    """The least that http.server can do with a body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        """Keep quiet, as the twin does."""


def _run_echo(line: Connection) -> None:
    _settle_on(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _tell(line, f"http://127.0.0.1:{server.server_port}/")


def _run_twin(line: Connection) -> None:
    _settle_on(0)
    with running(token=TOKEN) as sandbox:
        sandbox.platform.state.change(Document(ENDLESS, where="the settings"))
        _tell(line, sandbox.rest)


def _tell(line: Connection, address: str) -> None:
    """Tell the address, and then, each time that somebody asks, the CPU seconds spent so far."""
    line.send(address)
    with suppress(EOFError):
        while line.recv() == ASK:
            line.send(time.process_time())


def _settle_on(core: int) -> None:
    """Keep this thread, and those that it starts, on one core where the system lets us choose."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


@dataclass
class _Served:
    """A server: where it listens, and the line to its process."""

    address: str
    line: Connection

    def spent(self) -> float:
        self.line.send(ASK)
        seconds: float = self.line.recv()
        return seconds


@contextmanager
def _served(run: Callable[[Connection], None]) -> Iterator[_Served]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run, args=(theirs,))
    process.start()
    try:
        theirs.close()
        yield _Served(ours.recv(), ours)
    finally:
        ours.close()
        process.join()


def _body(call: int) -> bytes:
    records = [
        {
            "partnerNumber": 1020,
            "identifier": str(11_000 + call * BATCH + place),
            "identifierType": "CUSTOMER_ID",
            "segmentId": "4711",
            "segmentName": "Spring rebookers",
            "status": "NEW",
            "timestamp": "2026-03-02T08:20:41Z",
            "firstname": "Jon",
            "lastname": "Yang",
            "city": "Köln",
            "first_purchase": "2020-01-19",
        }
        for place in range(BATCH)
    ]
    return json.dumps(records, ensure_ascii=False).encode()


def _posts(address: str, bodies: Sequence[bytes]) -> list[bytes]:
    target = urlsplit(address)
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nAccept: */*\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: "
    ).encode()
    return [head + str(len(body)).encode() + b"\r\n\r\n" + body for body in bodies]


def _send(address: str, posts: Sequence[bytes]) -> None:
    """Post over one connection, one call after the other."""
    target = urlsplit(address)
    with socket.create_connection((target.hostname, target.port)) as connection:
        for post in posts:
            connection.sendall(post)
            received = connection.recv(1 << 17)
            head, _, body = received.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), received
            missing = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) - len(body)
            while missing:
                missing -= len(connection.recv(missing))


def _timed(server: _Served, bodies: Sequence[bytes], threads: int) -> tuple[float, float]:
    """Return calls per second, and the server's CPU microseconds per call."""
    posts = _posts(server.address, bodies)
    callers = [
        threading.Thread(target=_send, args=(server.address, posts[place::threads]))
        for place in range(threads)
    ]
    began, spent = time.perf_counter(), server.spent()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    seconds = time.perf_counter() - began
    return len(posts) / seconds, (server.spent() - spent) / len(posts) * 1e6


def main() -> None:
    """Measure turn by turn, so that both meet the same machine, and print a table."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    _settle_on(1)
    sys.stdout.write("callers  what    calls/s  server's CPU us/call\n")
    with _served(_run_echo) as echo, _served(_run_twin) as twin:
        for place, threads in enumerate(THREADS):
            new = [_body(place * BODIES + call) for call in range(BODIES)]
            known = list(islice(cycle(new), calls))
            plain = _timed(echo, known, threads)
            for name, server, part in (
                ("echo", echo, known),
                ("new", twin, new),
                ("known", twin, known),
            ):
                rate, cpu = plain if server is echo else _timed(server, part, threads)
                sys.stdout.write(f"{threads:7}  {name:5} {rate:9,.0f} {cpu:21.0f}\n")
                sys.stdout.write(f"         ratio {rate / plain[0]:9.2f} {cpu / plain[1]:21.2f}\n")


if __name__ == "__main__":
    main()
