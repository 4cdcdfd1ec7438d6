"""Who gets a mail: customers by number, profiles by identifier, or a segment as it stands."""

import re
from collections.abc import Iterable, Sequence

from petiole.plugins.canopydeploy.sandbox.crm import Crm, NotFound
from petiole.plugins.canopydeploy.sandbox.crm.customer import OPTION_PREFIX
from petiole.plugins.canopydeploy.sandbox.document import Nonsense
from petiole.plugins.canopydeploy.sandbox.engagements.request import Engagement, refuse_twice
from petiole.plugins.canopydeploy.sandbox.platform import State

NUMBER = re.compile(r"[0-9]{1,18}")


def audience(state: State, engagement: Engagement) -> Sequence[int]:
    """Return the numbers of the customers whom an engagement means.

    A profile that no customer stands for yet, since only campaign runs have named it, gets one.

    Raises:
        Nonsense: There is no such customer, profile or segment; nothing was changed.
    """
    if engagement.segment is not None:
        return _in_segment(state, engagement.segment)
    try:
        for number in engagement.customers:
            state.crm.customers.get(number)
    except NotFound as problem:
        raise Nonsense(str(problem)) from None
    return engagement.customers or _identified(state, engagement.identifiers)


def _in_segment(state: State, segment: str) -> Sequence[int]:
    """Return who is in a segment: its profiles, and the members of the campaign of that number."""
    standing = state.profiles.standing().profiles.get(segment, {})
    found = _identified(state, tuple(standing)) if standing else []
    members: Sequence[int] = ()
    if NUMBER.fullmatch(segment) and int(segment) in state.crm.campaigns:
        members = state.crm.campaigns.members(int(segment))
    customers = list(dict.fromkeys((*found, *members)))
    if not customers:
        raise Nonsense(f"nobody is in the segment {segment}")
    return customers


def _identified(state: State, identifiers: Sequence[str]) -> Sequence[int]:
    """Return the customers that identifiers stand for, or raise Nonsense and make none."""
    keys = state.identity_keys()
    found = {each: _customer_of(each, crm=state.crm, keys=keys) for each in identifiers}
    new = [each for each, number in found.items() if number is None]
    if new:
        received = set().union(*state.profiles.standing().history.values())
        if unknown := [each for each in new if each not in received]:
            raise Nonsense(f"nobody has the identifier {unknown[0]}")
    refuse_twice((each for each in found.values() if each), where="the customers")
    made = dict(zip(new, state.crm.customers.identify(key=keys[0], values=new), strict=True))
    return [found[each] or made[each] for each in identifiers]


def _customer_of(identifier: str, *, crm: Crm, keys: Iterable[str]) -> int | None:
    """Find a customer by the key of a mapping, or else by number."""
    for key in keys:
        if customers := crm.customers.alike({OPTION_PREFIX + key: identifier}):
            return customers[0].id
    if NUMBER.fullmatch(identifier) and int(identifier) in crm.customers:
        return int(identifier)
    return None
