"""A sink on loopback that answers at once, as cheaply as Python can, in a process of its own.

It answers every POST with the very body that it received, and every GET with what it has counted.
One call at a time is read from a connection, as clients of HTTP/1.1 send them.
By hand: python tests/benchmarks/sink.py [milliseconds]; it ends with its standard input.
"""

import heapq
import json
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

BUFFER_BYTES = 262_144
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a sink has received since it started, and the CPU time that this took."""

    calls: int
    records: int
    """Objects, nested ones and braces inside of texts included."""
    cpu_seconds: float


@contextmanager
def running_sink(delay_ms: float = 0) -> Iterator[str]:
    """Run a sink and yield its URL; each call is answered so long after it has arrived."""
    command = [sys.executable, "-I", str(Path(__file__).resolve()), str(delay_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.terminate()


def counts(url: str) -> Counts:
    """Ask a sink what it has counted; it listens on loopback, whatever proxy is set."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url) as answer:
        return Counts(**json.load(answer))


class _Sink:
    """The listening socket, its connections, and the answers that are not due yet."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        # epoll rounds waits up to whole milliseconds: the platform would be slower than told.
        self._selector = selectors.SelectSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.settimeout(0)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._calls = 0
        self._records = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/hook"

    def serve(self, stop: int) -> None:
        """Answer until the other end of the given pipe is closed."""
        self._selector.register(stop, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(self._next_due()):
                if key.data is None:
                    return
                key.data()
            while self._later and self._later[0][0] <= time.monotonic():
                heapq.heappop(self._later)[2]()

    def count(self, records: int) -> None:
        """Add a call of so many records."""
        self._calls += 1
        self._records += records

    def counted(self) -> bytes:
        """Tell what was counted, as JSON."""
        told = {
            "calls": self._calls,
            "records": self._records,
            "cpu_seconds": time.process_time(),
        }
        return json.dumps(told).encode()

    def answer(self, reply: Callable[[], None]) -> None:
        """Answer a call, now or when it is due."""
        if self._delay_seconds:
            due = time.monotonic() + self._delay_seconds
            heapq.heappush(self._later, (due, next(self._order), reply))
        else:
            reply()

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            accepted, _ = self._listener.accept()
            accepted.settimeout(0)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(accepted, self._selector, self)
            self._selector.register(accepted, selectors.EVENT_READ, connection.receive)

    def _next_due(self) -> float | None:
        return max(0, self._later[0][0] - time.monotonic()) if self._later else None


class _Connection:
    """Collects a call in a buffer that stays, and answers out of it; knows just enough HTTP."""

    def __init__(
        self, accepted: socket.socket, selector: selectors.BaseSelector, sink: _Sink
    ) -> None:
        self._socket = accepted
        self._selector = selector
        self._sink = sink
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._body = 0
        """Where the body begins; 0 while the head is incomplete."""
        self._end = 0
        self._unsent: Sequence[memoryview] = ()

    def receive(self) -> None:
        """Read what has arrived, and see to the call once it is complete."""
        try:
            received = self._socket.recv_into(self._view[self._filled :])
        except BlockingIOError:
            return
        except ConnectionError:
            received = 0
        self._filled += received
        if not received:
            self._close()
        elif self._body or self._head_read():
            if self._filled >= self._end:
                self._called()
            elif self._filled == len(self._buffer):
                self._grow(self._end)

    def _head_read(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, self._filled)
        if end >= 0:
            self._body = end + 4
            self._end = self._body + _body_bytes(bytes(self._view[:end]))
        return end >= 0

    def _grow(self, size: int) -> None:
        """Make room for a body of this size."""
        grown = bytearray(size)
        grown[: self._filled] = self._view[: self._filled]
        self._buffer, self._view = grown, memoryview(grown)

    def _called(self) -> None:
        if self._buffer.startswith(b"GET"):
            self._send(memoryview(self._sink.counted()))
        else:
            body, end = self._body, self._end
            self._sink.answer(self._echo)
            self._sink.count(self._buffer.count(b"{", body, end))

    def _echo(self) -> None:
        self._send(self._view[self._body : self._end])

    def _send(self, body: memoryview) -> None:
        """Send an answer; what the socket does not take at once follows as it can."""
        self._filled = self._body = 0
        self._unsent = [memoryview(ANSWER % len(body)), body]
        self._flush()
        if self._unsent and self._open():
            self._selector.modify(self._socket, selectors.EVENT_WRITE, self._go_on)

    def _go_on(self) -> None:
        self._flush()
        if not self._unsent and self._open():
            self._selector.modify(self._socket, selectors.EVENT_READ, self.receive)

    def _flush(self) -> None:
        try:
            sent = self._socket.sendmsg(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._close()
            return
        rest = []
        for part in self._unsent:
            if sent < len(part):
                rest.append(part[sent:])
            sent = max(0, sent - len(part))
        self._unsent = rest

    def _open(self) -> bool:
        return self._socket.fileno() >= 0

    def _close(self) -> None:
        if self._open():
            self._selector.unregister(self._socket)
            self._socket.close()


def _body_bytes(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def main() -> None:
    """Serve until standard input ends."""
    sink = _Sink(float(sys.argv[1]) / 1_000 if len(sys.argv) > 1 else 0)
    print(sink.url, flush=True)
    sink.serve(sys.stdin.fileno())


if __name__ == "__main__":
    main()
