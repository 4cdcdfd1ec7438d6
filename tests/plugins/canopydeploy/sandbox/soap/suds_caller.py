"""suds, at a twin in the same process or behind a URL."""

from collections.abc import Mapping
from io import BytesIO

import suds
from suds.client import Client
from suds.transport import Reply, Transport, TransportError
from suds.transport import Request as SudsRequest

from petiole.plugins.canopydeploy.sandbox.exchange import Request
from tests.plugins.canopydeploy.sandbox.soap.caller import PATH, Argument, Caller, url_of


class SudsTransport(Transport):  # type: ignore[misc] # suds ships no types
    """Loads the twin's WSDL and nothing else; posts to the twin."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    def open(self, request: SudsRequest) -> BytesIO:
        assert request.url == url_of(self._caller), request.url
        return BytesIO(self._caller.get(wsdl="", version=self._caller.version).body)

    def send(self, request: SudsRequest) -> Reply:
        query = {"version": self._caller.version, "type": "literal"}
        answer = self._caller.api.answer(
            Request(method="POST", path=PATH, query=query, body=request.message)
        )
        if answer.status != 200:
            raise TransportError("fault", answer.status, BytesIO(answer.body))
        return Reply(answer.status, dict(answer.headers), answer.body)


def client_of(caller: Caller) -> Client:
    return Client(url_of(caller), transport=SudsTransport(caller), cache=None)


def client_at(url: str) -> Client:
    return Client(url, cache=None)


class SudsCaller:
    """Calls by name and answers plain values: a dictionary, or the pair of a fault."""

    def __init__(self, client: Client, *, token: str) -> None:
        self._service = client.service
        self._token = token

    def call(self, operation: str, arguments: Mapping[str, Argument]) -> object:
        try:
            reply = getattr(self._service, operation)(uuid=self._token, **arguments)
        except suds.WebFault as fault:
            return str(fault.fault.faultcode), str(fault.fault.faultstring)
        return _plain(reply)


def _plain(value: object) -> object:
    if isinstance(value, suds.sudsobject.Object):
        return {name: _plain(each) for name, each in suds.sudsobject.asdict(value).items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value
