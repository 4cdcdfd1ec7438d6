"""The vendor's words for a change: the options of a campaign's run.

Seen: an option is a pair of texts, and a run's options become variables of the campaign. Assumed:
their names, hence settings.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.adapters.canopydeploy.wire import LABELS
from petiole.core.domain.change import ChangeKind, ProfileChange, SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import IdentifierType

PARTNER_NUMBERS = {IdentifierType.CUSTOMER_ID: 1010, IdentifierType.HASHED_EMAIL: 1012}
"""Documented for the realtime lane."""
LARGEST_ID = 2**63 - 1
"""Documented: ids are of the type long."""

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry."""


class Options:
    """Writes the options of one connection's runs."""

    def __init__(self, settings: CanopyDeployRealtimeSettings, identifier: IdentifierType) -> None:
        self._names = settings.options
        self._reserved = settings.options.names()
        self._label = settings.identifier_label or LABELS[identifier]
        self._number = str(settings.partner_number or PARTNER_NUMBERS[identifier])
        self._statuses = {
            ChangeKind.ADD: settings.statuses.add,
            ChangeKind.UPDATE: settings.statuses.update,
            ChangeKind.REMOVE: settings.statuses.remove,
        }

    def of(self, change: ProfileChange) -> Sequence[Mapping[str, str]]:
        """Write a change: who and what happened first, then the profile's own fields.

        Raises:
            Refused: a field bears the name of one of the former, or cannot stand in XML.
        """
        names = self._names
        moment = change.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        envelope = (
            (names.identifier, change.identifier.value),
            (names.identifier_type, self._label),
            (names.status, self._statuses[change.kind]),
            (names.partner_number, self._number),
            (names.timestamp, moment),
        )
        fields = {name: _text(value) for name, value in change.fields.values().items()}
        for name, text in fields.items():
            self._refuse(name, text)
        own = [(name, value) for name, value in envelope if name is not None]
        return [{"name": name, "value": value} for name, value in (*own, *fields.items())]

    def _refuse(self, name: str, text: str) -> None:
        if name in self._reserved:
            raise Refused(
                OTHER,
                f"the platform field {name!r} has the name of an option that every run carries; "
                "map the column to another name",
            )
        if found := _NO_XML.search(name) or _NO_XML.search(text):
            raise Refused(
                OTHER,
                f"the field {name!r} holds a character that XML cannot carry "
                f"(U+{ord(found[0]):04X}); remove it",
            )


def segment_trouble(segment: SegmentId) -> str:
    """Tell why a segment cannot be a campaign, or nothing."""
    return "" if _number(segment) else "this is no campaign id; `petiole campaigns` lists them"


def campaign_id(change: ProfileChange) -> int:
    """Read the campaign out of a change's segment.

    Raises:
        Refused: it is no campaign id.
    """
    number = _number(change.scope.segment)
    if number is None:
        raise Refused(OTHER, f"segment: {segment_trouble(change.scope.segment)}")
    return number


def customer_id(change: ProfileChange) -> int:
    """Read the platform's own customer id out of a change.

    Raises:
        Refused: it is no positive whole number.
    """
    number = _number(change.identifier.value)
    if number is None:
        raise Refused(OTHER, "the customer id is no number; memberships need the platform's own id")
    return number


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST_ID)):
        return None
    number = int(text)
    return number if 0 < number <= LARGEST_ID else None


def _text(value: JsonValue) -> str:
    """Write a value as text: nothing for null, and JSON for what has parts."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
