"""A connection that takes one call at a time, and never blocks."""

import errno
import socket
from dataclasses import dataclass

MOST_ANSWER_BYTES = 256 * 1024
"""A longer answer is none."""

READ_BYTES = 65_536

NEW_CALL_STATUSES = range(100, 200)
BODILESS = frozenset({204, 304})


class NoAnswer(Exception):
    """The call was not answered in HTTP, and the connection is of no more use."""


class NoConnection(NoAnswer):
    """Nobody is there, so that the next call would meet with the same."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, and whether the connection stays."""

    status: int
    stays: bool


class Line:
    """A connection to a receiver, opened when it is first used.

    `is_used` tells whether a call was answered on it, which is when a server may have closed it.
    """

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_used = False
        self._out = b""
        self._in = b""
        self._is_connected = False
        status = self.socket.connect_ex((host, port))
        if status not in {0, errno.EINPROGRESS}:
            self.socket.close()
            raise NoConnection(errno.errorcode.get(status, str(status)))

    def send(self, call: bytes) -> bool:
        """Begin a call; True if all of it is on its way, else call `flush` when it can be written.

        Raises:
            NoAnswer: The connection is gone.
        """
        self._out = call
        return self._is_connected and self.flush()

    def flush(self) -> bool:
        """Go on with a call; True as for `send`."""
        if not self._is_connected:
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise NoConnection("connection refused")
            self._is_connected = True
        try:
            sent = self.socket.send(self._out)
        except BlockingIOError:
            return False
        except OSError as problem:
            raise NoAnswer(str(problem)) from None
        self._out = self._out[sent:]
        return not self._out

    def read(self) -> Reply | None:
        """Read what there is; None until the answer is whole.

        Raises:
            NoAnswer: The connection is gone, or this is no HTTP.
        """
        try:
            part = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as problem:
            raise NoAnswer(str(problem)) from None
        self._in += part
        reply = _reply(self._in, ended=not part)
        if reply is None and (not part or len(self._in) > MOST_ANSWER_BYTES):
            raise NoAnswer("the answer is cut off" if not part else "the answer is too long")
        if reply:
            # A call is answered once, so whatever is left belongs to nothing.
            self._in = b""
            self.is_used = True
        return reply

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def _reply(received: bytes, *, ended: bool) -> Reply | None:
    """Read an answer, if it is whole."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, body = received[:end].lower(), received[end + 4 :]
    if not head.startswith(b"http/1.") or not head[9:12].isdigit():
        raise NoAnswer("the answer is no HTTP")
    status = int(head[9:12])
    if status in NEW_CALL_STATUSES:
        return _reply(body, ended=ended)
    stays = b"\r\nconnection: close" not in head and head.startswith(b"http/1.1")
    if status in BODILESS:
        return Reply(status, stays)
    length = head.find(b"\r\ncontent-length:")
    if length >= 0:
        text = head[length + 17 :].partition(b"\r\n")[0].strip()
        if not text.isdigit():
            raise NoAnswer("the length of the answer makes no sense")
        return Reply(status, stays) if len(body) >= int(text) else None
    if b"\r\ntransfer-encoding: chunked" in head:
        whole = body.startswith(b"0\r\n") or b"\r\n0\r\n" in body
        return Reply(status, stays) if whole and body.endswith(b"\r\n\r\n") else None
    return Reply(status, stays=False) if ended else None
