"""What a fault means: the platform's numbers become errors of the core, or a plain no.

The one place for the numbers. 202, 213, 105 and 107 were seen by public clients, 101 and 203 are
assumed; others are passed on as they come.
"""

import re

from petiole.adapters.canopydeploy.codes import CREDENTIALS, OTHER, refused_here
from petiole.core.domain.report import Rejected
from petiole.core.errors import EndpointRefused, InvalidCredentials, Unavailable
from petiole.core.exchange import Exchange

CONFLICT = "107"
"""The wanted state holds already, such as a membership."""
NOT_FOUND = "213"
"""There is no such campaign or customer."""
_TOKEN_REFUSED = "202"  # noqa: S105 - a number of the platform's, no secret
_NO_RIGHTS = "203"
_MALFORMED = "101"
_UNKNOWN_METHOD = re.compile(r"(?:unknown|undefined|no such) (?:method|operation)\b", re.IGNORECASE)
"""Assumed. Concerns every call alike; any other 101 speaks of one."""
_SERVER = "Server"
"""SOAP 1.1, 4.4.1: not the message is to blame, and the same one may succeed later."""


class Refused(Exception):
    """The platform understood the call and said no, in its own words.

    `exchange` is the call behind it; there is none where nothing was sent.
    """

    exchange: Exchange | None = None

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason or "the platform gave no reason"

    @property
    def outcome(self) -> Rejected:
        """The same as the answer for one message."""
        told = Rejected(self.code, self.reason)
        return refused_here(told) if self.exchange is None else told


def of_fault(code: str, text: str) -> InvalidCredentials | EndpointRefused | Unavailable | Refused:
    """Translate a fault; `text` is clean already."""
    own = code.rpartition(":")[2].strip()
    if own == _TOKEN_REFUSED:
        return InvalidCredentials(
            f"the platform refused the token ({own}: {text})", code=CREDENTIALS
        )
    if own == _NO_RIGHTS:
        return InvalidCredentials(
            f"the token's user has no rights for this ({own}: {text})", code=CREDENTIALS
        )
    if own == _MALFORMED and _UNKNOWN_METHOD.match(text):
        return EndpointRefused(
            f"the platform does not know the call: {text}; look at `petiole check`", code=own
        )
    if own.partition(".")[0] == _SERVER:
        return Unavailable(f"the platform answered a fault of its own: {text}", code=own)
    return Refused(own or OTHER, text)
