"""Bad servers: slow, cut, gigantic, absent."""

import gzip
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from petiole.adapters.canopydeploy.transport import MAX_ANSWER_BYTES
from petiole.core.domain.report import ACCEPTED
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Timeout,
    Unavailable,
)
from tests.adapters.canopydeploy.made import message, messages, sink
from tests.adapters.canopydeploy.rawserver import Script, answer, gone, listening, read_request

BRIEFLY = "300ms"
TOO_LONG = 400
"""Steps of 50 ms that a script goes on: far beyond the call's time, and still an end."""


def failure(
    script: Script, *, timeout: str = "20s", tls: ssl.SSLContext | None = None
) -> DeliveryError:
    """Deliver to a server that follows the script, and return what was raised."""
    with (
        listening(script, tls=tls) as address,
        sink(endpoint=address, timeout=timeout) as webhook,
        pytest.raises(DeliveryError) as caught,
    ):
        webhook.deliver(messages(3))
    return caught.value


def trickled(connection: socket.socket, text: bytes) -> None:
    for byte in text[:TOO_LONG]:
        connection.sendall(bytes((byte,)))
        if gone(connection, seconds=0.05):
            return
    connection.sendall(text[TOO_LONG:])


def test_silence_ends_with_the_calls_time() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        gone(connection, seconds=20)

    error = failure(script, timeout=BRIEFLY)

    assert (type(error), error.code) == (Ambiguous, "Timeout")


def test_trickling_headers_end_with_the_calls_time() -> None:
    def script(connection: socket.socket) -> None:
        body = read_request(connection)
        trickled(connection, answer(body, headers=f"X-Padding: {'x' * TOO_LONG}\r\n"))

    error = failure(script, timeout=BRIEFLY)

    assert (type(error), error.code) == (Ambiguous, "Timeout")


def test_trickling_body_ends_with_the_calls_time() -> None:
    def script(connection: socket.socket) -> None:
        body = read_request(connection)
        connection.sendall(answer(b" " * TOO_LONG + body)[: -TOO_LONG - len(body)])
        trickled(connection, b" " * TOO_LONG + body)

    error = failure(script, timeout=BRIEFLY)

    assert (type(error), error.code) == (Ambiguous, "Timeout")


def test_server_that_hardly_reads_ends_with_the_calls_time() -> None:
    def script(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(TOO_LONG):
            if not connection.recv(512):
                return
            time.sleep(0.05)

    heavy = [message(1, {"note": "x" * 5_900_000})]
    with (
        listening(script) as address,
        sink(endpoint=address, timeout=BRIEFLY) as webhook,
        pytest.raises(Ambiguous) as caught,
    ):
        webhook.deliver(heavy)

    assert caught.value.code == "Timeout"


def test_answer_cut_before_it_began_is_no_answer() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)

    error = failure(script)

    assert (type(error), error.code) == (Ambiguous, "Other error")


def test_answer_cut_midway_is_no_answer() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(answer(read_request(connection))[:-10])

    assert type(failure(script)) is Ambiguous


def test_reset_connection_is_no_answer() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        linger_not = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)

    assert type(failure(script)) is Ambiguous


def test_garbage_is_no_answer() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    assert type(failure(script)) is Ambiguous


def test_closed_port_was_surely_not_sent_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with (
        sink(endpoint=f"http://127.0.0.1:{port}/hook") as webhook,
        pytest.raises(Timeout, match=r"no connection to 127\.0\.0\.1") as caught,
    ):
        webhook.deliver(messages(1))

    assert caught.value.code == "Timeout"


@pytest.mark.parametrize(
    ("status", "kind"), [("401 Unauthorized", InvalidCredentials), ("503 Busy", Unavailable)]
)
def test_no_is_a_no_although_its_body_never_ends(status: str, kind: type[DeliveryError]) -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer(b"x" * 1000, status=status)[:-900])
        gone(connection, seconds=20)

    assert type(failure(script, timeout=BRIEFLY)) is kind


def test_gigantic_answer_is_not_read_to_its_end() -> None:
    sent = 0

    def script(connection: socket.socket) -> None:
        nonlocal sent
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        while sent < 400_000_000:
            connection.sendall(b" " * 65536)
            sent += 65536

    error = failure(script)

    assert type(error) is Ambiguous
    assert "larger than 16 MiB" in error.reason
    assert sent < 100_000_000


def test_small_packed_answer_may_not_become_gigantic() -> None:
    packed = gzip.compress(b" " * (MAX_ANSWER_BYTES * 10))

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer(packed, headers="Content-Encoding: gzip\r\n"))

    error = failure(script)

    assert type(error) is Ambiguous
    assert "larger than 16 MiB" in error.reason


def test_packed_answer_is_unpacked() -> None:
    def script(connection: socket.socket) -> None:
        packed = gzip.compress(read_request(connection))
        connection.sendall(answer(packed, headers="Content-Encoding: gzip\r\n"))

    with listening(script) as address, sink(endpoint=address) as webhook:
        report = webhook.deliver(messages(2))

    assert report.outcomes == {1: ACCEPTED, 2: ACCEPTED}


@pytest.mark.parametrize("packing", ["gzip", "br", "gzip, gzip"])
def test_answer_that_cannot_be_unpacked_is_no_answer(packing: str) -> None:
    def script(connection: socket.socket) -> None:
        packed = gzip.compress(read_request(connection))
        connection.sendall(answer(packed[:-12], headers=f"Content-Encoding: {packing}\r\n"))

    assert type(failure(script)) is Ambiguous


def test_connection_is_kept_and_a_closed_one_replaced() -> None:
    served: list[int] = []
    closed = threading.Event()

    def script(connection: socket.socket) -> None:
        for _ in range(2):
            if body := read_request(connection):
                served.append(connection.fileno())
                connection.sendall(answer(body))
        connection.close()
        closed.set()

    with listening(script) as address, sink(endpoint=address) as webhook:
        reports = [webhook.deliver(messages(1)) for _ in range(2)]
        assert closed.wait(timeout=20)
        reports += [webhook.deliver(messages(1)) for _ in range(2)]

    assert [report.outcomes for report in reports] == [{1: ACCEPTED}] * 4
    assert served[0] == served[1]
    assert served[2] == served[3]


@pytest.mark.parametrize("surplus", [1, 3, -1])
def test_surplus_of_an_answer_is_not_taken_for_the_next_one(surplus: int) -> None:
    served: list[bytes] = []

    def script(connection: socket.socket) -> None:
        while body := read_request(connection):
            served.append(body)
            first = answer(body, headers="Content-Type: application/json\r\n")
            again = first * (1 + surplus) if surplus > 0 else first + b"and so on"
            connection.sendall(again if len(served) == 1 else answer(b"", status="400 No"))

    with listening(script) as address, sink(endpoint=address) as webhook:
        webhook.deliver(messages(1))
        with pytest.raises(MalformedRequest):
            webhook.deliver(messages(1))

    assert served[0] == served[1]


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context whose certificate nobody has signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl, which is not here")
    folder = tmp_path_factory.mktemp("tls")
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
    subprocess.run(
        [openssl, *options.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_certificate_that_nobody_signed_needs_a_person(own_certificate: ssl.SSLContext) -> None:
    received: list[bytes] = []

    def script(connection: socket.socket) -> None:
        received.append(connection.recv(65536))

    error = failure(script, tls=own_certificate)

    assert type(error) is EndpointRefused
    assert "the certificate of 127.0.0.1 is not valid: self-signed certificate" in error.reason
    assert received == []


def test_server_without_tls_was_surely_not_sent_to() -> None:
    received: list[bytes] = []

    def script(connection: socket.socket) -> None:
        received.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with (
        listening(script) as address,
        sink(endpoint=address.replace("http:", "https:")) as webhook,
        pytest.raises(Timeout),
    ):
        webhook.deliver(messages(1))

    assert b"11001" not in b"".join(received)
