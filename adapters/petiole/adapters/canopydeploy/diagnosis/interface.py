"""Whether the platform still describes the SOAP interface that petiole was made for."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Literal
from urllib.parse import urlsplit

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.diagnosis.question import failed
from petiole.adapters.canopydeploy.discretion import cleaned
from petiole.adapters.canopydeploy.soap.description import (
    Description,
    Difference,
    compared,
    described,
)
from petiole.adapters.canopydeploy.soap.envelope import no_document
from petiole.adapters.canopydeploy.soap.interface import VERSION, namespace_of, shipped_wsdl
from petiole.core.errors import DeliveryError
from petiole.core.ports.diagnosis import Aspect, Finding, Health

SUBJECT = "SOAP"
A_FEW = 5
"""How many names of operations are told."""

Portal = Literal["secure", "login"]
_PORTALS: Sequence[Portal] = ("secure", "login")


def interface_finding(
    live: Answer | DeliveryError, *, settings: AccountSettings, needed: Collection[str]
) -> Finding:
    """Judge the platform's own description; `needed` names the operations that petiole calls."""
    where = settings.address_setting
    if isinstance(live, DeliveryError):
        remedy = f'check `{where}`, and `soap_version` (petiole was made for "{VERSION}")'
        return failed(Aspect.INTERFACE, SUBJECT, live, remedy)
    ours = described(shipped_wsdl(settings.portal))
    try:
        theirs = _read(live)
    except ValueError as error:
        return _finding(
            Health.FAIL,
            f"what the platform describes cannot be read: {error}",
            f"check `{where}`: it must lead to the SOAP interface, and no proxy may step in",
        )
    if theirs.namespace != ours.namespace:
        fitting = [f'"{each}"' for each in _PORTALS if namespace_of(each) == theirs.namespace]
        return _finding(
            Health.FAIL,
            f"the platform speaks in the namespace {theirs.namespace}",
            f"set portal = {fitting[0]}" if fitting else f"check `{where}`; no portal speaks so",
        )
    return _judged(
        compared(ours, theirs),
        needed=needed,
        total=len(theirs.operations),
        elsewhere=_elsewhere(theirs.addresses, settings.call_url),
    )


def _read(live: Answer) -> Description:
    if reason := no_document(live):
        raise ValueError(reason)
    return described(live.body)


def _judged(
    difference: Difference, *, needed: Collection[str], total: int, elsewhere: Sequence[str]
) -> Finding:
    """What is needed and differs is a failure; an addition is told, anything else a warning."""
    told = [
        f"{what}: {_a_few(names, first=needed)}"
        for what, names in (("missing", difference.missing), ("changed", difference.changed))
        if names
    ]
    told += _travel(difference.travel, first=needed, total=total)
    differing = {*difference.missing, *difference.changed, *chain(*difference.travel.values())}
    remedies = []
    if told:
        remedies.append("petiole calls none of these operations")
    if elsewhere:
        told.append(f"it sends calls to {', '.join(elsewhere)}")
        remedies.append("set `soap_url` to where it sends calls, unless a proxy is in between")
    if difference.added:
        told.append(f"added: {_a_few(difference.added, first=needed)}")
    if not differing.isdisjoint(needed):
        remedy = f'set soap_version = "{VERSION}", or look for a newer petiole'
        return _finding(Health.FAIL, "; ".join(told), remedy)
    if remedies:
        return _finding(Health.WARN, "; ".join(told), "; ".join(remedies))
    summary = f"{total} operations, as shipped with petiole (version {VERSION})"
    return _finding(Health.OK, "; but ".join([summary, *told]))


def _travel(
    travel: Mapping[str, Sequence[str]], *, first: Collection[str], total: int
) -> Sequence[str]:
    """Tell some of what is otherwise about the way of calls, and first of all what matters."""
    ordered = sorted(travel.items(), key=lambda way: set(first).isdisjoint(way[1]))
    told = [
        f"{way}: {'all operations' if len(names) == total else _a_few(names, first=first)}"
        for way, names in ordered[:A_FEW]
    ]
    more = len(ordered) - A_FEW
    return [*told, f"and {more} more ways of calls"] if more > 0 else told


def _elsewhere(addresses: Sequence[str], ours: str) -> Sequence[str]:
    """Name the hosts that calls are to go to, if ours is none of them."""
    hosts = sorted({_host(address) for address in addresses})
    return [] if _host(ours) in hosts else hosts[:A_FEW]


def _host(address: str) -> str:
    """Return the host, with its port if that is unusual; the rest may carry anything."""
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        return "an address that is none"
    return f"{url.hostname}:{port}" if port not in {None, 80, 443} else str(url.hostname)


def _a_few(names: Sequence[str], *, first: Collection[str]) -> str:
    """Name some, and first of all those that matter."""
    ordered = sorted(names, key=lambda name: (name not in first, name))
    more = len(names) - A_FEW
    return ", ".join(ordered[:A_FEW]) + (f" and {more} more" if more > 0 else "")


def _finding(health: Health, told: str, remedy: str = "") -> Finding:
    return Finding(
        aspect=Aspect.INTERFACE,
        health=health,
        subject=SUBJECT,
        told=cleaned(told),
        remedy=remedy,
    )
