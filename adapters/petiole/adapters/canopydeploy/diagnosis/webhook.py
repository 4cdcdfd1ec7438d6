"""What can be known about a webhook without posting to it.

It takes nothing but records: even an empty or broken one might be stored, and the first one fixes
the names of the keys (documented). So whether it takes the token is concluded from SOAP: a token of
a user is valid for every webhook (documented).
"""

from collections.abc import Iterator

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.diagnosis.question import failed
from petiole.core.errors import DeliveryError, InvalidCredentials
from petiole.core.ports.diagnosis import Aspect, Finding, Health

SUBJECT = "webhook"


def webhook_findings(answer: Answer | DeliveryError, *, remedy: str) -> Iterator[Finding]:
    """Judge what GET was answered; `remedy` is for a token that was refused."""
    if isinstance(answer, InvalidCredentials):
        yield failed(Aspect.TOKEN, SUBJECT, answer, remedy)
    elif isinstance(answer, DeliveryError):
        again = "copy `endpoint` from the webhook's wizard in the portal once more"
        yield failed(Aspect.ADDRESS, SUBJECT, answer, again)
    elif answer.status == httpx.codes.METHOD_NOT_ALLOWED:
        told = "it is there, and takes POST only, as a webhook does (nothing was posted)"
        yield Finding(aspect=Aspect.ADDRESS, health=Health.OK, subject=SUBJECT, told=told)
    else:
        yield Finding(
            aspect=Aspect.ADDRESS,
            health=Health.WARN,
            subject=SUBJECT,
            told=f"it answers {answer.status} to GET; a webhook would take POST only (assumed)",
            remedy="compare `endpoint` with the address in the webhook's wizard",
        )


def webhook_token(*, works_over_soap: bool) -> Finding:
    """Conclude whether the webhook takes the token."""
    if works_over_soap:
        told = "it works over SOAP, so it is a user's, and those are valid for every webhook"
        return Finding(aspect=Aspect.TOKEN, health=Health.OK, subject=SUBJECT, told=told)
    return Finding(
        aspect=Aspect.TOKEN,
        health=Health.WARN,
        subject=SUBJECT,
        told="whether the webhook takes it shows only when a profile is delivered",
        remedy="deliver one profile that you know, or use the token of a user",
    )
