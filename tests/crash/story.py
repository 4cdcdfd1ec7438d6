"""What a victim lives through: the same from the start each time, as after a crash in earnest.

Producers repeat what they are not sure of, since a change is known again by its id; operators look
what is dead and mend it; the host delivers and forgets. So the same story, told again, goes on
wherever the last teller died.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.fields import Fields, JsonValue
from petiole.host import Host
from petiole.host.settings import Settings

NAME = ConnectionName("newsletter")
SEGMENT = "4711"
TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
"""A made-up token, told to the twin as well."""
ROUNDS = 3
"""Changes of each profile."""
BATCH_PROFILES = 10
PRUNE_STEP = 10


class Lane(StrEnum):
    """How changes travel."""

    BATCH = "batch"
    CAMPAIGN = "campaign"
    """In real time: each change starts a campaign."""
    MEMBERSHIP = "membership"
    """In real time: each change joins or leaves a campaign, which can be read back."""


KINDS: Mapping[Lane, tuple[Sequence[ChangeKind], Sequence[ChangeKind]]] = {
    Lane.BATCH: (
        [ChangeKind.ADD, ChangeKind.ADD, ChangeKind.ADD],
        [ChangeKind.ADD, ChangeKind.ADD, ChangeKind.REMOVE],
    ),
    Lane.CAMPAIGN: (
        [ChangeKind.ADD, ChangeKind.ADD, ChangeKind.ADD],
        [ChangeKind.ADD, ChangeKind.ADD, ChangeKind.REMOVE],
    ),
    Lane.MEMBERSHIP: (
        [ChangeKind.ADD, ChangeKind.REMOVE, ChangeKind.ADD],
        [ChangeKind.ADD, ChangeKind.REMOVE],
    ),
}
"""The changes of a profile that stays, and of one that leaves in the end: every third does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A connection to the twin and what is to be delivered through it; may cross to a process."""

    folder: Path
    lane: Lane
    urls: Mapping[str, str]
    profiles: Sequence[str]
    max_in_flight: int = 1
    on_doubt: str = "resend"

    @property
    def path(self) -> Path:
        return self.folder / "petiole.db"

    def write_settings(self) -> None:
        """Write the settings of the batch lane, for the command line."""
        (self.folder / "petiole.toml").write_text(
            f"[connections.{NAME}]\n"
            'plugin = "canopydeploy"\n'
            'identifier = "customer-id"\n'
            'token = { env = "CANOPYDEPLOY_TOKEN" }\n'
            f'endpoint = "{self.urls["rest"]}"\n'
            "fold = false\n"
            f"max_in_flight = {self.max_in_flight}\n"
            f'batch = {{ max_profiles = {BATCH_PROFILES}, max_age = "0s" }}\n'
            'fields = { number = "number" }\n',
            encoding="utf-8",
        )

    def settings(self) -> Settings:
        connection: dict[str, object] = {
            "plugin": "canopydeploy",
            "identifier": "customer-id",
            "token": {"env": "CANOPYDEPLOY_TOKEN"},
            "timeout": "10s",
            "fold": False,
            "max_in_flight": self.max_in_flight,
            "on_dead": "hold",
            "on_doubt": self.on_doubt,
            "fields": {"number": "number"},
            "retry": {"base": "1ms", "ceiling": "1ms"},
        }
        if self.lane is Lane.BATCH:
            batch = {"max_profiles": BATCH_PROFILES}
            connection |= {"endpoint": self.urls["rest"], "batch": batch}
        else:
            connection |= {"lane": "realtime", "soap_url": self.urls["soap"]}
        if self.lane is Lane.MEMBERSHIP:
            connection["delivery"] = "membership"
        return Settings.model_validate(
            {"connections": {NAME: connection}, "directory": self.folder}
        )

    def kinds(self, profile: str) -> Sequence[ChangeKind]:
        stays, leaves = KINDS[self.lane]
        return leaves if self.profiles.index(profile) % 3 == 0 else stays

    @property
    def changes(self) -> int:
        return sum(len(self.kinds(profile)) for profile in self.profiles)

    def count(self, kind: ChangeKind) -> int:
        return sum(self.kinds(profile).count(kind) for profile in self.profiles)

    @property
    def audience(self) -> Sequence[Mapping[str, JsonValue]]:
        """Those whom the platform holds in the end, as they would be synced."""
        return [
            {"id": profile, "number": len(kinds) - 1}
            for profile in self.profiles
            if (kinds := self.kinds(profile))[-1] is ChangeKind.ADD
        ]

    def live(self) -> None:
        """Do all of it; whatever was done before is not done again."""
        with Host.open(self.settings()) as host:
            self._queue(host)
            host.operations.pause(NAME, by="anna", why="a rehearsal")
            host.operations.resume(NAME, by="anna")
            host.run_once(flush=True)
            mend(host)
            host.run_once(flush=True)
            forget(host)

    def queue(self) -> None:
        """Only queue it."""
        with Host.open(self.settings()) as host:
            self._queue(host)

    def deliver(self) -> None:
        """Only deliver what is queued."""
        with Host.open(self.settings()) as host:
            host.run_once(flush=True)

    def _queue(self, host: Host) -> None:
        for number in range(ROUNDS):
            host.submit(self._round(host, number))

    def _round(self, host: Host, number: int) -> Iterator[ProfileChange]:
        for profile in self.profiles:
            kinds = self.kinds(profile)
            if number < len(kinds):
                kind = kinds[number]
                fields = {} if kind is ChangeKind.REMOVE else {"number": number}
                yield host.change(
                    NAME,
                    kind,
                    profile,
                    segment=SEGMENT,
                    fields=fields,
                    id=f"{profile}-{number}",
                )


class Stage(Protocol):
    """Makes a story that the twin plays its part in."""

    def __call__(
        self, lane: Lane, *, max_in_flight: int = 1, profiles: int | None = None
    ) -> Story: ...


def mend(host: Host) -> None:
    """Lay something over each dead letter and send it again."""
    dead = LetterSelection()
    for letter in host.operations.letters(dead, limit=100):
        host.operations.edit(letter.id, Fields.of({"mended": True}), by="anna")
    host.operations.decide(dead, Decision.RESEND, by="anna")


def forget(host: Host) -> None:
    """Forget what is over, step by step."""
    history, clock = host.container.history(), host.container.clock()
    while history.prune(clock.now(), limit=PRUNE_STEP) == PRUNE_STEP:
        pass
