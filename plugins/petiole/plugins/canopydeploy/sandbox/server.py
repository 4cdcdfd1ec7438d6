"""The HTTP/1.1 server in front of the twin: sockets in, exchanges out."""

import socket
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Request, error_answer
from petiole.plugins.canopydeploy.sandbox.writing import hang_up, promised, write

MOST_BODY_BYTES = 64 * 1024 * 1024
"""A longer body is not even read; the platform's own limit is a setting far below."""

STOP_SECONDS = 0.8
"""How long a stop waits for the threads of closed connections, so that it stays within 1 s."""

POLL_SECONDS = 0.05

BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""What HTTP answers without a body, and without its length."""

REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingHTTPServer):
    """Answers every request with `respond`, one thread per connection, until it is stopped."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512  # the default of 5 refuses connections under load

    def __init__(self, host: str, port: int, *, respond: Callable[[Request], Answer]) -> None:
        self.respond = respond
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__((host, port), _Connection)

    def server_bind(self) -> None:
        """Bind without asking a resolver for the host's name, which can take seconds."""
        TCPServer.server_bind(self)
        host, port = self.socket.getsockname()[:2]
        self.server_name, self.server_port = str(host), int(port)

    @property
    def address(self) -> str:
        """Host and port, as a URL writes them."""
        return f"{self.server_name}:{self.server_port}"

    def run(self) -> None:
        """Serve until another thread calls `stop`."""
        self.serve_forever(poll_interval=POLL_SECONDS)

    def stop(self) -> None:
        """Stop listening, hang up on every connection and wait briefly for their threads."""
        self.shutdown()
        self.server_close()
        with self._guard:
            left = dict(self._open)
        for connection in left:
            hang_up(connection)
        deadline = time.monotonic() + STOP_SECONDS
        for thread in left.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, so that a stop can hang up on it."""
        with self._guard:
            self._open[connection] = threading.current_thread()

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._guard:
            self._open.pop(connection, None)

    def handle_error(self, request: object, client_address: object) -> None:
        """Show a failure of the twin itself; a caller that went away is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # passed on as it came


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept alive over many exchanges."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True  # else an answer in two packets waits 40 ms for the first's ack

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        """Keep quiet: the ledger is the log."""

    def _exchange(self) -> None:
        body = self._read_body()
        if body is None:
            self._refuse(413, "the body is too large to be read")
            return
        try:
            target = urlsplit(self.path)
        except ValueError:
            self._refuse(400, "the address makes no sense")
            return
        request = Request(
            method=self.command,
            path=unquote(target.path),
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            host=self.headers.get("Host") or self.server.address,
            peer=self.client_address[0],
        )
        self._write(self.server.respond(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange  # noqa: N815 - the inherited names

    def _refuse(self, status: int, message: str) -> None:
        """Answer what cannot be a request, and close the connection."""
        self.close_connection = True
        self._write(error_answer(status, message))

    def _read_body(self) -> bytes | None:
        """Read the body, or answer None if it is too long or its length makes no sense."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return None
        return self._read(int(length))

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(64).split(b";")[0], 16)
            except ValueError:
                return None
            if not 0 <= size <= MOST_BODY_BYTES - len(body):
                return None
            body += self._read(size)
            if size == 0:
                break
            self.rfile.readline(3)
        while self.rfile.readline(1024).strip():
            """Trailers carry nothing that the platform reads."""
        return bytes(body)

    def _read(self, size: int) -> bytes:
        """Read so many bytes; a caller that dies half-way has not made a call."""
        part = self.rfile.read(size)
        if len(part) < size:
            raise ConnectionResetError
        return part

    def _write(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" or answer.status in BODILESS else answer.body
        if not write(answer, head=self._head(answer), body=body, connection=self.connection):
            self.close_connection = True

    def _head(self, answer: Answer) -> bytes:
        lines = [
            f"{self.protocol_version} {answer.status} {REASONS.get(answer.status, 'Unnamed')}",
            f"Server: {self.server_version}",
            f"Date: {self.date_time_string()}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        if answer.status not in BODILESS:
            lines.append(f"Content-Length: {promised(answer)}")
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")
