"""An order to push, read key by key."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense

MOST_CONNECTIONS = 64

MOST_PER_CALL = 1000

PARTNER_NUMBERS = (1010, 1012)
"""Those of the store app: customer id, hash of the address. Documented by the vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where to push, what, and how: shares are of calls, `rate` is calls a second, 0 no limit."""

    host: str
    port: int
    path: str
    site: int
    username: str
    password: str
    partner_number: int
    mailings: frozenset[int]
    per_call: int
    connections: int
    rate: float
    seed: int
    duplicates: float
    late: float
    out_of_order: int
    malformed: float
    tries: int
    retry_seconds: float
    timeout_seconds: float


def read_order(document: Document) -> Order:
    """Read an order, or raise Nonsense."""
    host, port, path = _place(document)
    order = Order(
        host=host,
        port=port,
        path=path,
        site=document.whole("site", least=1),
        username=document.text("username"),
        password=document.text("password"),
        partner_number=document.whole("partner_number", least=1),
        mailings=frozenset(document.wholes("mailings") if "mailings" in document else ()),
        per_call=_at_most(document, "per_call", 1, most=MOST_PER_CALL),
        connections=_at_most(document, "connections", 4, most=MOST_CONNECTIONS),
        rate=document.number("rate", 0.0),
        seed=document.whole("seed", 0),
        duplicates=document.number("duplicates", 0.0, most=1.0),
        late=document.number("late", 0.0, most=1.0),
        out_of_order=document.whole("out_of_order", 0),
        malformed=document.number("malformed", 0.0, most=1.0),
        tries=document.whole("tries", 3, least=1),
        retry_seconds=document.number("retry_seconds", 0.2, most=86_400),
        timeout_seconds=document.number("timeout_seconds", 10.0, least=0.01, most=3600),
    )
    document.finish()
    return order


def _at_most(document: Document, key: str, default: int, *, most: int) -> int:
    number = document.whole(key, default, least=1)
    if number > most:
        raise Nonsense(f"{document.where}: {key} must be {most} at most")
    return number


def _place(document: Document) -> tuple[str, int, str]:
    """Read the base of the address; people's data never leaves this machine."""
    text, where = document.text("url"), f"{document.where}: url"
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port or 80
    except ValueError:
        raise Nonsense(f"{where} makes no sense") from None
    if url.scheme != "http" or not host or url.query or url.fragment or url.username:
        raise Nonsense(f"{where} must be like http://127.0.0.1:8090")
    if not url.path.isascii() or not url.path.isprintable() or " " in url.path:
        raise Nonsense(f"{where} must be percent-encoded")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, UnicodeError):
        raise Nonsense(f"{where}: there is no host {host}") from None
    address = str(found)
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        raise Nonsense(f"{where} must lead to this machine, and not to {address}")
    return address, port, url.path.rstrip("/")
