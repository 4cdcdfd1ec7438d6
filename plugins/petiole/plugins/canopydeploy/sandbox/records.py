"""The records in a webhook's body: read, and judged one by one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from petiole.plugins.canopydeploy.sandbox.profiles import STATUSES, Change
from petiole.plugins.canopydeploy.sandbox.settings import Settings

Record = dict[str, object]

MALFORMED_CODE = 101
"""The code for a missing value in the SOAP table; that webhooks use it too is assumed."""

INVALID_CODE = 105
"""The code for an invalid value, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why one record is not applied.

    Assumed, and stated only here: the echo of the record carries this as `error`, not an id.
    """

    code: int
    message: str

    def shown(self) -> Record:
        """Return the rejection as the echo carries it."""
        return {"code": self.code, "message": self.message}


class Reader:
    """Reads records under the settings of one moment.

    `mapped` names the keys that go elsewhere and are no fields of a profile.
    """

    def __init__(self, settings: Settings, *, mapped: Iterable[str] = ()) -> None:
        envelope = settings.envelope
        self._identifier = envelope.identifier
        self._segment = envelope.segment
        self._status = envelope.status
        self._around = envelope.keys().union(mapped)
        self._most = settings.option_characters

    def identifier(self, record: Record) -> str | None:
        """Return the identifier of a record, if it has one."""
        return scalar(record.get(self._identifier))

    def change(self, record: Record) -> Change | Rejection | None:
        """Tell what a record asks for; None if it only names a contact, without a segment."""
        segment = scalar(record.get(self._segment))
        status = scalar(record.get(self._status))
        if segment is None and status is None:
            return None
        identifier = self.identifier(record)
        if segment is None or identifier is None:
            missing = self._segment if segment is None else self._identifier
            return Rejection(code=MALFORMED_CODE, message=f"{missing} is missing")
        if status not in STATUSES:
            message = f"{self._status} must be one of {', '.join(sorted(STATUSES))}"
            return Rejection(code=INVALID_CODE, message=message)
        return Change(segment, identifier, status, self._fields(record))

    def _fields(self, record: Record) -> Record:
        around, most = self._around, self._most
        return {
            key: value[:most] if isinstance(value, str) else value
            for key, value in record.items()
            if key not in around
        }


def parsed(body: bytes) -> list[Record] | Record:
    """Read one object or an array of objects; raise ValueError for anything else."""
    try:
        content = json.loads(body, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if isinstance(content, dict):
        return content
    if isinstance(content, list) and all(isinstance(record, dict) for record in content):
        return content
    raise ValueError("neither an object nor an array of objects")


def scalar(value: object) -> str | None:
    """Return a string or an integer as text, and None for what cannot name anything."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
