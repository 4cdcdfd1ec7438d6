"""A sink, the door that its calls pass through, and the twin behind that."""

from collections.abc import Mapping

import httpx

from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.ports.profile_sink import ProfileSink
from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.testing.stands import RETRY_AFTER, Trouble
from tests.adapters.canopydeploy.twin import control, ledger

TIMEOUT = "300ms"
SLOW_DOWN = {"Retry-After": str(int(RETRY_AFTER.total_seconds()))}
FAULTS: Mapping[Trouble, Mapping[str, object]] = {
    Trouble.UNAVAILABLE: {"fault": "status", "status": 503},
    Trouble.BUSY: {"fault": "status", "status": 429, "headers": SLOW_DOWN},
    Trouble.LOST_ANSWER: {"fault": "timeout-after"},
    Trouble.LOST_REQUEST: {"fault": "timeout-before"},
    Trouble.GIBBERISH: {"fault": "html", "applied": True},
    Trouble.WRONG_SECRET: {"fault": "status", "status": 401},
    Trouble.WRONG_ADDRESS: {"fault": "status", "status": 404},
    Trouble.REFUSED_CONTENT: {"fault": "status", "status": 400},
}


class Door(httpx.BaseTransport):
    """The way to the platform: counts who passes, and may be shut for one call."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.calls = 0
        self.shut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.shut:
            self.shut = False
            raise httpx.ConnectError("nobody answers", request=request)
        return self._inner.handle_request(request)


class TwinStand:
    """A sink, and the twin behind it; `path` begins the addresses of its calls."""

    def __init__(
        self, sink: ProfileSink, door: Door, sandbox: Sandbox, *, path: str, ceiling: int
    ) -> None:
        self.sink = sink
        self.ceiling = ceiling
        self._path = path
        self._door = door
        self.sandbox = sandbox
        self._rejected: list[str] = []

    @property
    def calls(self) -> int:
        return self._door.calls

    def identifier(self, number: int) -> Identifier:
        return Identifier.customer_id(str(number))

    def held(self, segment: SegmentId) -> Mapping[Identifier, Mapping[str, JsonValue]]:
        held = self.ledger("profiles").get(segment, {})
        assert isinstance(held, dict)
        return {Identifier.customer_id(value): fields for value, fields in held.items()}

    def reject(self, identifier: Identifier) -> None:
        self._rejected.append(identifier.value)
        self.spoil({"fault": "reject", "identifiers": self._rejected})

    def meet(self, trouble: Trouble) -> None:
        if trouble is Trouble.UNREACHABLE:
            self._door.shut = True
        else:
            self.spoil({**FAULTS[trouble], "calls": [1], "path": self._path})

    def spoil(self, rule: Mapping[str, object]) -> None:
        control(self.sandbox, "faults", {"rules": [rule]})

    def ledger(self, part: str) -> Mapping[str, object]:
        return ledger(self.sandbox)[part]
