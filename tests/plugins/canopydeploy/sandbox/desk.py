"""A seat at the twin without sockets: calls go straight to its platform and its control."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from petiole.plugins.canopydeploy.sandbox.control import Control
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Request
from petiole.plugins.canopydeploy.sandbox.platform import Platform
from petiole.plugins.canopydeploy.sandbox.webhook import MOUNT

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
DEMO = f"{MOUNT}demo"

Json = Any  # what a test reads from an answer


@dataclass(kw_only=True)
class Desk:
    platform: Platform = field(default_factory=lambda: Platform(token=TOKEN))

    def call(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        if body is None:
            body = b"" if content is None else json.dumps(content).encode()
        if headers is None:
            headers = {"authorization": f"Bearer {TOKEN}"}
        request = Request(
            method=method, path=path, query=query or {}, headers=headers, body=body, host="x:1"
        )
        return self.platform.answer(request)

    def post(self, *records: Mapping[str, object], path: str = DEMO) -> Answer:
        return self.call("POST", path, list(records))

    def control(self, method: str, name: str, content: object = None, **query: str) -> Json:
        answer = self.ask_control(method, name, content, **query)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def ask_control(self, method: str, name: str, content: object = None, **query: str) -> Answer:
        body = b"" if content is None else json.dumps(content).encode()
        request = Request(method=method, path=f"/_sandbox/{name}", query=query, body=body)
        return Control(self.platform).answer(request)

    def ledger(self) -> Json:
        return self.control("GET", "ledger", records="1")

    def profiles(self) -> Json:
        return self.ledger()["profiles"]


def record(
    identifier: str, status: str = "NEW", *, segment: str = "4711", **fields: object
) -> dict[str, object]:
    """Make a record as the connector sends it."""
    return {
        "partnerNumber": 1020,
        "identifier": identifier,
        "identifierType": "CUSTOMER_ID",
        "segmentId": segment,
        "segmentName": "Spring rebookers",
        "status": status,
        "timestamp": "2026-03-02T08:20:41Z",
        **fields,
    }


def read(answer: Answer) -> Json:
    return json.loads(answer.body)
