"""Whether a host has an address, listens, and proves who it is."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from petiole.adapters.canopydeploy.transport import shared_tls
from petiole.core.ports.diagnosis import Aspect, Finding, Health

SOON = timedelta(days=14)
"""A certificate that ends within this time is told of."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL makes of plain words, by its version and by what the words begin with."""


def reached(url: str, *, setting: str, timeout_seconds: float) -> Iterator[Finding]:
    """Look the host of an address up, and connect to it; nothing is sent.

    Args:
        url: the address.
        setting: the setting that it comes from, for remedies.
        timeout_seconds: for connecting; looking a name up is limited by the system's resolver.
    """
    address = urlsplit(url)
    named = _named(address, setting)
    yield named
    if named.health is not Health.FAIL:
        yield _connected(address, setting, timeout_seconds)


def _named(address: SplitResult, setting: str) -> Finding:
    host = address.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(address), type=socket.SOCK_STREAM)
    except OSError as error:
        return Finding(
            aspect=Aspect.NAME,
            health=Health.FAIL,
            subject=host,
            told=f"the name has no address here: {error.strerror or error}",
            remedy=f"check `{setting}`, and whether this machine can look names up",
        )
    addresses = sorted({str(entry[4][0]) for entry in found})
    return Finding(
        aspect=Aspect.NAME, health=Health.OK, subject=host, told=", ".join(addresses[:4])
    )


def _connected(address: SplitResult, setting: str, timeout_seconds: float) -> Finding:
    host, port = address.hostname or "", _port(address)
    subject = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=timeout_seconds) as plain:
            if address.scheme == "https":
                return _encrypted(plain, host, subject=subject, setting=setting)
    except OSError as error:
        told = f"no connection: {error.strerror or error}"
        remedy = f"check the address in `{setting}`, and whether a firewall is in the way"
        return _broken(subject, told, remedy)
    told = "it listens; not encrypted, which only this machine's own address may be"
    return Finding(aspect=Aspect.ENCRYPTION, health=Health.OK, subject=subject, told=told)


def _encrypted(plain: socket.socket, host: str, *, subject: str, setting: str) -> Finding:
    """Shake hands."""
    try:
        with shared_tls().wrap_socket(plain, server_hostname=host) as encrypted:
            return _proven(encrypted, subject)
    except ssl.SSLCertVerificationError as error:
        told = f"the certificate is not valid: {error.verify_message}"
        remedy = (
            "if a proxy on the way has authorities of its own, name them in SSL_CERT_FILE; "
            "else check this machine's clock, and the address"
        )
    except ssl.SSLError as error:
        told = f"no encrypted connection: {error.reason or 'the other side hung up'}"
        remedy = f"check the address in `{setting}`, and whether a proxy is in the way"
        if error.reason in _NO_TLS:
            told = "this port listens, but speaks no TLS"
            remedy = f"check the port in `{setting}`, and whether a proxy is in the way"
    except OSError as error:
        told = f"this port listens, but answers no TLS: {error.strerror or error}"
        remedy = f"check the port in `{setting}`, and whether a firewall is in the way"
    return _broken(subject, told, remedy)


def _broken(subject: str, told: str, remedy: str) -> Finding:
    return Finding(
        aspect=Aspect.ENCRYPTION, health=Health.FAIL, subject=subject, told=told, remedy=remedy
    )


def _proven(encrypted: ssl.SSLSocket, subject: str) -> Finding:
    certificate = encrypted.getpeercert() or {}
    until = datetime.fromtimestamp(
        ssl.cert_time_to_seconds(str(certificate.get("notAfter", ""))), tz=UTC
    )
    ends = until - datetime.now(UTC) < SOON
    return Finding(
        aspect=Aspect.ENCRYPTION,
        health=Health.WARN if ends else Health.OK,
        subject=subject,
        told=f"{encrypted.version()}, certificate valid until {until:%Y-%m-%d}",
        remedy="the platform must renew its certificate soon" if ends else "",
    )


def _port(address: SplitResult) -> int:
    return address.port or (443 if address.scheme == "https" else 80)
