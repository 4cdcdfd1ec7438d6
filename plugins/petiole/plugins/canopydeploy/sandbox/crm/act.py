"""What recipients do with a mail, and which of them do what unless somebody says otherwise."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_HARD_BOUNCE_EACH, _SOFT_BOUNCE_EACH, _OPEN_EACH, _CLICK_EACH, _COMPLAINT_EACH = 10, 25, 2, 4, 20

_SAME_LINK = 4
"""How many recipients in a row would follow the same link of a mail."""


class Act(StrEnum):
    """One thing that a recipient, or a recipient's server, does with a mail."""

    OPEN = "open"
    """Load its pictures."""
    CLICK = "click"
    """Follow a link of it."""
    BOUNCE = "bounce"
    """Send it back for good."""
    SOFT_BOUNCE = "soft-bounce"
    """Send it back this time."""
    COMPLAINT = "complaint"
    """Call it spam."""


BOUNCES = frozenset({Act.BOUNCE, Act.SOFT_BOUNCE})
"""The acts after which there is no other, since the mail never came to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act and its moment, None being at once.

    `link` is the place of the link that a click follows, counted on round all links there are.
    """

    act: Act
    at: datetime | None = None
    link: int = 0
    by_machine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What becomes of one recipient's mail: when it comes, None being at once, and what follows.

    The deeds are in order of time.
    """

    arrives_at: datetime | None = None
    deeds: Sequence[Deed] = ()


Parts = Callable[[int], Part | None]
"""Answers the part of the recipient at a place, counted from 0; None if no mail comes to them."""


def usual_part(place: int) -> Part:
    """Tell what the recipient at a place does at once: see `usual_acts`."""
    acts = sorted(usual_acts(place), key=tuple(Act).index)
    return Part(deeds=[Deed(act=act, link=usual_link(place)) for act in acts])


def usual_link(place: int) -> int:
    """Tell which link the recipient at a place would follow."""
    return place // _SAME_LINK


def usual_acts(place: int) -> Collection[Act]:
    """Tell what the recipient at a place does: made up, and always the same.

    Every tenth mail bounces hard and every twenty-fifth softly; of the others every second is
    opened, every fourth clicked and every twentieth complained about. The first recipient opens
    and clicks.
    """
    if place % _HARD_BOUNCE_EACH == _HARD_BOUNCE_EACH - 1:
        return {Act.BOUNCE}
    if place % _SOFT_BOUNCE_EACH == _SOFT_BOUNCE_EACH - 1:
        return {Act.SOFT_BOUNCE}
    acts = set()
    if place % _OPEN_EACH == 0:
        acts.add(Act.OPEN)
    if place % _CLICK_EACH == 0:
        acts.add(Act.CLICK)
    if place % _COMPLAINT_EACH == _COMPLAINT_EACH - 2:
        acts.add(Act.COMPLAINT)
    return acts
