"""Asks an address what is there, by GET, and tells what a failure means to a person."""

from datetime import UTC, datetime

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import CATEGORIES
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.discretion import cleaned
from petiole.adapters.canopydeploy.faults import of_answer, of_exception
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.errors import Ambiguous, DeliveryError, Transient
from petiole.core.ports.diagnosis import Aspect, Finding, Health


def asked(
    url: str,
    credentials: Credentials | None,
    *,
    setting: str,
    timeout_seconds: float,
    transport: httpx.BaseTransport | None,
) -> Answer | DeliveryError:
    """GET an address; an answer that only POST is taken counts as one.

    Args:
        url: the address.
        credentials: what the call carries, if anything.
        setting: the setting that the address comes from.
        timeout_seconds: for the call as a whole.
        transport: the wire seam.
    """

    def clean(text: str) -> str:
        return cleaned(text, secrets=credentials.forms() if credentials else ())

    with Poster(
        url,
        credentials,
        timeout_seconds=timeout_seconds,
        headers={"Accept": "*/*"},
        transport=transport,
    ) as poster:
        try:
            answer = poster.get()
        except httpx.TransportError as error:
            return of_exception(error, host=poster.host, clean=clean)
        except DeliveryError as error:
            return error
    if answer.accepted or answer.status == httpx.codes.METHOD_NOT_ALLOWED:
        return answer
    return of_answer(answer, quota=None, now=datetime.now(UTC), clean=clean, address=setting)


def failed(aspect: Aspect, subject: str, error: DeliveryError, remedy: str) -> Finding:
    """Make a finding of an error; a passing trouble has a remedy of its own.

    The platform's own code is told before its words, unless it stands there already.
    """
    told = error.reason
    if error.code not in CATEGORIES and not told.startswith(error.code):
        told = f"{error.code}: {told}"
    if isinstance(error, Transient | Ambiguous):
        remedy = "try again; if it stays so, ask the platform's support"
    return Finding(aspect=aspect, health=Health.FAIL, subject=subject, told=told, remedy=remedy)
