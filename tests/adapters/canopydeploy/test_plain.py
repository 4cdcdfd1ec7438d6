"""The short way reads what h11 reads, or leaves it to h11 as if nothing had been read."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.canopydeploy import plain
from petiole.adapters.canopydeploy.deadline import Backend, Stream

BODY = b'[{"identifier":"11001"}]'
REQUEST = httpx.Request("POST", "http://example.org/hook?x=%20", content=BODY)


class Line:
    """The socket of a stream: takes everything, and gives part by part what comes."""

    def __init__(self, parts: Sequence[bytes], ready: socket.socket) -> None:
        self._parts = [part for part in parts if part]
        self._ready = ready
        self.sent = b""

    def settimeout(self, seconds: float) -> None:
        pass

    def fileno(self) -> int:
        return self._ready.fileno()

    def send(self, data: bytes) -> int:
        self.sent += data
        return len(data)

    def recv(self, size: int) -> bytes:
        return self._parts.pop(0) if self._parts else b""


class Inner(httpcore.NetworkStream):
    """What a stream is made of."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def get_extra_info(self, info: str) -> Line:
        return self._line

    def close(self) -> None:
        pass


@contextmanager
def stream(parts: Sequence[bytes]) -> Iterator[tuple[Stream, Line]]:
    ready, other = socket.socketpair()
    with ready, other:
        other.send(b"x")
        line = Line(parts, ready)
        yield Stream(Inner(line), Backend()), line


def read_by_httpcore(made: Stream, request: httpx.Request = REQUEST) -> object:
    """Send and read with httpcore alone: status, headers and body, or what it raises."""
    core = httpcore.Request(
        request.method,
        httpcore.URL(str(request.url)),
        headers=request.headers.raw,
        content=request.stream,
    )
    connection = httpcore.HTTP11Connection(core.url.origin, made)
    try:
        answer = connection.handle_request(core)
        body = answer.read()
        answer.close()
    except httpcore.RemoteProtocolError as error:
        return type(error)
    surplus = connection._h11_state.trailing_data[0] if connection.is_idle() else b""
    return answer.status, answer.headers, body, connection.is_idle() and not surplus


def answered(body: bytes, *lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    head = [status, f"Content-Length: {len(body)}", *lines]
    return "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + body


def test_request_is_written_as_h11_writes_it() -> None:
    with stream([answered(b"")]) as (short, line), stream([answered(b"")]) as (long, other):
        plain.exchange(short, REQUEST)
        read_by_httpcore(long)

    assert line.sent == other.sent


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\rb", "a\r\n\r\nGET / HTTP/1.1"])
def test_header_that_could_pass_for_two_is_not_written(value: str) -> None:
    request = httpx.Request("POST", "http://example.org/", content=BODY, headers={"X-One": value})

    with stream([answered(b"")]) as (made, line):
        assert plain.exchange(made, request) is None
        with pytest.raises(httpcore.LocalProtocolError):
            read_by_httpcore(made, request)

    assert line.sent == b""


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Type: application/json", "Date: Mon, 02 Mar 2026 08:20:41 GMT"],
        ["Connection: keep-alive", "Keep-Alive: timeout=5"],
        ["X-Empty:", "X-Bare:y", "X-Wide:   y  "],
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 20])
def test_plain_answer_is_read_the_short_way(lines: Sequence[str], cut: int) -> None:
    whole = answered(BODY, *lines)
    parts = [whole[: len(whole) - cut], whole[len(whole) - cut :]]

    with stream(parts) as (made, _):
        answer = plain.exchange(made, REQUEST)

    assert answer is not None
    assert (answer.status_code, answer.read()) == (200, BODY)
    with stream(parts) as (made, _):
        assert read_by_httpcore(made) == (200, answer.headers.raw, BODY, True)


HARD = {
    "no": answered(BODY, status="HTTP/1.1 404 Not Found"),
    "without a body": b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    "older": answered(BODY, status="HTTP/1.0 200 OK"),
    "closing": answered(BODY, "Connection: close"),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
    "both": answered(b"2\r\n[]\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "two lengths": answered(BODY, "Content-Length: 3"),
    "folded": answered(BODY, "X-Long: a", " b"),
    "announced": b"HTTP/1.1 103 Early Hints\r\n\r\n" + answered(BODY),
    "not ascii": answered(BODY, "X-Name: é"),
    "until the end": b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + BODY,
    "surplus": answered(BODY) + b"HTTP/1.1",
    "long": answered(b" " * (plain.MOST_BYTES + 1)),
    "lines without returns": answered(BODY).replace(b"\r\n", b"\n"),
    "cut": answered(BODY)[:-1],
    "nothing": b"",
    "garbage": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("how", HARD)
def test_answer_that_is_not_plain_is_left_to_httpcore(how: str) -> None:
    parts = [HARD[how][:40], HARD[how][40:]] if how == "cut" else [HARD[how]]
    with stream(parts) as (made, _):
        alone = read_by_httpcore(made)

    with stream(parts) as (made, line):
        answer = plain.exchange(made, REQUEST)
        sent = line.sent
        after = read_by_httpcore(made)

    assert answer is None
    assert after == alone
    assert line.sent == sent


lines = st.lists(
    st.sampled_from(
        [
            "Content-Type: application/json",
            "content-length: 24",
            "Content-Length: 24",
            "Content-Length: 024",
            "Content-Length: +24",
            "Content-Length: 24, 24",
            "Content-Length: 10",
            "Content-Length: 30",
            "Content-Length:",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Connection: close",
            "Connection: Keep-Alive",
            "Connection: keep-alive, close",
            "Upgrade: h2c",
            "X-Space : y",
            "X-Tab:\ty\tz",
            "X-Null: \0",
            "X-Colon: a:b: c",
            " folded",
            ": nameless",
            "nothing",
            "Über: x",
            "X-Über: ü",
        ]
    )
    | st.text("Ctn-: \r\n09\t", max_size=6),
    max_size=3,
)
statuses = st.sampled_from(
    ["HTTP/1.1 200 OK"] * 6
    + ["HTTP/1.1 201 ", "HTTP/1.1 202", "HTTP/1.1 204 No", "HTTP/1.1 206 P", "HTTP/1.1 304 N"]
    + ["HTTP/1.0 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 200 Ü", "http/1.1 200 OK", "HTTP/1.1 2000"]
)


@given(
    status=statuses,
    before=lines,
    after=lines,
    length=st.sampled_from(["Content-Length: 24"] * 3 + [""]),
    end=st.sampled_from([b"", b"", b"", b"x", b"\r\n", answered(b"")]),
    cut=st.just(0) | st.integers(0, 200),
)
def test_short_way_reads_what_h11_reads(
    *, status: str, before: list[str], after: list[str], length: str, end: bytes, cut: int
) -> None:
    head = [status, *before, *([length] if length else []), *after]
    whole = "".join(f"{line}\r\n" for line in head).encode("latin-1") + b"\r\n" + BODY + end
    parts = [whole[:cut], whole[cut:]] if cut % 2 else [whole[: len(whole) - cut]]
    with stream(parts) as (made, _):
        alone = read_by_httpcore(made)

    with stream(parts) as (made, _):
        answer = plain.exchange(made, REQUEST)
        if answer is None:
            assert read_by_httpcore(made) == alone
        else:
            assert alone == (answer.status_code, answer.headers.raw, answer.read(), True)
