"""What a suite needs of the adapter that it tests: the adapter itself, and a hand on its world."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from petiole.core.domain.change import SegmentId
from petiole.core.domain.engagement import EngagementKind
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.ports.audience import Audience
from petiole.core.ports.bell import Bell
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.engagement_receiver import EngagementReceiver, InboundCall
from petiole.core.ports.engagement_source import EngagementSource
from petiole.core.ports.engagements import EngagementBooks, Engagements
from petiole.core.ports.history import History
from petiole.core.ports.ledger import Ledger
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink


class HandClock(Protocol):
    """A clock that a test turns."""

    def now(self) -> datetime:
        """Tell the present moment."""
        ...

    def uptime(self) -> timedelta:
        """Tell how much time has passed since some moment."""
        ...

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        ...

    def jump(self, by: timedelta) -> None:
        """Set the time of day ahead, or back, while no time passes."""
        ...


class Store(Protocol):
    """One runner's view of what is stored."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def bookkeeping(self) -> Bookkeeping: ...
    @property
    def states(self) -> ConnectionStates: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def history(self) -> History: ...
    @property
    def bell(self) -> Bell: ...
    @property
    def engagements(self) -> Engagements: ...
    @property
    def engagement_books(self) -> EngagementBooks: ...


class StoreStand(Protocol):
    """Something stored, empty at first, that any number of runners may open."""

    @property
    def clock(self) -> HandClock:
        """The clock that all runners go by."""
        ...

    def open(self) -> Store:
        """Start a runner."""
        ...

    def kill(self, store: Store) -> None:
        """End a runner where it stands; what it stored stays."""
        ...


class Trouble(StrEnum):
    """What a platform can do to a call."""

    UNREACHABLE = "unreachable"
    """Nobody answers the door, as where a connection is refused or a host is unknown.

    Surely nothing was applied.
    """
    UNAVAILABLE = "unavailable"
    """It answers that it cannot serve now."""
    BUSY = "busy"
    """It asks to slow down, and to come back in `RETRY_AFTER`."""
    LOST_ANSWER = "lost answer"
    """It applies what was sent, and the answer never arrives."""
    LOST_REQUEST = "lost request"
    """It takes the request, applies nothing, and never answers."""
    GIBBERISH = "gibberish"
    """It applies what was sent, and its answer cannot be read."""
    WRONG_SECRET = "wrong secret"
    """It refuses the token or password."""
    WRONG_ADDRESS = "wrong address"
    """Somebody answers, but takes no such calls: 404, 405, 415, a redirect."""
    REFUSED_CONTENT = "refused content"
    """It refuses the request as a whole and names no culprit."""


RETRY_AFTER = timedelta(seconds=30)


class Platform(Protocol):
    """A hand on the platform behind a sink."""

    @property
    def ceiling(self) -> int:
        """How many messages one call may hold."""
        ...

    @property
    def calls(self) -> int:
        """How many requests have reached the platform, or were tried in vain."""
        ...

    def identifier(self, number: int) -> Identifier:
        """Identify a made-up person in a way that the sink takes."""
        ...

    def held(self, segment: SegmentId) -> Mapping[Identifier, Mapping[str, JsonValue]]:
        """Tell what the platform holds now."""
        ...

    def reject(self, identifier: Identifier) -> None:
        """Make the platform refuse this one profile from now on, beside those it refuses already.

        Skips the test where a platform answers for a request as a whole only.
        """
        ...

    def meet(self, trouble: Trouble) -> None:
        """Make the next call meet a trouble; skips the test where there is no such thing."""
        ...


class SinkStand(Platform, Protocol):
    """A sink, and the platform behind it."""

    @property
    def sink(self) -> ProfileSink: ...


class AudienceStand(Protocol):
    """A way to make sources of one kind."""

    def source(self, rows: list[dict[str, str]]) -> Audience:
        """Make a source of these rows; all have the same keys."""
        ...

    def damaged(self, rows: list[dict[str, str]], broken: int) -> Audience:
        """Make one in which one row, counted from 0, is broken by itself.

        Skips the test where a row cannot be.
        """
        ...

    def unreadable(self) -> Audience:
        """Make one that cannot be opened or read at all; skips where there is no such thing."""
        ...


class CampaignStand(Protocol):
    """A source of campaigns, and the account behind it."""

    @property
    def source(self) -> CampaignSource: ...

    def offer(self, campaigns: Mapping[SegmentId, str]) -> None:
        """Let the account have these campaigns, names by id, and no others."""
        ...

    def meet(self, trouble: Trouble) -> None:
        """Make the next call meet a trouble; skips the test where there is no such thing."""
        ...


class ReceiverStand(Protocol):
    """A receiver, and a hand that pushes as the platform does. People are numbered from 1."""

    @property
    def receiver(self) -> EngagementReceiver: ...

    def identifier(self, number: int) -> Identifier:
        """Identify a made-up person as the receiver should."""
        ...

    def call(self, number: int, kind: EngagementKind, at: datetime) -> InboundCall:
        """Make the call that tells of one event; it has a right to be made."""
        ...

    def malformed(self, mark: str) -> Sequence[InboundCall]:
        """Make calls that have a right to be made but cannot be read; each holds a text."""
        ...

    def strangers(self) -> Sequence[Mapping[str, str]]:
        """Make headers of calls that have no right to be made, in every way that there is."""
        ...


class EngagementSourceStand(Protocol):
    """A source of engagements, and the platform behind it. People are numbered from 1."""

    @property
    def source(self) -> EngagementSource: ...

    @property
    def calls(self) -> int:
        """How many requests have reached the platform, or were tried in vain."""
        ...

    def identifier(self, number: int) -> Identifier:
        """Identify a made-up person as the source should."""
        ...

    def happen(self, at: datetime, acts: Mapping[int, Collection[EngagementKind]]) -> None:
        """Let a mail go out at a moment, and let it meet with these acts of people, all then.

        Everybody is in one of the kinds receive and bounce, and only who received it does more.
        """
        ...

    def meet(self, trouble: Trouble) -> None:
        """Make the next call meet a trouble; skips the test where there is no such thing."""
        ...
