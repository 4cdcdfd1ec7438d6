"""What is pushed in which order: the events as calls, by seed, with all that goes wrong."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from petiole.plugins.canopydeploy.sandbox.happening import Happening
from petiole.plugins.canopydeploy.sandbox.identity import Identities
from petiole.plugins.canopydeploy.sandbox.push.malformed import Malformed
from petiole.plugins.canopydeploy.sandbox.push.order import Order

DUPLICATE_WITHIN = 50
"""How many calls later, at most, a call is sent for the second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event to push, and who it is of."""

    partner_id: str
    happening: Happening


@dataclass(frozen=True, slots=True)
class Parcel:
    """One call: `events` are places in the list of all; one that is malformed holds a single one.

    `number` tells a malformed call from the others of its kind.
    """

    events: tuple[int, ...]
    malformed: Malformed | None = None
    number: int = 0
    duplicate: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that is to be sent. `skipped` counts events of people who have no such identifier."""

    events: Sequence[Event]
    parcels: Sequence[Parcel]
    skipped: int


def written(told: Sequence[Happening], *, identities: Identities, order: Order) -> Script:
    """Write the script of a push; equal orders about equal events make equal scripts."""
    named: dict[int, str | None] = {}
    events = []
    for happening in sorted(told, key=lambda each: each.at):
        number = happening.customer_id
        if number not in named:
            named[number] = identities.of(number, partner_number=order.partner_number)
        if (partner_id := named[number]) is not None:
            events.append(Event(partner_id=partner_id, happening=happening))
    parcels = _ordered(_packed(events, per_call=order.per_call), order=order, events=len(events))
    return Script(events=events, parcels=parcels, skipped=len(told) - len(events))


def _packed(events: Sequence[Event], *, per_call: int) -> list[Parcel]:
    """Put the events of a profile together, so many into a call; it goes when it is full."""
    if per_call == 1:
        return [Parcel((place,)) for place in range(len(events))]
    waiting: dict[str, list[int]] = {}
    parcels = []
    for place, event in enumerate(events):
        held = waiting.setdefault(event.partner_id, [])
        held.append(place)
        if len(held) == per_call:
            parcels.append(Parcel(tuple(waiting.pop(event.partner_id))))
    return parcels + [Parcel(tuple(held)) for held in waiting.values()]


def _ordered(parcels: Sequence[Parcel], *, order: Order, events: int) -> Sequence[Parcel]:
    """Add what is sent twice and what is malformed, and mix it all as the order wants it."""
    chance, calls = random.Random(order.seed), len(parcels)  # noqa: S311 - it guards nothing
    late = frozenset(chance.sample(range(calls), round(order.late * calls)))
    twice = frozenset(chance.sample(range(calls), round(order.duplicates * calls)))
    queue: list[tuple[float, Parcel]] = []
    for place, parcel in enumerate(parcels):
        at = float(place)
        if place in late:
            at += 2 * (calls + DUPLICATE_WITHIN)
            queue.append((at, replace(parcel, late=True)))
        else:
            queue.append((at, parcel))
        if place in twice:
            at += chance.uniform(0.5, DUPLICATE_WITHIN)
            queue.append((at, replace(parcel, duplicate=True)))
    kinds = tuple(Malformed)
    for number in range(round(order.malformed * calls)):
        parcel = Parcel((chance.randrange(events),), kinds[number % len(kinds)], number)
        queue.append((chance.uniform(0, calls), parcel))
    queue.sort(key=lambda entry: entry[0])
    mixed = [parcel for _, parcel in queue]
    if (window := order.out_of_order) > 1:
        for start in range(0, len(mixed), window):
            part = mixed[start : start + window]
            chance.shuffle(part)
            mixed[start : start + window] = part
    return mixed
