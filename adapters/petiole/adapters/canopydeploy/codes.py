"""How failures are called: the codes that users know, and how a reason begins."""

from petiole.core.domain.report import Rejected

TIMEOUT = "Timeout"
CREDENTIALS = "Invalid credentials"
OTHER = "Other error"
CATEGORIES = frozenset({TIMEOUT, CREDENTIALS, OTHER})
"""The three categories that users know from the vendor's connector (documented).

Each is the code of what has none of its own, since no status came and no number of the platform's.
Refused credentials are always that category, whatever said so."""

NO_CONNECTION = "no connection to"
"""How a reason begins where a call could not be made."""
NOT_SENT = "not sent:"
"""How a reason begins where petiole itself refuses a message."""


def refused_here(refusal: Rejected) -> Rejected:
    """Say of a refusal that it is petiole's own."""
    return Rejected(refusal.code, f"{NOT_SENT} {refusal.reason}")
