"""The connection that a thread keeps between its calls."""

import logging
import time
from ssl import SSLContext
from types import FunctionType
from typing import TYPE_CHECKING

import httpcore
import httpx

from petiole.adapters.canopydeploy import plain
from petiole.adapters.canopydeploy.deadline import ENDS_AT, Backend

if TYPE_CHECKING:
    import h11

KEPT_SECONDS = 30
"""How long a connection is kept that nobody uses."""

_LOGGER = logging.getLogger("httpcore.http11")


class KeptTransport(httpx.HTTPTransport):
    """httpx's own transport on one connection, for one thread.

    Expects `ENDS_AT` in the extensions of each request.
    """

    def __init__(self, *, tls: SSLContext) -> None:
        super().__init__(verify=tls)
        # httpx offers no way to hand in a network backend, httpcore does. Recorders recognise only
        # an HTTPTransport, so this stays one. httpx is held below 0.29, and the tests' trickling
        # server shows whether this still works.
        self._backend = Backend()
        self._pool: _Pool = _Pool(tls, self._backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send on the connection that is there, if it is sound, otherwise on a new one."""
        self._backend.ends_at = request.extensions[ENDS_AT]
        connection = self._pool.kept = self._sound()
        if connection and self._backend.stream and not _is_watched():
            try:
                answer = plain.exchange(self._backend.stream, request)
            except BaseException:
                connection.close()
                raise
            if answer:
                return answer
        return super().handle_request(request)

    def _sound(self) -> httpcore.ConnectionInterface | None:
        """Return the idle connection, if there is one and nothing is left on it.

        What came beyond the end of an answer would pass for the answer to the next call.
        """
        for connection in self._pool.connections:
            if connection.is_closed() or not connection.is_idle():
                continue
            if not _leftover(connection) and self._is_fresh():
                return connection
            connection.close()
        return None

    def _is_fresh(self) -> bool:
        stream = self._backend.stream
        if stream is None or time.monotonic() - stream.read_at > KEPT_SECONDS:
            return False
        return stream.is_quiet()


class _Pool(httpcore.ConnectionPool):
    """Opens one connection; one that is known to be sound is used without searching for it."""

    kept: httpcore.ConnectionInterface | None = None

    def __init__(self, tls: SSLContext, backend: Backend) -> None:
        super().__init__(
            ssl_context=tls,
            max_connections=1,
            max_keepalive_connections=1,
            network_backend=backend,
        )

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        if self.kept:
            return self.kept.handle_request(request)
        return super().handle_request(request)


def _is_watched() -> bool:
    """Tell whether somebody wants to see each call: httpcore's lines, or a recorder's cassette.

    Recorders and tracers put something of their own in the place of httpx's method.
    """
    method = httpx.HTTPTransport.handle_request
    home = method.__globals__["__name__"] if type(method) is FunctionType else ""
    return not home.startswith("httpx.") or _LOGGER.isEnabledFor(logging.DEBUG)


def _leftover(connection: httpcore.ConnectionInterface) -> bytes:
    """Return what an idle connection has read beyond the end of its last answer.

    httpcore keeps that to itself; the test of an answer that comes twice shows whether it is still
    found here.
    """
    inner = getattr(connection, "_connection", None)
    parser: h11.Connection | None = getattr(inner, "_h11_state", None)
    return parser.trailing_data[0] if parser else b""
