"""What goes wrong at a platform and on the way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from petiole.plugins.canopydeploy.sandbox.fault import Fault

_WEIGHTS: Mapping[Fault, int] = {
    Fault.STATUS: 60,
    Fault.FLOOD: 1,
    Fault.GZIP_BOMB: 1,
    Fault.SOAP_FAULT: 0,
    Fault.REJECT: 0,
    Fault.REFUSE: 0,
}
"""Ten for all others. The gigantic are rare, since they take real time."""
_STATUSES = (
    (500, 6),
    (503, 6),
    (429, 8),
    (502, 3),
    (504, 3),
    (408, 2),
    (409, 2),
    (400, 3),
    (413, 1),
    (422, 1),
    (401, 1),
    (403, 1),
    (404, 1),
    (302, 1),
    (204, 1),
)
_FAULTS = [fault for fault in Fault if _WEIGHTS.get(fault, 10)]


@dataclass(slots=True)
class Weather:
    """One platform's. `trouble` is the share of calls that are spoilt.

    `culprits` are profiles that the platform refuses, one by one or with the whole call.
    """

    random: Random
    trouble: float = 0.0
    is_out: bool = False
    culprits: dict[str, Fault] = field(default_factory=dict)

    def clear(self) -> None:
        """Let the sun shine."""
        self.trouble, self.is_out = 0.0, False
        self.culprits.clear()

    def rules(self, now: datetime) -> Sequence[Mapping[str, object]]:
        """Write the twin's script for the next call."""
        rules: list[Mapping[str, object]] = [
            {"fault": fault, "identifiers": [identifier]}
            for identifier, fault in self.culprits.items()
        ]
        if self.random.random() < self.trouble:
            weights = [_WEIGHTS.get(fault, 10) for fault in _FAULTS]
            [fault] = self.random.choices(_FAULTS, weights)
            rules.append(self._rule(fault, now))
        return rules

    def _rule(self, fault: Fault, now: datetime) -> Mapping[str, object]:
        match fault:
            case Fault.STATUS:
                statuses, weights = zip(*_STATUSES, strict=True)
                [status] = self.random.choices(statuses, weights)
                return {"fault": fault, "status": status, "headers": self._headers(now)}
            case Fault.BODY:
                body = self.random.choice(["{}", "[]", "null", "[1]", '[{"identifier":"0"}]'])
                return {"fault": fault, "body": body, "applied": self.random.random() < 0.5}
            case Fault.HTML | Fault.BROKEN_JSON | Fault.EMPTY | Fault.NOT_HTTP:
                return {"fault": fault, "applied": self.random.random() < 0.5}
            case _:
                return {"fault": fault}

    def _headers(self, now: datetime) -> Mapping[str, str]:
        wait = timedelta(seconds=self.random.randint(-10, 90))
        wishes = [
            "",
            "",
            str(self.random.randint(0, 90)),
            format_datetime(now + wait),
            "soon",
            "9" * 12,
        ]
        wish = self.random.choices(wishes, [8, 1, 8, 6, 2, 1])[0]
        return {"Retry-After": wish} if wish else {}
