"""What the twin saw, what the file holds, and what follows from both."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias
from urllib.request import Request, urlopen

from petiole.adapters.sqlite import sums
from petiole.core.domain.message import MessageState
from petiole.host import Host
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.crash.story import NAME, SEGMENT, Lane, Story

Arrival: TypeAlias = tuple[str, int]
"""A profile, and the number of its change."""

_FORGETTABLE = {MessageState.DELIVERED, MessageState.FOLDED, MessageState.ERASED}
_UNDER_WAY = "SELECT event FROM message WHERE state = 'in_flight'"


@dataclass(frozen=True, slots=True)
class Twin:
    """The platform's side."""

    sandbox: Sandbox

    @property
    def urls(self) -> Mapping[str, str]:
        return {"rest": self.sandbox.rest, "soap": self.sandbox.soap}

    def control(
        self, name: str, content: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        body = None if content is None else json.dumps(content).encode()
        with urlopen(Request(self.sandbox.control + name, body)) as answer:
            document: Mapping[str, object] = json.load(answer)
        return document

    @property
    def calls(self) -> Sequence[Mapping[str, object]]:
        calls = self.control("ledger")["calls"]
        assert isinstance(calls, list)
        return calls

    @property
    def operations(self) -> Mapping[object, int]:
        """Count the SOAP calls that were carried out."""
        return Counter(call["operation"] for call in self.calls if call["fault"] != "soap-fault")

    @property
    def members(self) -> AbstractSet[str]:
        members = self.control("ledger")["members"]
        assert isinstance(members, dict)
        return {str(member) for member in members.get(SEGMENT, ())}

    @property
    def profiles(self) -> Mapping[str, Mapping[str, object]]:
        profiles = self.control("ledger")["profiles"]
        assert isinstance(profiles, dict)
        held: Mapping[str, Mapping[str, object]] = profiles.get(SEGMENT, {})
        return held

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """List every change that was applied, in order; a removal is the last of its profile."""
        journal = self.control("journal")["changes"]
        assert isinstance(journal, list)
        return [
            (
                change["identifier"],
                2 if change["status"] == "REMOVED" else int(change["fields"]["number"]),
            )
            for change in journal
        ]


def under_way(story: Story) -> AbstractSet[Arrival]:
    """Tell which changes were claimed and not settled when the last runner died.

    The file is looked at without writing, so that what the dead left is left as it is.
    """
    with closing(sqlite3.connect(f"file:{story.path}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'message'").fetchall():
            return set()
        kept, counted = sums.kept(connection, NAME), sums.counted(connection, NAME)
        assert kept.balanced
        for state in MessageState:
            missing = kept[state] - counted[state]
            assert missing == 0 or (missing > 0 and state in _FORGETTABLE), state
        events = [event.rpartition("-") for (event,) in connection.execute(_UNDER_WAY)]
    return {(profile, int(number)) for profile, _, number in events}


def check_end(story: Story, twin: Twin) -> None:
    """Everything is delivered, the sums are right, and the ledger holds what the twin holds."""
    assert under_way(story) == set()
    with Host.open(story.settings()) as host:
        [status] = host.status()
        unheard = host.sync(
            NAME, story.audience, segment=SEGMENT, key="id", mirror=True, deliver=False
        )
    assert status.tally.states == {MessageState.DELIVERED: story.changes}
    held = twin.members if story.lane is Lane.MEMBERSHIP else twin.profiles.keys()
    assert held == {profile["id"] for profile in story.audience}
    assert (unheard.difference.changes, unheard.difference.unchanged) == (0, len(held))


def repeated(arrivals: Sequence[Arrival]) -> Mapping[Arrival, int]:
    """Count how often changes arrived beyond the first time."""
    return {arrival: times - 1 for arrival, times in Counter(arrivals).items() if times > 1}


def check_order(story: Story, arrivals: Sequence[Arrival]) -> None:
    """Nothing is missing, and the changes of each profile arrived in their order."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for profile, number in arrivals:
        numbers[profile].append(number)
    for profile in story.profiles:
        in_order = [number for number, _ in groupby(numbers[profile])]
        assert in_order == list(range(len(story.kinds(profile)))), profile
    assert numbers.keys() == set(story.profiles)
