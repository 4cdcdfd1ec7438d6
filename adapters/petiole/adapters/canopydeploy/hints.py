"""What the platform's codes mean in plain words, beside its own, and what helps.

105, 107, 202, 213 and 751 were seen by public clients; 100, 101 and 203 are assumed. Three words
are the categories that users know from the vendor's connector; which status belongs to which of
them is assumed.
"""

from petiole.adapters.canopydeploy.codes import CREDENTIALS, NO_CONNECTION, NOT_SENT, OTHER, TIMEOUT

_HINTS = {
    CREDENTIALS: "the token does not work: make a new one in the portal, then petiole check",
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
    "500": f"{OTHER}: the platform failed inside; send it again later",
    "503": f"{OTHER}: the platform could not serve; send it again later",
    "751": "the platform wants a name here, and got none",
}
_NO_CONNECTION = (
    f"{TIMEOUT}: nothing was sent; petiole check tells whether the address can be reached"
)
_IN_DOUBT = {
    TIMEOUT: f"{TIMEOUT}: the platform was too slow to answer, and may have it",
    "408": f"{TIMEOUT}: the platform gave up waiting, and may have it",
    "502": f"{OTHER}: a gateway lost the answer; the platform may have it",
    "504": f"{TIMEOUT}: a gateway gave up waiting; the platform may have it",
    OTHER: f"{OTHER}: petiole trace --calls tells more; the platform may have it",
}
_REFUSED_HERE = "petiole itself refused it, nothing was sent: mend it at the source, or edit it"
_BATCH_AGAIN = (
    "if so, sending again changes no profile, but may start once more what profiles start"
)
_REALTIME_AGAIN = (
    "if so, sending again starts the campaign, and its mail, a second time "
    '(but does no harm with delivery = "membership")'
)


def batch_hint(code: str, reason: str) -> str:
    """Tell what a code of the batch lane means, or nothing."""
    return _hint(code, reason, again=_BATCH_AGAIN)


def realtime_hint(code: str, reason: str) -> str:
    """Tell what a code of the realtime lane means, or nothing."""
    return _hint(code, reason, again=_REALTIME_AGAIN)


def _hint(code: str, reason: str, *, again: str) -> str:
    if code == TIMEOUT and reason.startswith(NO_CONNECTION):
        return _NO_CONNECTION
    if reason.startswith(NOT_SENT):
        return _REFUSED_HERE
    if told := _IN_DOUBT.get(code):
        return f"{told}; {again}"
    return _HINTS.get(code, "")
