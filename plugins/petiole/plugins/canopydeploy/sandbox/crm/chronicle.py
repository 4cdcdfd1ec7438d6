"""All that became of mails, in the order in which it was entered: one story for every reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid5

from petiole.plugins.canopydeploy.sandbox.crm.mailing import Delivery, Event, Mailing

Entry: TypeAlias = Delivery | Event

A_SECOND = timedelta(seconds=1)

Likeness: TypeAlias = tuple[str, int, int | None, str, str]
"""Kind, customer, campaign, content and address of the link."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where something happens: to one recipient of a mailing."""

    mailing: Mailing
    customer_id: int
    distinct: bool


class Chronicle:
    """The entries, which are never changed; whoever has read so many of them reads on from there.

    `salt` goes into the uuids of events, which differ between two brands.
    """

    def __init__(self, *, salt: UUID) -> None:
        self._salt = salt
        self._entries: list[Entry] = []
        self._taken: set[tuple[Likeness, int]] = set()

    def add(self, entry: Entry) -> None:
        """Enter what happened."""
        self._entries.append(entry)

    def since(self, place: int) -> Sequence[Entry]:
        """Answer the entries from a place on, counted from 0."""
        return self._entries[place:]

    def uuid(self, kind: str, number: int) -> str:
        """Make the uuid of an event."""
        return str(uuid5(self._salt, f"{kind} {number}"))

    def moment(self, kind: str, occasion: Occasion, at: datetime, *, url: str = "") -> datetime:
        """Answer the moment of an event: the wish, or the next second that is free.

        A second is taken by a like event; readers that see no finer time would hold the two for
        one. Where the occasion is not to be distinct, the wish is granted.
        """
        mailing = occasion.mailing
        likeness = (
            kind,
            occasion.customer_id,
            mailing.campaign_id,
            mailing.content_name,
            url,
        )
        while occasion.distinct and (likeness, int(at.timestamp())) in self._taken:
            at += A_SECOND
        self._taken.add((likeness, int(at.timestamp())))
        return at
