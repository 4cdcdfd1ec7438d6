"""Entering: the changes that a comparison found, from where they are set aside into the outbox."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from petiole.adapters.sqlite import commits
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.lines import enqueue
from petiole.adapters.sqlite.part import Part, PartEntry, Runner
from petiole.adapters.sqlite.profiles import newest_profile
from petiole.adapters.sqlite.staging import BETWEEN, CHANGES_BETWEEN, Staging
from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.identity import Identifier
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.ledger import Entered

PART = 2_000
"""Changes in one transaction."""
PROFILES = 100_000
"""Profiles that get their numbers in one transaction. Their keys are random: each of them alone
rewrites a page of the table of keys, many at a time, and in order, share pages."""
FEW_SLICES = 4
"""In so many, all keys are looked through sooner for each of them than its own are sorted."""
PART_BYTES = 8_000_000
"""Of JSON text in one transaction."""

_NEXT = """
SELECT max(place), count(*), sum(weight_bytes) FROM (
    SELECT place, weight_bytes FROM staging.profile
    WHERE kind IS NOT NULL AND place > ? ORDER BY place LIMIT ?
)
"""
_LAST_PLACE = """
SELECT coalesce(max(place), 0) FROM staging.profile WHERE place > :after AND place <= :upto
"""
_NUMBERING = f"FROM staging.profile AS staged NOT INDEXED WHERE {CHANGES_BETWEEN}"


def _entering_keys(numbering: str) -> str:
    return f"""
        INSERT OR ROLLBACK INTO profile_key (key, profile)
        SELECT key, place + :shift {numbering} ORDER BY key
        ON CONFLICT (key) DO NOTHING
    """


_KEYS = _entering_keys(_NUMBERING)
_KEYS_OF_FEW = _entering_keys(
    f"FROM staging.profile AS staged INDEXED BY profile_place WHERE {BETWEEN}"
)
"""Looks through the keys of all slices, which are in order already, and at nothing beside them."""
_PROFILES = f"""
INSERT OR ROLLBACK INTO profile (id, account, identifier_type, identifier)
SELECT place + :shift, :account, identifier_type, identifier {_NUMBERING}
    AND (:are_new OR place + :shift = (
        SELECT profile FROM profile_key WHERE profile_key.key = staged.key
    ))
ORDER BY place
"""  # noqa: S608 - made of constants
"""Those whose keys got their numbers just now; a profile that is known keeps its own."""


class _Found(NamedTuple):
    """How far the next part reaches, and how much it is."""

    upto: int
    changes: int
    weight_bytes: int


class SqliteEntering:
    """Enters what is staged for one scope, on the connection that it is staged on."""

    def __init__(
        self,
        database: Database,
        staging: Staging,
        scope: Scope,
        runner: Runner,
        *,
        occurred_at: datetime,
        folding: bool,
        removing: bool,
    ) -> None:
        self._database = database
        self._scope = scope
        self._runner = runner
        self._occurred_at = occurred_at
        self._folding = folding
        self._after = 0
        self._numbered = 0
        self._new: tuple[int, int] | None = None
        """After which place all profiles are new, and what makes a place the number of its own."""
        self._likeness = staging.likeness()
        numbers = staging.count()
        self._changes = numbers[ChangeKind.ADD] + numbers[ChangeKind.UPDATE]
        is_short = not numbers[None] and self._changes <= FEW_SLICES * PROFILES
        self._keys = _KEYS_OF_FEW if is_short else _KEYS
        self._removals = staging.removals() if removing else iter(())
        self._removed: list[Identifier] = []

    def part(self, claiming: Claiming | None = None) -> Entered | None:
        """Put the next ones into the outbox, removals first; `None` when all are there.

        Raises:
            OutboxError: nothing of this part was put there.
        """
        most = claiming.most_messages if claiming else PART
        if removed := self._next_removed(most):
            entered = Entered(receipt=self._remove(removed))
            del self._removed[: len(removed)]
        elif found := self._next(most):
            part = self._numbered_part(found)
            with self._database.write(commits.ENQUEUE, bound=True) as tables:
                entry = PartEntry(
                    tables, self._scope, self._runner, part, occurred_at=self._occurred_at
                )
                entered = entry.enter(claiming, folding=self._folding)
            self._after = part.upto
        else:
            return None
        self._runner.bell.ring()
        return entered

    def _next_removed(self, most: int) -> Sequence[Identifier]:
        """Look up the next ones to remove; they stay the next ones until they are there."""
        if not self._removed:
            self._removed += islice(self._removals, PART)
        return self._removed[:most]

    def _remove(self, identifiers: Sequence[Identifier]) -> EnqueueReceipt:
        removals = [
            ProfileChange(
                scope=self._scope,
                identifier=identifier,
                kind=ChangeKind.REMOVE,
                occurred_at=self._occurred_at,
            )
            for identifier in identifiers
        ]
        with self._database.write(commits.ENQUEUE) as tables:
            now = to_micros(self._runner.clock.now())
            return enqueue(tables, removals, folding=self._folding, now=now)

    def _numbered_part(self, found: _Found) -> Part:
        self._number(found.upto)
        after, new = self._after, self._new
        shift = new[1] if new and new[0] <= after else None
        return Part(after, *found, shift, self._likeness)

    def _number(self, upto: int) -> None:
        """Give the profiles up to some place, and many after it, their numbers.

        They are new as long as each place of these slices brings one that was unknown.
        """
        while self._numbered < upto:
            after, last = self._numbered, self._numbered + PROFILES
            with self._database.write(bound=True) as tables:
                shift = newest_profile(tables) - after
                names = {"after": after, "upto": last, "shift": shift}
                [(end,)] = tables.execute(_LAST_PLACE, names).fetchall()
                added = tables.execute(self._keys, names).rowcount
                are_new = added == end - after
                more = {"account": self._scope.account, "are_new": are_new}
                tables.execute(_PROFILES, names | more)
            if not are_new:
                self._new = None
            elif self._new is None or self._new[1] != shift:
                self._new = after, shift
            self._numbered = last

    def _next(self, most: int) -> _Found | None:
        if not self._changes:
            return None  # where all is as it was, nobody need look through it
        with self._database.beside() as tables:
            while True:
                [row] = tables.execute(_NEXT, (self._after, most)).fetchall()
                found = _Found(*row)
                if found.changes <= 1 or found.weight_bytes <= PART_BYTES:
                    break
                most = found.changes // 2
        return found if found.changes else None
