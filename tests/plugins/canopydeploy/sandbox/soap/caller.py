"""A caller without a SOAP library: writes envelopes and reads answers, no sockets between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from lxml import etree

from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Request
from petiole.plugins.canopydeploy.sandbox.soap import SoapApi

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
OTHER_TOKEN = "7a51c9d2-8b3e-4f60-a1c4-5e2d9f7b6c30"
PATH = "/app/api/soap/public/index.php"
NAMESPACE = "https://secure.myclang.com/app/api/soap/public/index.php"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

Argument: TypeAlias = "str | int | Mapping[str, Argument] | Sequence[Argument] | None"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer, taken apart; `fault` is its code, and the content below `msg` is found by path."""

    answer: Answer
    namespace: str

    @property
    def body(self) -> etree._Element:
        content = etree.fromstring(self.answer.body).find(f"{{{ENVELOPE}}}Body")
        assert content is not None
        return content[0]

    @property
    def fault(self) -> str | None:
        return self.body.findtext("faultcode")

    @property
    def reason(self) -> str:
        return self.body.findtext("faultstring") or ""

    @property
    def msg(self) -> etree._Element:
        assert self.fault is None, (self.fault, self.reason)
        code, msg = self.body
        assert code.text == "0"
        assert etree.QName(msg) == etree.QName(self.namespace, "msg")
        return msg

    @property
    def value(self) -> str:
        return self.msg.text or ""

    @property
    def number(self) -> int:
        return int(self.value)

    @property
    def is_nil(self) -> bool:
        return self.msg.get(NIL) == "true"

    @property
    def is_empty(self) -> bool:
        return not self.is_nil and not len(self.msg) and not self.value

    def texts(self, path: str) -> list[str]:
        found = self.msg.findall(
            "/".join(f"{{{self.namespace}}}{step}" for step in path.split("/"))
        )
        return [element.text or "" for element in found]

    def text(self, path: str) -> str:
        (text,) = self.texts(path)
        return text


@dataclass
class Hands:
    """A clock that stands still until it is moved."""

    at: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def turn(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Caller:
    """Calls a twin of its own; `api.settings` may be replaced."""

    hands: Hands = field(default_factory=Hands)
    version: str = "1.24"
    namespace: str = NAMESPACE
    token: str = TOKEN

    def __post_init__(self) -> None:
        self.crm = Crm(now=self.hands.now)
        self.api = SoapApi(crm=self.crm, authorize=lambda token: token in {TOKEN, OTHER_TOKEN})

    def call(self, operation: str, **arguments: Argument) -> Reply:
        """Call as zeep does: the token first, everything in the namespace."""
        return self.send(operation, {"uuid": self.token, **arguments})

    def send(self, operation: str, arguments: Mapping[str, Argument]) -> Reply:
        envelope = etree.Element(f"{{{ENVELOPE}}}Envelope")
        body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
        self._fill(etree.SubElement(body, etree.QName(self.namespace, operation)), arguments)
        return self.post(etree.tostring(envelope))

    def post(self, body: bytes) -> Reply:
        query = {"version": self.version, "type": "literal"}
        request = Request(method="POST", path=PATH, query=query, body=body, host="127.0.0.1:80")
        return Reply(answer=self.api.answer(request), namespace=self.namespace)

    def get(self, **query: str) -> Answer:
        request = Request(method="GET", path=PATH, query=query, host="127.0.0.1:8931")
        return self.api.answer(request)

    def customer(self, **fields: Argument) -> int:
        """Insert a customer and answer the id."""
        return int(self.call("customer_insert", customer=fields).text("id"))

    def ready(self, resource_id: int) -> int:
        """Poll a result set until it is ready, and answer its size."""
        for _ in range(10):
            told = self.call("resource_getById", resourceId=resource_id)
            if told.text("status") == "READY":
                return int(told.text("size"))
        raise AssertionError("the result set is not ready")

    def _fill(self, parent: etree._Element, content: Mapping[str, Argument]) -> None:
        for name, value in content.items():
            items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            for item in items:
                element = etree.SubElement(parent, etree.QName(self.namespace, name))
                if item is None:
                    element.set(NIL, "true")
                elif isinstance(item, Mapping):
                    self._fill(element, item)
                else:
                    element.text = str(item)


def url_of(caller: Caller) -> str:
    """Name the twin's WSDL for a library that wants an address; nothing listens there."""
    return f"http://twin.example.org{PATH}?wsdl&version={caller.version}"
