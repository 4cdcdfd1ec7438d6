"""A kept connection fails as a new one does, and is used again only where nothing is left on it."""

import functools
import gzip
import logging
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from petiole.adapters.canopydeploy import kept
from petiole.adapters.canopydeploy.plain import MOST_BYTES
from petiole.adapters.canopydeploy.transport import shared_tls
from petiole.core.domain.report import ACCEPTED
from petiole.core.errors import Ambiguous, DeliveryError, MalformedRequest, Unavailable
from tests.adapters.canopydeploy.made import message, messages, sink
from tests.adapters.canopydeploy.rawserver import Script, answer, gone, listening, read_request

BRIEFLY = "300ms"
Reply = Callable[[socket.socket, bytes], None]


class Server:
    """Replies to the calls of a connection one after the other; counts connections."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = iter(replies)
        self.connections = 0
        self.bodies: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        while body := read_request(connection):
            self.bodies.append(body)
            next(self._replies, echo)(connection, body)


def echo(connection: socket.socket, body: bytes) -> None:
    connection.sendall(answer(body))


def says(*parts: bytes) -> Reply:
    """Reply so, part by part."""

    def reply(connection: socket.socket, body: bytes) -> None:
        for part in parts:
            connection.sendall(part.replace(b"BODY", body).replace(b"LENGTH", b"%d" % len(body)))
            time.sleep(0.005)

    return reply


def refuses(status: str) -> Reply:
    return lambda connection, _: connection.sendall(answer(b"{}", status=status))


def hangs_up(connection: socket.socket, body: bytes) -> None:
    connection.close()


def resets(connection: socket.socket, body: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def keeps_silent(connection: socket.socket, body: bytes) -> None:
    gone(connection, seconds=20)


def trickles(connection: socket.socket, body: bytes) -> None:
    for byte in answer(b" " * 400 + body):
        connection.sendall(bytes((byte,)))
        if gone(connection, seconds=0.05):
            return


def stops_midway(connection: socket.socket, body: bytes) -> None:
    connection.sendall(answer(body)[:-10])
    gone(connection, seconds=20)


def cuts(connection: socket.socket, body: bytes) -> None:
    connection.sendall(answer(body)[:-10])
    connection.close()


def calls(
    script: Script, count: int, *, timeout: str = "20s", expects: str = "echo"
) -> Sequence[DeliveryError | None]:
    """Deliver one message after the other, and tell how each failed."""
    errors: list[DeliveryError | None] = []
    with (
        listening(script) as address,
        sink(endpoint=address, timeout=timeout, answer=expects) as webhook,
    ):
        for number in range(1, count + 1):
            try:
                assert webhook.deliver([message(number)]).outcomes == {number: ACCEPTED}
            except DeliveryError as error:
                errors.append(error)
            else:
                errors.append(None)
    return errors


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: LENGTH\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WAYS = {
    "at once": says(HEAD + b"BODY"),
    "head and body apart": says(HEAD, b"BODY"),
    "head in pieces": says(HEAD[:30], HEAD[30:] + b"BODY"),
    "chunked": says(CHUNKED, b"1\r\n \r\n", b"1\r\n \r\n0\r\n\r\n"),
    "announced": says(b"HTTP/1.1 103 Early Hints\r\n\r\n", HEAD + b"BODY"),
    "odd header": says(HEAD[:-2] + b"X: \xe9\r\n\r\nBODY"),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_way_of_an_answer_the_connection_is_kept(way: str) -> None:
    server = Server(echo, WAYS[way], WAYS[way])

    assert calls(server, 5, expects="any") == [None] * 5
    assert (server.connections, len(server.bodies)) == (1, 5)


def test_packed_answer_on_a_kept_connection_is_unpacked() -> None:
    def packed(connection: socket.socket, body: bytes) -> None:
        headers = "Content-Encoding: gzip\r\n"
        connection.sendall(answer(gzip.compress(body), headers=headers))

    server = Server(echo, packed)

    assert calls(server, 3) == [None] * 3
    assert server.connections == 1


def test_no_between_two_yeses_leaves_nothing_behind() -> None:
    server = Server(echo, refuses("400 No"), echo, refuses("503 Busy"))

    errors = calls(server, 6)

    assert [type(error) for error in errors] == [
        type(None),
        MalformedRequest,
        type(None),
        Unavailable,
        type(None),
        type(None),
    ]
    assert server.connections == 1


@pytest.mark.parametrize("trouble", [hangs_up, resets, cuts])
def test_broken_connection_is_replaced_after_the_call_that_it_took_along(trouble: Reply) -> None:
    server = Server(echo, trouble)

    errors = calls(server, 3)

    assert [type(error) for error in errors] == [type(None), Ambiguous, type(None)]
    assert (server.connections, len(server.bodies)) == (2, 3)


@pytest.mark.parametrize("trouble", [keeps_silent, trickles, stops_midway])
def test_slow_answer_on_a_kept_connection_ends_with_the_calls_time(trouble: Reply) -> None:
    server = Server(echo, trouble)

    errors = calls(server, 3, timeout=BRIEFLY)

    assert [type(error) for error in errors] == [type(None), Ambiguous, type(None)]
    assert errors[1] is not None
    assert errors[1].code == "Timeout"
    assert server.connections == 2


def test_server_that_stops_reading_a_kept_connection_ends_with_the_calls_time() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(answer(read_request(connection)))
        threading.Event().wait(1)

    heavy = [message(2, {"note": "x" * 5_900_000})]
    with listening(script) as address, sink(endpoint=address, timeout=BRIEFLY) as webhook:
        webhook.deliver([message(1)])
        with pytest.raises(Ambiguous) as caught:
            webhook.deliver(heavy)

    assert caught.value.code == "Timeout"


def test_answer_before_the_call_was_read_counts() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(answer(read_request(connection)))
        connection.recv(1000)
        connection.sendall(answer(b"{}", status="413 Too Large"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    heavy = [message(2, {"note": "x" * 5_900_000})]
    with listening(script) as address, sink(endpoint=address) as webhook:
        webhook.deliver([message(1)])
        with pytest.raises(MalformedRequest):
            webhook.deliver(heavy)


@pytest.mark.parametrize("length", [MOST_BYTES - 1000, MOST_BYTES + 1000, 5_900_000])
def test_large_answer_is_read_whole(length: int) -> None:
    heavy = [message(2, {"note": "x" * length})]
    server = Server()

    with listening(server) as address, sink(endpoint=address) as webhook:
        webhook.deliver([message(1)])
        report = webhook.deliver(heavy)

    assert report.outcomes == {2: ACCEPTED}
    assert server.connections == 1


def test_gigantic_answer_on_a_kept_connection_is_not_read_to_its_end() -> None:
    sent = 0

    def flood(connection: socket.socket, body: bytes) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        while sent < 400_000_000:
            connection.sendall(b" " * 65536)
            sent += 65536

    errors = calls(Server(echo, flood), 2)

    assert errors[1] is not None
    assert "larger than 16 MiB" in errors[1].reason
    assert sent < 100_000_000


@pytest.mark.parametrize("twice", [2, 3])
def test_surplus_of_a_later_answer_is_not_taken_for_the_next_one(twice: int) -> None:
    server = Server(*[echo] * (twice - 1), says(answer(b"[]") * 2, b"and so on"))

    errors = calls(server, twice + 1)

    assert [type(error) for error in errors[twice - 1 :]] == [Ambiguous, type(None)]
    assert server.connections == 2


def test_connection_that_nobody_used_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()

    with listening(server) as address, sink(endpoint=address) as webhook:
        webhook.deliver([message(1)])
        monkeypatch.setattr(kept, "KEPT_SECONDS", 0)
        webhook.deliver([message(2)])

    assert server.connections == 2


def test_recorder_in_the_place_of_httpx_sees_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    original = httpx.HTTPTransport.handle_request

    @functools.wraps(original)
    def recorded(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        return original(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", recorded)

    assert calls(Server(), 3) == [None] * 3
    assert seen == ["POST"] * 3


def test_debug_lines_tell_of_every_call(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="httpcore.http11")

    assert calls(Server(), 3) == [None] * 3
    assert caplog.text.count("send_request_headers.started") == 3


def test_closed_sink_calls_nobody() -> None:
    server = Server()

    with listening(server) as address:
        with sink(endpoint=address) as webhook:
            webhook.deliver([message(1)])
        with pytest.raises(RuntimeError, match="closed"):
            webhook.deliver([message(2)])

    assert len(server.bodies) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate for loopback, its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl, which is not here")
    folder = tmp_path_factory.mktemp("tls")
    options = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=loopback "
        "-addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [openssl, *options.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's context that the sinks of this test trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    shared_tls.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    yield context
    shared_tls.cache_clear()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_connection_with_tls_is_kept(tls: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    tls.minimum_version = tls.maximum_version = version
    server = Server()

    with listening(server, tls=tls) as address, sink(endpoint=address) as webhook:
        reports = [webhook.deliver(messages(100)) for _ in range(4)]

    assert [set(report.outcomes.values()) for report in reports] == [{ACCEPTED}] * 4
    assert server.connections == 1


def test_large_call_with_tls_comes_back_whole(tls: ssl.SSLContext) -> None:
    heavy = [message(1, {"note": "x" * 5_900_000})]
    server = Server()

    with listening(server, tls=tls) as address, sink(endpoint=address) as webhook:
        reports = [webhook.deliver(heavy) for _ in range(3)]

    assert [report.outcomes for report in reports] == [{1: ACCEPTED}] * 3
    assert server.connections == 1


@pytest.mark.parametrize("trouble", [hangs_up, keeps_silent, stops_midway, trickles])
def test_trouble_with_tls_ends_with_the_calls_time(tls: ssl.SSLContext, trouble: Reply) -> None:
    server = Server(echo, trouble)

    with listening(server, tls=tls) as address, sink(endpoint=address, timeout="1s") as webhook:
        webhook.deliver([message(1)])
        with pytest.raises(Ambiguous):
            webhook.deliver([message(2)])
        report = webhook.deliver([message(3)])

    assert report.outcomes == {3: ACCEPTED}
    assert server.connections == 2
