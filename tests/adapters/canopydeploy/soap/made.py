"""Realtime sinks and answers for the tests: made-up people on a made-up connection."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import httpx

from petiole.adapters.canopydeploy.campaigns import SoapCampaigns, open_campaigns
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.adapters.canopydeploy.soap.sink import MemberSink, RunSink, open_realtime_sink
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.identity import IdentifierType
from petiole.hooks import AdapterContext
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE

URL = "https://soap.example.org/index.php"
NAMESPACE = "https://secure.myclang.com/app/api/soap/public/index.php"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def settings(**changes: object) -> CanopyDeployRealtimeSettings:
    given = {"soap_url": URL, "token": {"env": TOKEN_VARIABLE}, **changes}
    return CanopyDeployRealtimeSettings.model_validate(given)


def context(
    changes: Mapping[str, object], identifier: IdentifierType = IdentifierType.CUSTOMER_ID
) -> AdapterContext[CanopyDeployRealtimeSettings]:
    return AdapterContext(
        connection=ConnectionName("alerts"), identifier=identifier, settings=settings(**changes)
    )


@contextmanager
def runs(
    transport: httpx.BaseTransport | None = None,
    *,
    identifier: IdentifierType = IdentifierType.CUSTOMER_ID,
    **changes: object,
) -> Iterator[RunSink]:
    """A sink that starts campaigns."""
    with open_realtime_sink(context(changes, identifier), transport=transport) as sink:
        assert isinstance(sink, RunSink)
        yield sink


@contextmanager
def members(
    transport: httpx.BaseTransport | None = None, **changes: object
) -> Iterator[MemberSink]:
    """A sink that keeps memberships."""
    made = context({"delivery": "membership", **changes})
    with open_realtime_sink(made, transport=transport) as sink:
        assert isinstance(sink, MemberSink)
        yield sink


@contextmanager
def listing(
    transport: httpx.BaseTransport | None = None, **changes: object
) -> Iterator[SoapCampaigns]:
    """A source of campaigns."""
    with open_campaigns(context(changes), transport=transport) as source:
        yield source


def enveloped(content: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{ENVELOPE}">'
        f"<e:Body>{content}</e:Body></e:Envelope>"
    ).encode()


def result(
    message: str,
    *,
    operation: str = "campaign_executeAsync",
    code: str = "0",
    namespace: str = NAMESPACE,
) -> bytes:
    return enveloped(
        f'<n:{operation}Response xmlns:n="{namespace}"><n:code>{code}</n:code>'
        f"{message}</n:{operation}Response>"
    )


TRUE = result("<n:msg>true</n:msg>")


def fault(code: str, text: str) -> bytes:
    return enveloped(
        f"<e:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></e:Fault>"
    )


def answering(
    body: bytes,
    *,
    status: int = 200,
    media: str = "text/xml; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> httpx.MockTransport:
    """Answer every call alike."""
    told = {"Content-Type": media, **(headers or {})}
    return httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=told))


def customer(sandbox: Sandbox) -> str:
    """Make a customer on the platform, and tell the id."""
    with urlopen(customer_request(sandbox, "POST", b"{}")) as answer:
        return str(json.load(answer)["id"])


def customer_request(
    sandbox: Sandbox, method: str, body: bytes | None = None, id_: str = ""
) -> Request:
    """A call to the platform's Customer API."""
    path = f"/app/api/rest/public/v2/customer/{id_}".rstrip("/")
    address = urlsplit(sandbox.rest)._replace(path=path, query=f"token={TOKEN}").geturl()
    return Request(address, body, {"Content-Type": "application/json"}, method=method)
