"""Addresses that may stand in settings: encrypted, and without any secret in them."""

import ipaddress
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import AfterValidator

MASK = "***"


def _safe(address: str) -> str:
    url = urlsplit(address)
    if url.scheme not in {"https", "http"} or not url.hostname:
        raise ValueError('an address is expected, such as "https://webhook.myclang.com/…"')
    if not address.isprintable() or " " in address:
        raise ValueError("the address holds a space or an invisible character")
    if not _can_be_resolved(url):
        raise ValueError("the address has no valid host name or port")
    if "@" in url.netloc:
        raise ValueError("take user and password out of the address: use `username`, `token`")
    if any(_is_token(name) for name, _ in parse_qsl(url.query, keep_blank_values=True)):
        raise ValueError(
            "take `?token=` out of the address, keep its value where only you can read it "
            'and refer to it: token = { env = "CANOPYDEPLOY_TOKEN" }'
        )
    if url.fragment:
        raise ValueError("take the part after # out of the address")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("use https: the token and the profiles must not travel in the open")
    return address


Address = Annotated[str, AfterValidator(_safe)]
"""An https address, or an http one on loopback."""


def masked(address: str) -> str:
    """Return the address with whatever may be a secret in it replaced."""
    try:
        url = urlsplit(address)
        pairs = parse_qsl(url.query, keep_blank_values=True)
    except ValueError:
        return ""
    if not url.fragment and "@" not in url.netloc and not any(_is_token(name) for name, _ in pairs):
        return address
    query = urlencode([(name, MASK if _is_token(name) else value) for name, value in pairs])
    user, at, host = url.netloc.rpartition("@")
    netloc = f"{MASK if user else user}{at}{host}"
    return urlunsplit((url.scheme, netloc, url.path, query, MASK if url.fragment else ""))


def _is_token(parameter: str) -> bool:
    return "token" in parameter.lower()


def _can_be_resolved(url: SplitResult) -> bool:
    try:
        (url.hostname or "").encode("idna")  # what the resolver does, and fails at on empty labels
        port = url.port
    except ValueError:
        return False
    return port != 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
