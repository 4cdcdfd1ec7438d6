"""The kinds of mischief: how a call is spoilt, and whether it takes effect."""

from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with a call."""

    STATUS = "status"
    """A status of your choice, with headers of your choice."""
    TIMEOUT_BEFORE = "timeout-before"
    """Never answered, never applied."""
    TIMEOUT_AFTER = "timeout-after"
    """Applied, never answered."""
    CUT_BEFORE = "cut-before"
    """The connection is closed, nothing is applied."""
    CUT_AFTER = "cut-after"
    """Applied, then the connection is closed without an answer."""
    CUT_MIDWAY = "cut-midway"
    """Applied, then the connection is closed in the middle of the answer."""
    RESET_BEFORE = "reset-before"
    """The connection is reset, nothing is applied."""
    RESET_AFTER = "reset-after"
    """Applied, then the connection is reset without an answer."""
    HALF_CLOSED = "half-closed"
    """Applied, then the platform closes its direction only and goes on listening."""
    IDLE_CLOSE = "idle-close"
    """Applied and answered, then the connection that was to be kept is closed."""
    TRICKLE = "trickle"
    """Applied and answered, a byte at a time."""
    TRICKLE_BODY = "trickle-body"
    """Applied and answered, the headers at once and the body a byte at a time."""
    LENGTH_OVER = "length-over"
    """Applied and answered, but the answer promises twice the bytes that come."""
    LENGTH_UNDER = "length-under"
    """Applied and answered, but the answer promises half the bytes that come."""
    FLOOD = "flood"
    """Applied and answered 200, with a body that is gigantic."""
    GZIP_BOMB = "gzip-bomb"
    """Applied and answered 200, with a small body that is gigantic when unpacked."""
    NOT_HTTP = "not-http"
    """Answered in another protocol than HTTP."""
    TLS_ALERT = "tls-alert"
    """Answered as a port that speaks TLS answers who does not."""
    HTML = "html"
    """200 with a page in HTML, as a proxy sends it."""
    BODY = "body"
    """A status and a body of your choice."""
    BROKEN_JSON = "broken-json"
    """Applied and answered 200, with a body that stops half-way."""
    EMPTY = "empty"
    """Applied and answered 200, without a body."""
    ECHO_MISSING = "echo-missing"
    """Applied, and the echo lacks the first record."""
    ECHO_UNKNOWN = "echo-unknown"
    """Applied, and the echo names one that was not sent instead of the first."""
    ECHO_TWICE = "echo-twice"
    """Applied, and the echo names the first record twice."""
    ECHO_SWAPPED = "echo-swapped"
    """Applied, and the echo has the first record last and the last one first."""
    SOAP_FAULT = "soap-fault"
    """A SOAP fault with a code of your choice, under a status of your choice."""
    REJECT = "reject"
    """The named records are refused one by one; the others are applied."""
    REFUSE = "refuse"
    """A call that holds one of the named records is refused whole, naming no culprit."""


APPLIED = frozenset(
    {
        Fault.TIMEOUT_AFTER,
        Fault.CUT_AFTER,
        Fault.CUT_MIDWAY,
        Fault.RESET_AFTER,
        Fault.HALF_CLOSED,
        Fault.IDLE_CLOSE,
        Fault.TRICKLE,
        Fault.TRICKLE_BODY,
        Fault.LENGTH_OVER,
        Fault.LENGTH_UNDER,
        Fault.FLOOD,
        Fault.GZIP_BOMB,
        Fault.BROKEN_JSON,
        Fault.EMPTY,
        Fault.ECHO_MISSING,
        Fault.ECHO_UNKNOWN,
        Fault.ECHO_TWICE,
        Fault.ECHO_SWAPPED,
    }
)
"""The faults of calls that are applied, unless an open one says `"applied": false`."""

OPEN = frozenset(
    {
        Fault.STATUS,
        Fault.HTML,
        Fault.BODY,
        Fault.BROKEN_JSON,
        Fault.EMPTY,
        Fault.NOT_HTTP,
        Fault.SOAP_FAULT,
    }
)
"""The faults that leave it to the rule whether the call is applied."""

BY_RECORD = frozenset({Fault.REJECT, Fault.REFUSE})
"""The faults that mean records, not calls."""
