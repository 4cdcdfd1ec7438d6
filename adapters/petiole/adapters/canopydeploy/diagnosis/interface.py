"""Whether the platform still describes the SOAP interface that petiole was made for."""

from collections.abc import Collection, Sequence
from typing import Literal

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.diagnosis.question import failed
from petiole.adapters.canopydeploy.soap.description import Difference, compared, described
from petiole.adapters.canopydeploy.soap.interface import VERSION, namespace_of, shipped_wsdl
from petiole.core.errors import DeliveryError
from petiole.core.ports.diagnosis import Aspect, Finding, Health

SUBJECT = "SOAP"
A_FEW = 5
"""How many names of operations are told."""

Portal = Literal["secure", "login"]
_PORTALS: Sequence[Portal] = ("secure", "login")


def interface_finding(
    live: Answer | DeliveryError, *, portal: Portal, needed: Collection[str]
) -> Finding:
    """Judge the platform's own description; `needed` names the operations that petiole calls."""
    if isinstance(live, DeliveryError):
        remedy = f'check `soap_url`, and `soap_version` (petiole was made for "{VERSION}")'
        return failed(Aspect.INTERFACE, SUBJECT, live, remedy)
    ours = described(shipped_wsdl(portal))
    try:
        theirs = described(live.body)
    except ValueError as error:
        return _finding(
            Health.FAIL,
            f"what the platform describes cannot be read: {error}",
            "check `soap_url`: it must be the address of the SOAP interface",
        )
    if theirs.namespace != ours.namespace:
        fitting = [f'"{each}"' for each in _PORTALS if namespace_of(each) == theirs.namespace]
        return _finding(
            Health.FAIL,
            f"the platform speaks in the namespace {theirs.namespace}",
            f"set portal = {fitting[0]}" if fitting else "check `soap_url`; no portal speaks so",
        )
    return _judged(compared(ours, theirs), needed=needed, total=len(theirs.operations))


def _judged(difference: Difference, *, needed: Collection[str], total: int) -> Finding:
    """What is needed and differs is a failure, anything else a warning."""
    told = [
        f"{what}: {_a_few(names, first=needed)}"
        for what, names in (("missing", difference.missing), ("changed", difference.changed))
        if names
    ]
    if not told:
        summary = f"{total} operations, as shipped with petiole (version {VERSION})"
        return _finding(Health.OK, summary)
    if {*difference.missing, *difference.changed}.isdisjoint(needed):
        return _finding(Health.WARN, "; ".join(told), "nothing to do: petiole calls none of these")
    remedy = f'set soap_version = "{VERSION}", or look for a newer petiole'
    return _finding(Health.FAIL, "; ".join(told), remedy)


def _a_few(names: Sequence[str], *, first: Collection[str]) -> str:
    """Name some, and first of all those that matter."""
    ordered = sorted(names, key=lambda name: (name not in first, name))
    more = len(names) - A_FEW
    return ", ".join(ordered[:A_FEW]) + (f" and {more} more" if more > 0 else "")


def _finding(health: Health, told: str, remedy: str = "") -> Finding:
    return Finding(
        aspect=Aspect.INTERFACE, health=health, subject=SUBJECT, told=told, remedy=remedy
    )
