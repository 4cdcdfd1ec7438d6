"""Broken ledgers, and comparisons that come out wrong."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import wraps
from typing import TypeAlias, cast

from petiole.core.domain.change import ProfileChange, Scope
from petiole.core.domain.identity import Identifier
from petiole.core.ports.ledger import Comparison, Difference, Ledger, Repeat
from petiole.core.ports.snapshot import Snapshot, SnapshotProfile
from petiole.testing.zoo.mutant import Bend, breaks, twin

Profiles: TypeAlias = Iterable[SnapshotProfile]
Compared: TypeAlias = AbstractContextManager[Comparison]


def compared(method: str) -> Callable[[Bend], Bend]:
    """Let a mutant do a method of the comparison wrongly."""

    def around(bend: Bend) -> Bend:
        @wraps(bend)
        @contextmanager
        def compare(
            ledger: Ledger, scope: Scope, profiles: Profiles, *, mirror: bool
        ) -> Iterator[Comparison]:
            with ledger.compare(scope, profiles, mirror=mirror) as comparison:
                yield cast("Comparison", twin(comparison, method, bend))

        return compare

    return around


@breaks(Ledger.holds, "not removed since")
def holds_everybody(ledger: Ledger, scope: Scope, identifier: Identifier) -> bool:
    ledger.holds(scope, identifier)
    return True


@breaks(Ledger.holds, "delivered into the scope")
def holds_nobody(ledger: Ledger, scope: Scope, identifier: Identifier) -> bool:
    ledger.holds(scope, identifier)
    return False


@breaks(Ledger.count, "delivered into the scope")
def counts_one_too_many(ledger: Ledger, scope: Scope) -> int:
    return ledger.count(scope) + 1


@breaks(Ledger.compare, "With `mirror`")
def never_mirrors(ledger: Ledger, scope: Scope, profiles: Profiles, *, mirror: bool) -> Compared:
    del mirror
    return ledger.compare(scope, profiles, mirror=False)


@breaks(Ledger.compare, "With `mirror`")
def always_mirrors(ledger: Ledger, scope: Scope, profiles: Profiles, *, mirror: bool) -> Compared:
    del mirror
    return ledger.compare(scope, profiles, mirror=True)


@breaks(Ledger.compare, "entering consumes `profiles`")
def reads_half_of_the_snapshot(
    ledger: Ledger, scope: Scope, profiles: Profiles, *, mirror: bool
) -> Compared:
    return ledger.compare(scope, [*profiles][::2], mirror=mirror)


@breaks(Ledger.compare, "A long run of them comes as a `Snapshot`")
def loses_the_last_profile_of_a_page(
    ledger: Ledger, scope: Scope, profiles: Profiles, *, mirror: bool
) -> Compared:
    if isinstance(profiles, Snapshot):
        profiles = [one for page in profiles.pages for one in [*page.profiles()][:-1]]
    return ledger.compare(scope, profiles, mirror=mirror)


@breaks(Ledger.compare, "Remembers a fingerprint", of=Ledger)
@compared("difference")
def takes_everybody_for_new(comparison: Comparison) -> Difference:
    found = comparison.difference()
    return Difference(added=found.added + found.updated + found.unchanged)


@breaks(Ledger.compare, "Count", of=Comparison.difference)
@compared("difference")
def counts_nothing(comparison: Comparison) -> Difference:
    comparison.difference()
    return Difference()


@breaks(Ledger.compare, "lines that repeat a profile", of=Comparison.repeats)
@compared("repeats")
def overlooks_repeated_lines(comparison: Comparison) -> Sequence[Repeat]:
    return comparison.repeats()[:0]


@breaks(Ledger.compare, "removals first", of=Comparison.changes)
@compared("changes")
def removes_last(comparison: Comparison, occurred_at: datetime) -> Iterator[ProfileChange]:
    return iter([*comparison.changes(occurred_at)][::-1])


@breaks(Ledger.compare, "turns the held into the snapshot", of=Comparison.changes)
@compared("changes")
def leaves_a_change_out(comparison: Comparison, occurred_at: datetime) -> Iterator[ProfileChange]:
    return iter([*comparison.changes(occurred_at)][:-1])
