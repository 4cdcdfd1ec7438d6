"""A server that knows no HTTP: every connection is handed to a script."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]


@contextmanager
def listening(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on loopback until the end of the block; yields the address to post to."""
    ending = threading.Event()
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if tls is None:
                script(connection)
                return
            with tls.wrap_socket(connection, server_side=True) as secured:
                connections.append(secured)
                script(secured)

    def accept() -> None:
        while not ending.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/hook"
        finally:
            ending.set()
            for open_one in (listener, *connections):
                with suppress(OSError):
                    open_one.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for it
                open_one.close()
            for thread in (accepting, *threads):
                thread.join()


def read_request(connection: socket.socket) -> bytes:
    """Read one request, and return its body; nothing when the client is gone."""
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(65536)
        if not block:
            return b""
        received += block
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Write a whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def gone(connection: socket.socket, *, seconds: float) -> bool:
    """Wait so long, or until the client hangs up; tell whether it did."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
