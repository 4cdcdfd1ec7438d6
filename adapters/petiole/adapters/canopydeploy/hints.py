"""What the platform's codes mean in plain words, beside its own, and what helps.

105, 107, 202, 213 and 751 were seen by public clients; 100, 101 and 203 are assumed.
"""

from petiole.adapters.canopydeploy.faults import CREDENTIALS, OTHER, TIMEOUT

_HINTS = {
    CREDENTIALS: "the token does not work: make a new one in the portal, then petiole check",
    TIMEOUT: "the platform was too slow or out of reach; sending again does no harm over REST",
    OTHER: "no code of the platform's; its words and petiole trace --calls tell more",
    "100": "the platform failed inside; send it again later",
    "101": "an argument is missing or misspelt: compare the field names with the platform's",
    "105": "the platform does not take a value: mend it at the source, or petiole dead edit",
    "107": "it is so already: there is nothing to do; discard it",
    "202": "the token does not work: make a new one in the portal, then petiole check",
    "203": "the token's user may not do this: give him the right in the portal",
    "213": "no such campaign or customer: petiole campaigns lists what there is",
    "400": "the platform does not take the content: look for a value of a wrong kind or form",
    "413": "too much data for one call: map fewer columns, or lower batch.max_bytes",
    "422": "the platform does not take the content: look for a value of a wrong kind or form",
    "751": "the platform wants a name here, and got none",
}


def hint(code: str, reason: str) -> str:
    """Tell what a code means, or nothing."""
    del reason
    return _HINTS.get(code, "")
