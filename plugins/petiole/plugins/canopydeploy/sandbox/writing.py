"""The last step of an answer: onto the wire, in a good manner or a bad one."""

import socket
import struct
import time
from typing import assert_never

from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Manner

FLOOD_BYTES = 300_000_000
"""The length of a body that nobody wants to read."""

_PART = b" " * 65_536
_MORE = getattr(socket, "MSG_MORE", 0)
"""The end goes out together with the answer, where the system can: so no call slips in between."""
_NO_LINGER = struct.pack("ii", 1, 0)


def promised(answer: Answer) -> int:
    """Return the length that the head of an answer tells."""
    match answer.manner:
        case Manner.LONG:
            return 2 * len(answer.body)
        case Manner.SHORT:
            return len(answer.body) // 2
        case Manner.FLOOD:
            return FLOOD_BYTES
        case _:
            return len(answer.body)


def write(answer: Answer, *, head: bytes, body: bytes, connection: socket.socket) -> bool:
    """Write an answer in its manner; tell whether the connection may serve another call."""
    match answer.manner:
        case Manner.WHOLE | Manner.SHORT:
            connection.sendall(head + body)
        case Manner.TRICKLE:
            _trickle(connection, head + body, pause=answer.seconds)
        case Manner.TRICKLE_BODY:
            connection.sendall(head)
            _trickle(connection, body, pause=answer.seconds)
        case Manner.LAST | Manner.MIDWAY | Manner.LONG | Manner.FLOOD | Manner.RAW:
            _write_last(answer, head=head, body=body, connection=connection)
            return False
        case Manner.CUT | Manner.RESET | Manner.HALF_CLOSED | Manner.SILENCE:
            _write_nothing(answer, connection)
            return False
        case _:
            assert_never(answer.manner)
    return True


def hang_up(connection: socket.socket) -> None:
    """Close both directions, which also wakes a thread that reads from it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster


def _write_last(answer: Answer, *, head: bytes, body: bytes, connection: socket.socket) -> None:
    """Write what ends with its connection."""
    match answer.manner:
        case Manner.MIDWAY:
            connection.sendall(head + body[: len(body) // 2])
        case Manner.LONG:
            connection.sendall(head + body)
            _hold(connection, answer.seconds)
        case Manner.FLOOD:
            connection.sendall(head)
            for _ in range(0, FLOOD_BYTES, len(_PART)):
                connection.sendall(_PART)
        case Manner.RAW:
            connection.sendall(body)
        case _:
            connection.sendall(head + body, _MORE)
    hang_up(connection)


def _write_nothing(answer: Answer, connection: socket.socket) -> None:
    """End a connection without a word."""
    match answer.manner:
        case Manner.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            # Closed here and now: the server would shut it down first, which is no reset.
            socket.close(connection.detach())
            return
        case Manner.HALF_CLOSED:
            connection.shutdown(socket.SHUT_WR)
            _hold(connection, answer.seconds)
        case Manner.SILENCE:
            _hold(connection, answer.seconds)
        case _:
            pass
    hang_up(connection)


def _trickle(connection: socket.socket, content: bytes, *, pause: float) -> None:
    for byte in content:
        connection.sendall(bytes((byte,)))
        time.sleep(pause)


def _hold(connection: socket.socket, seconds: float) -> None:
    """Say nothing for so long, or until the caller or a stop hangs up."""
    connection.settimeout(seconds)
    try:
        connection.recv(1)
    except TimeoutError:
        return
