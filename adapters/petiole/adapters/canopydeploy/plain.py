"""The short way over a kept connection: a request is written at once, a plain answer read at once.

Past httpcore and h11, which make most of the costs of a call (tests/benchmarks/bench_rest.py).
Plain is what no reader of HTTP can read in two ways: a yes of HTTP/1.1 in ASCII, its head in one
piece, of a length that is told and met. Everything else is theirs.
"""

import re
from typing import TypeAlias, cast

import httpcore
import httpx

from petiole.adapters.canopydeploy.deadline import Stream

MOST_BYTES = 1024 * 1024
"""Of a body that is read at once."""
_PART_BYTES = 64 * 1024

_HEAD = re.compile(
    rb"HTTP/1\.1 (?P<status>20[0-3]) (?P<reason>[ -~]*)\r\n"
    rb"(?P<lines>(?:[!#$%&'*+.^_`|~\w-]+:[ -~]*\r\n)+)\r\n"
)
_LENGTH = re.compile(rb"\d{1,9}")

_Headers: TypeAlias = list[tuple[bytes, bytes]]


def exchange(stream: Stream, request: httpx.Request) -> httpx.Response | None:
    """Send a request, and return its answer if that is plain.

    Otherwise let whoever sends the same request over the stream after that meet the same again:
    nothing is sent a second time, and the answer, or what happened instead of it, comes from the
    beginning.
    """
    written = _written(request)
    if written is None:
        return None
    read: list[bytes] = []
    happened: Exception | None = None
    try:
        stream.write(written)
        if answer := _plain(stream, read):
            return answer
    except httpcore.WriteError:
        pass  # there may be an answer nevertheless
    except (httpcore.TimeoutException, httpcore.ReadError) as error:
        happened = error
    stream.replay(b"".join(read), happened)
    return None


def _written(request: httpx.Request) -> bytes | None:
    """Write a request as h11 does; nothing if one of its headers could pass for two."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    head = b"\r\n".join(lines)
    if head.count(b"\n") + 1 != len(lines) or head.count(b"\r") + 1 != len(lines):
        return None
    return b"".join((head, b"\r\n\r\n", *cast("httpx.SyncByteStream", request.stream)))


def _plain(stream: Stream, read: list[bytes]) -> httpx.Response | None:
    """Read an answer, as long as it is plain; `read` gets whatever was read."""
    stream.await_more()
    read.append(stream.read(_PART_BYTES))
    head = _HEAD.match(read[0])
    headers = _headers(head["lines"]) if head else []
    length = _length(headers)
    if not head or length < 0:
        return None
    missing = head.end() + length - len(read[0])
    while missing > 0:
        read.append(stream.read(_PART_BYTES))
        if not read[-1]:
            return None
        missing -= len(read[-1])
    if missing:
        return None
    return httpx.Response(
        int(head["status"]),
        headers=headers,
        stream=httpx.ByteStream(b"".join(read)[head.end() :]),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": head["reason"]},
    )


def _headers(lines: bytes) -> _Headers:
    parts = (line.partition(b":") for line in lines.split(b"\r\n")[:-1])
    return [(name, value.strip(b" ")) for name, _, value in parts]


def _length(headers: _Headers) -> int:
    """Return how long the body is, or -1 if it is too long, or framed by anything but a length."""
    length = -1
    for name, value in headers:
        match name.lower():
            case b"content-length":
                if length >= 0 or not _LENGTH.fullmatch(value):
                    return -1
                length = int(value)
            case b"transfer-encoding" | b"upgrade":
                return -1
            case b"connection" if value.lower() != b"keep-alive":
                return -1
            case _:
                pass
    return length if length <= MOST_BYTES else -1
