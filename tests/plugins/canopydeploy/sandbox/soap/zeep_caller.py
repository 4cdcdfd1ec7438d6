"""zeep, at a twin in the same process or behind a URL."""

from collections.abc import Mapping

import requests
import zeep
from zeep.helpers import serialize_object
from zeep.transports import Transport

from petiole.plugins.canopydeploy.sandbox.exchange import Request
from tests.plugins.canopydeploy.sandbox.soap.caller import PATH, Argument, Caller, url_of


class ZeepTransport(Transport):
    """Loads the twin's WSDL and nothing else; posts to the twin."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # zeep leaves it untyped
        self._caller = caller

    def load(self, url: str) -> bytes:
        assert url == url_of(self._caller), url
        return self._caller.get(wsdl="", version=self._caller.version).body

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        query = {"version": self._caller.version, "type": "literal"}
        answer = self._caller.api.answer(
            Request(method="POST", path=PATH, query=query, body=message)
        )
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response._content = answer.body
        return response


def client_of(caller: Caller) -> zeep.Client:
    transport = ZeepTransport(caller)
    return zeep.Client(url_of(caller), transport=transport)  # type: ignore[no-untyped-call] # so it is


def client_at(url: str) -> zeep.Client:
    return zeep.Client(url)  # type: ignore[no-untyped-call] # so it is


class ZeepCaller:
    """Calls by name and answers plain values: a dictionary, or the pair of a fault."""

    def __init__(self, client: zeep.Client, *, token: str) -> None:
        self._service = client.service
        self._token = token

    def call(self, operation: str, arguments: Mapping[str, Argument]) -> object:
        try:
            reply = self._service[operation](uuid=self._token, **arguments)
        except zeep.exceptions.Fault as fault:
            return fault.code, fault.message
        plain: object = serialize_object(reply, dict)  # type: ignore[no-untyped-call] # as above
        return plain
