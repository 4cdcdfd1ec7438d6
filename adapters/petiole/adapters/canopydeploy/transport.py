"""Posts bodies to one address and brings back whole answers, within a time and a size."""

import functools
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Self, cast

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.credentials import Proof
from petiole.adapters.canopydeploy.deadline import ENDS_AT
from petiole.adapters.canopydeploy.hush import HeadersUnlogged
from petiole.adapters.canopydeploy.kept import KeptTransport
from petiole.core.errors import Ambiguous, ConfigurationError, InvalidSettings

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Decoded. The largest documented call is 6 MB, and its echo is hardly longer."""

JSON: Mapping[str, str] = {
    "Accept": "application/json",
    "Content-Type": "application/json; charset=utf-8",
}


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

    Every thread has its own connection, which costs less than a shared pool and its locks. There is
    no client above the transports: nobody here wants redirects, cookies, or a proxy or netrc out of
    the environment. The token goes where the settings say.
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
        self._timeout = httpx.Timeout(timeout_seconds).as_dict()
        self._headers = httpx.Headers(
            {
                "Host": self._url.netloc.decode(),
                "Connection": "keep-alive",
                "User-Agent": user_agent(),
                "Accept-Encoding": "gzip",
                **headers,
            }
        )
        self._transport = transport
        self._kept: list[KeptTransport] = []
        self._mine = threading.local()
        self._guard = threading.Lock()
        self._closed = False

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
        headers = self._headers.copy()
        headers["Content-Length"] = str(len(body))
        return self._send("POST", self._url, headers, body)

    def get(self, query: Mapping[str, str] | None = None) -> Answer:
        """Ask what is there, the query added to the address; raises like `post`."""
        return self._send("GET", self._url.copy_merge_params(query or {}), self._headers)

    def _send(
        self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes = b""
    ) -> Answer:
        extensions = {
            "timeout": self._timeout,
            ENDS_AT: time.monotonic() + self._timeout_seconds,
        }
        request = httpx.Request(
            method, url, headers=headers, stream=httpx.ByteStream(body), extensions=extensions
        )
        sent = self._credentials.added_to(request) if self._credentials else request
        try:
            with HeadersUnlogged():
                return _answer(self._way().handle_request(sent))
        except httpx.RequestError as error:
            error.request = request  # the twin, which an error may know, holds the credentials
            raise

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            self._closed = True
            kept, self._kept = self._kept, []
        for transport in kept:
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _way(self) -> httpx.BaseTransport:
        """Return what carries the calls of this thread."""
        if self._closed:
            raise RuntimeError("it is closed, and calls nobody any more")
        if self._transport is not None:
            return self._transport
        transport: KeptTransport | None = getattr(self._mine, "transport", None)
        if transport is None:
            transport = self._mine.transport = KeptTransport(tls=shared_tls())
            with self._guard:
                self._kept.append(transport)
        return transport


def _answer(response: httpx.Response) -> Answer:
    try:
        return Answer(status=response.status_code, headers=response.headers, body=_body(response))
    finally:
        response.close()


def _body(response: httpx.Response) -> bytes:
    """Read and unpack the body; where the status says no, as much of it as there is."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in _unpacked(response):
            parts.append(part)
            size += len(part)
            _refuse_giant(size)
    except (httpx.TransportError, Ambiguous):
        if response.is_success:
            raise
    return b"".join(parts)


def _refuse_giant(size_bytes: int) -> None:
    if size_bytes > MAX_ANSWER_BYTES:
        raise Ambiguous(f"the answer is larger than {MAX_ANSWER_BYTES // 1024**2} MiB")


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body in parts of bounded size: a small packed one may be huge when unpacked."""
    if response.is_stream_consumed:  # a transport that is handed in may have read it all
        yield response.content
        return
    stream = cast("httpx.SyncByteStream", response.stream)
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing == "identity":
        yield from stream
        return
    if packing not in {"gzip", "x-gzip"}:
        raise Ambiguous("the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for packed in stream:
            rest = packed
            while rest:
                yield unpacker.decompress(rest, MAX_ANSWER_BYTES)
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Ambiguous("the answer cannot be unpacked") from error
    if not unpacker.eof:
        raise Ambiguous("the packed answer is cut off")
