"""A server on loopback that gives every call one and the same answer, at once."""

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


def _nothing() -> None:
    """Nobody wants to know."""


class _Answering(asyncio.Protocol):
    """Knows just enough HTTP for calls that come one after the other."""

    def __init__(self, answer: bytes, arrived: Callable[[], None]) -> None:
        self._answer = answer
        self._arrived = arrived
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if found and len(body) >= length:
            self._received = body[length:]
            self._arrived()
            self._transport.write(self._answer)


def _whole(body: bytes, media: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(
    answer: bytes, arrived: Callable[[], None], announce: Callable[[int], None]
) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Answering(answer, arrived), "127.0.0.1", 0
    )
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(answer: bytes, port: Connection) -> None:
    asyncio.run(_serve(answer, _nothing, port.send))


@contextmanager
def answering_process(body: bytes, media: str) -> Iterator[str]:
    """Run it as a process of its own, and yield its address."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(_whole(body, media), theirs), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


@contextmanager
def answering_thread(body: bytes, media: str, arrived: Callable[[], None]) -> Iterator[str]:
    """Run it in a thread, and yield its address; `arrived` is told of every whole call."""
    loop = asyncio.new_event_loop()
    port: list[int] = []
    there = threading.Event()

    def announce(number: int) -> None:
        port.append(number)
        there.set()

    def serve() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_serve(_whole(body, media), arrived, announce))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    there.wait()
    yield f"http://127.0.0.1:{port[0]}/"
