"""Streams on which a call as a whole has an end.

httpx limits each read and each write. A server that hands out one byte at a time stays below such a
limit for ever, so here every wait is cut to what is left of the call's time.
"""

import select
import time
from collections.abc import Iterable
from ssl import SSLContext, SSLWantReadError, SSLWantWriteError
from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    from socket import socket

ENDS_AT = "ends_at"
"""The extension of a request that tells when its call is over, by the monotonic clock."""

_A_DAY_SECONDS = 86_400
"""Longer than that, the system cannot wait at once."""

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class Backend(httpcore.SyncBackend):
    """Opens streams for one thread, and keeps the last one; `ends_at` is when its call is over.

    Only looking up a name is not limited here, but by the system's resolver.
    """

    def __init__(self) -> None:
        self.ends_at = float("inf")
        self.stream: Stream | None = None

    def left(self, error: type[httpcore.TimeoutException]) -> float:
        """Return the seconds that are left of the call; raise the error if there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise error("the call as a whole took too long")
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within the time of the call."""
        limit = _shorter(timeout, self.left(httpcore.ConnectTimeout))
        inner = super().connect_tcp(host, port, limit, local_address, socket_options)
        self.stream = Stream(inner, self)
        return self.stream


class Stream(httpcore.NetworkStream):
    """A connection that never waits within a read or a write, but only for the next one.

    So each is one system call, and gives way to other threads once. The waits that httpcore asks
    for are those of the call, of which less is left here.
    """

    def __init__(self, inner: httpcore.NetworkStream, backend: Backend) -> None:
        self._inner = inner
        self._backend = backend
        self._socket: socket = inner.get_extra_info("socket")
        self._socket.settimeout(0)
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(self._socket, select.POLLOUT)
        self._replayed: tuple[bytes, Exception | None] | None = None
        self.read_at = time.monotonic()
        """When something was last received."""

    def replay(self, received: bytes, happened: Exception | None = None) -> None:
        """Let somebody do again what was done: write a request, which does nothing, and read this.

        What he reads beyond, if nothing happened, comes from the connection.
        """
        self._replayed = received, happened

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what there is, as soon as there is something."""
        del timeout
        if self._replayed is not None:
            received, happened = self._replayed
            self._replayed = (b"", happened) if received and happened else None
            if received:
                return received
            if happened:
                raise happened
        self._backend.left(httpcore.ReadTimeout)
        while True:
            try:
                received = self._socket.recv(max_bytes)
            except (BlockingIOError, SSLWantReadError):
                self.await_more()
            except SSLWantWriteError:
                self._wait(self._writable, httpcore.ReadTimeout)
            except OSError as error:
                raise httpcore.ReadError(str(error)) from error
            else:
                self.read_at = time.monotonic()
                return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything."""
        del timeout
        if self._replayed is not None:
            return
        self._backend.left(httpcore.WriteTimeout)
        rest = memoryview(buffer)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, SSLWantWriteError):
                self._wait(self._writable, httpcore.WriteTimeout)
            except SSLWantReadError:
                self._wait(self._readable, httpcore.WriteTimeout)
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def await_more(self) -> None:
        """Wait until the network has something; not for what TLS has unpacked already."""
        self._wait(self._readable, httpcore.ReadTimeout)

    def is_quiet(self) -> bool:
        """Tell whether nothing came and nobody hung up: what else an idle connection is good for.

        Reads what came, so that a connection which is not quiet is good for nothing any more.
        """
        try:
            self._socket.recv(1)
        except (BlockingIOError, SSLWantReadError):  # TLS may have had words of its own
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Agree on TLS within the time of the call."""
        limit = _shorter(timeout, self._backend.left(httpcore.ConnectTimeout))
        inner = self._inner.start_tls(ssl_context, server_hostname, limit)
        self._backend.stream = Stream(inner, self._backend)
        return self._backend.stream

    def get_extra_info(self, info: str) -> object:
        """Tell what httpcore wants to know."""
        return not self.is_quiet() if info == "is_readable" else self._inner.get_extra_info(info)

    def _wait(self, event: select.poll, error: type[httpcore.TimeoutException]) -> None:
        left = self._backend.left(error)
        if not event.poll(min(left, _A_DAY_SECONDS) * 1000) and left <= _A_DAY_SECONDS:
            raise error("timed out")


def _shorter(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)
