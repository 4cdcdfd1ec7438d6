"""The profiles in each segment, as both lanes fill them."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NEW = "NEW"
MODIFIED = "MODIFIED"
REMOVED = "REMOVED"
STATUSES = frozenset({NEW, MODIFIED, REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One profile record: who, in which segment, with which status and fields."""

    segment: str
    identifier: str
    status: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the segments hold at one moment, and how many records each profile has received."""

    profiles: Mapping[str, Mapping[str, Mapping[str, object]]]
    history: Mapping[str, Mapping[str, int]]


class Profiles:
    """The state that profile records change; any number of threads may apply at once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._segments: dict[str, dict[str, dict[str, object]]] = {}
        self._history: dict[str, dict[str, int]] = {}

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes in order, all of them before anybody else's.

        NEW and MODIFIED merge their fields into the profile and leave the others; REMOVED takes
        the profile out of the segment, if it is there.
        """
        with self._guard:
            for change in changes:
                segment = self._segments.setdefault(change.segment, {})
                if change.status == REMOVED:
                    segment.pop(change.identifier, None)
                else:
                    # A fresh dictionary each time, so that a standing may keep the old one.
                    segment[change.identifier] = {
                        **segment.get(change.identifier, {}),
                        **change.fields,
                    }
                history = self._history.setdefault(change.segment, {})
                history[change.identifier] = history.get(change.identifier, 0) + 1

    def standing(self) -> Standing:
        """Return what is held now; later changes do not show in it."""
        with self._guard:
            return Standing(
                profiles={name: dict(held) for name, held in self._segments.items()},
                history={name: dict(counts) for name, counts in self._history.items()},
            )
