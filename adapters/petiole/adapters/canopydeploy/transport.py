"""Posts bodies to one address and brings back whole answers, within a time and a size."""

import functools
import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Self

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.credentials import CredentialsTransport, Proof
from petiole.adapters.canopydeploy.deadline import DeadlineTransport, total_deadline
from petiole.adapters.canopydeploy.hush import headers_unlogged
from petiole.core.errors import Ambiguous, ConfigurationError, InvalidSettings

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Decoded. The largest documented call is 6 MB, and its echo is hardly longer."""

JSON: Mapping[str, str] = {
    "Accept": "application/json",
    "Content-Type": "application/json; charset=utf-8",
}

_ONE_CONNECTION = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30)


@functools.cache
def shared_tls() -> ssl.SSLContext:
    """Return the process's one TLS context: building one takes 20 ms, and it may be shared.

    Trusts certifi's authorities, or those that SSL_CERT_FILE or SSL_CERT_DIR name.

    Raises:
        ConfigurationError: those authorities cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise ConfigurationError(
            f"the trusted certificates cannot be read: {error.strerror or error}; "
            "look at SSL_CERT_FILE and SSL_CERT_DIR in the environment"
        ) from error


@functools.cache
def user_agent() -> str:
    """Name ourselves and our version."""
    try:
        return f"petiole/{metadata.version('petiole')}"
    except metadata.PackageNotFoundError:
        return "petiole"


class Poster:
    """Posts to one address. May be shared by threads.

    Every thread has its own client and connection, which costs less than a shared pool and its
    locks. Redirects are not followed, and neither proxies nor netrc are taken from the environment:
    the token goes where the settings say.
    """

    def __init__(
        self,
        url: str,
        credentials: Proof | None,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str] = JSON,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Take an address, and credentials unless the body carries them.

        `transport` replaces the network, and remains the caller's to close.

        Raises:
            ConfigurationError: no such address can be, or the trusted authorities cannot be read.
        """
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidSettings(f"the address {url} is not valid: {error}") from error
        if transport is None:
            shared_tls()  # what is wrong with it, is better told now than by every thread
        # Without the query, which may hold anything.
        self.address = f"{self._url.scheme}://{self._url.netloc.decode()}{self._url.path}"
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._headers = {
            "User-Agent": user_agent(),
            "Accept-Encoding": "gzip",
            **headers,
        }
        self._transport = transport
        self._clients: list[httpx.Client] = []
        self._mine = threading.local()
        self._guard = threading.Lock()

    @property
    def host(self) -> str:
        """Where it posts to, for messages."""
        return self._url.host

    def post(self, body: bytes) -> Answer:
        """Send once, and read the whole answer.

        Raises:
            httpx.TransportError: no answer, or a part of one.
            Ambiguous: the answer says yes, but is too large or cannot be unpacked.
            InvalidCredentials: the token cannot be read; nothing was sent.
        """
        return self._send("POST", self._url, body)

    def get(self, query: Mapping[str, str] | None = None) -> Answer:
        """Ask what is there, the query added to the address; raises like `post`."""
        return self._send("GET", self._url.copy_merge_params(query or {}))

    def _send(self, method: str, url: httpx.URL, body: bytes | None = None) -> Answer:
        client = self._client()
        request = client.build_request(method, url, content=body)
        with total_deadline(self._timeout_seconds), headers_unlogged():
            response = client.send(request, stream=True)
            try:
                return Answer(
                    status=response.status_code, headers=response.headers, body=_body(response)
                )
            finally:
                response.close()

    def close(self) -> None:
        """Close every thread's client."""
        with self._guard:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = self._mine.client = self._new_client()
            with self._guard:
                self._clients.append(client)
        return client

    def _new_client(self) -> httpx.Client:
        inner = self._transport or DeadlineTransport(tls=shared_tls(), limits=_ONE_CONNECTION)
        return httpx.Client(
            transport=CredentialsTransport(inner, self._credentials, owns=self._transport is None),
            headers=self._headers,
            timeout=self._timeout_seconds,
            trust_env=False,
        )


def _body(response: httpx.Response) -> bytes:
    """Read and unpack the body; where the status says no, as much of it as there is."""
    body = bytearray()
    try:
        for part in _unpacked(response):
            body += part
            _refuse_giant(body)
    except (httpx.TransportError, Ambiguous):
        if response.is_success:
            raise
    return bytes(body)


def _refuse_giant(body: bytearray) -> None:
    if len(body) > MAX_ANSWER_BYTES:
        raise Ambiguous(f"the answer is larger than {MAX_ANSWER_BYTES // 1024**2} MiB")


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body in parts of bounded size: a small packed one may be huge when unpacked."""
    if response.is_stream_consumed:  # a transport that is handed in may have read it all
        yield response.content
        return
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing == "identity":
        yield from response.iter_raw()
        return
    if packing not in {"gzip", "x-gzip"}:
        raise Ambiguous("the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for packed in response.iter_raw():
            rest = packed
            while rest:
                yield unpacker.decompress(rest, MAX_ANSWER_BYTES)
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Ambiguous("the answer cannot be unpacked") from error
    if not unpacker.eof:
        raise Ambiguous("the packed answer is cut off")
