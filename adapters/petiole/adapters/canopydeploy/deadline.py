"""Connections on which a call as a whole has an end.

httpx limits each read and each write. A server that hands out one byte at a time stays below such a
limit for ever, so here every wait is cut to what is left of the call's time.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    from socket import socket

    import h11

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)

_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))


@contextmanager
def total_deadline(seconds: float) -> Iterator[None]:
    """Limit everything that this thread does on the connections below."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport on such connections.

    Only looking up a name is not limited here, but by the system's resolver.
    """

    def __init__(self, *, tls: SSLContext, limits: httpx.Limits) -> None:
        super().__init__(verify=tls, limits=limits)
        # httpx offers no way to hand in a network backend, httpcore does. Recorders recognise only
        # an HTTPTransport, so this stays one. httpx is held below 0.29, and the tests' trickling
        # server shows whether this still works.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a connection that nothing is left on.

        What came beyond the end of an answer would pass for the answer to the next call. httpcore
        looks for it on the socket, but not among the bytes that it has read already.
        """
        for connection in self._pool.connections:
            if connection.is_idle() and _leftover(connection):
                connection.close()
        return super().handle_request(request)


def _leftover(connection: httpcore.ConnectionInterface) -> bytes:
    """Return what an idle connection has read beyond the end of its last answer.

    httpcore keeps that to itself; the test of an answer that comes twice shows whether it is still
    found here.
    """
    inner = getattr(connection, "_connection", None)
    parser: h11.Connection | None = getattr(inner, "_h11_state", None)
    return parser.trailing_data[0] if parser else b""


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Return the shorter one of a wait and of what is left of the call."""
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise error("the call as a whole took too long")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, limit, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._socket: socket = inner.get_extra_info("socket")

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Not the inner stream's: it grants each part of the buffer the whole wait again.
        rest = memoryview(buffer)
        try:
            while rest:
                self._socket.settimeout(_left(timeout, httpcore.WriteTimeout))
                rest = rest[self._socket.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
