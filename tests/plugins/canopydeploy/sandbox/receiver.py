"""A receiver of interactions on loopback: it keeps every call, and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, kw_only=True)
class Call:
    connection: int
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def interactions(self) -> list[Any]:
        found: list[Any] = json.loads(self.body)["interactions"]
        return found

    @property
    def event(self) -> str:
        """The event's id; empty if the call is malformed."""
        try:
            return str(self.interactions[0]["eventId"])
        except (ValueError, LookupError, TypeError, RecursionError):
            return ""


@dataclass
class Receiver:
    """`answer` gives a status, or None to hang up without one.

    `hangs_up` closes the connection after each answer, which does not say so.
    """

    answer: Callable[[Call], int | None] = lambda _: 200
    calls: list[Call] = field(default_factory=list)
    url: str = ""
    hangs_up: bool = False

    def events(self) -> list[str]:
        return [call.event for call in self.calls]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            target = urlsplit(self.path)
            call = Call(
                connection=self.client_address[1],
                path=target.path,
                query=parse_qs(target.query, keep_blank_values=True),
                headers=dict(self.headers.items()),
                body=self.rfile.read(int(self.headers["Content-Length"])),
            )
            receiver.calls.append(call)
            status = receiver.answer(call)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.close_connection = receiver.hangs_up

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Keep quiet: a sender that is stopped hangs up in the middle of a call."""

    server = Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
