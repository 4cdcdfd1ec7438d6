"""What recipients do with a mail, and which of them do what unless somebody says otherwise."""

from collections.abc import Callable, Collection
from enum import StrEnum

_HARD_BOUNCE_EACH, _SOFT_BOUNCE_EACH, _OPEN_EACH, _CLICK_EACH, _COMPLAINT_EACH = 10, 25, 2, 4, 20


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

Acts = Callable[[int], Collection[Act]]
"""Answers what the recipient at a place does, counted from 0."""


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
