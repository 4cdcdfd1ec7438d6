"""The profiles in each segment, as both lanes fill them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

NEW = "NEW"
MODIFIED = "MODIFIED"
REMOVED = "REMOVED"
STATUSES = frozenset({NEW, MODIFIED, REMOVED})


class Change(NamedTuple):
    """One profile record: who, in which segment, with which status and fields.

    A tuple, since a call makes a hundred of them, and a frozen dataclass takes three times as long.
    """

    segment: str
    identifier: str
    status: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the segments hold at one moment, and how many records each profile has received."""

    profiles: Mapping[str, Mapping[str, Mapping[str, object]]]
    history: Mapping[str, Mapping[str, int]]


class Profiles:
    """The state that profile records change; any number of threads may apply at once.

    `journal` tells whether to keep every change as well, which takes memory without end.
    """

    def __init__(self, *, journal: Callable[[], bool]) -> None:
        self._keeps_journal = journal
        self._journal: list[Change] = []
        self._guard = threading.Lock()
        self._segments = defaultdict[str, dict[str, Mapping[str, object]]](dict)
        self._history = defaultdict[str, dict[str, int]](dict)

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply changes in order, all of them before anybody else's.

        NEW and MODIFIED merge their fields into the profile and leave the others; REMOVED takes
        the profile out of the segment, if it is there.
        """
        with self._guard:
            for name, identifier, status, fields in changes:
                segment = self._segments[name]
                if status == REMOVED:
                    segment.pop(identifier, None)
                else:
                    # A fresh dictionary each time, so that a standing may keep the old one.
                    held = segment.get(identifier)
                    segment[identifier] = {**held, **fields} if held else fields
                history = self._history[name]
                history[identifier] = history.get(identifier, 0) + 1
            if self._keeps_journal():
                self._journal.extend(changes)

    def journal(self) -> list[Change]:
        """Return the changes that were kept, in the order in which they were applied."""
        with self._guard:
            return list(self._journal)

    def standing(self) -> Standing:
        """Return what is held now; later changes do not show in it."""
        with self._guard:
            return Standing(
                profiles={name: dict(held) for name, held in self._segments.items()},
                history={name: dict(counts) for name, counts in self._history.items()},
            )
