"""How the SOAP half behaves where the vendor leaves it open."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapSettings:
    """The values are assumed, but for `page_limit`, which a public client quotes."""

    portal: Literal["secure", "login"] = "secure"
    """The host in the namespace of the WSDL."""

    fault_status: int = 500
    """The HTTP status of a fault: 500 or 200."""

    polls: int = 2
    """How often a result set answers PROCESSING before it is READY."""

    resource_lifetime: timedelta = timedelta(hours=1)
    """How long a result set can be read."""

    page_limit: int = 50
    """The most records of one page."""

    size_limit_bytes: int = 6_000_000
    """The largest request: the strict reading of 6 MB."""

    nil_for_nobody: bool = False
    """Whether a lookup by address, external id or number answers nil where it finds nobody.

    A public client takes `null` for nobody and fails on nothing at all. Its SOAP library makes the
    first of an empty element and the second of nil, so the platform must send the former.
    """

    strict: bool = False
    """Whether to refuse what the schema forbids: arguments missing, unknown or out of order.

    Public clients rely on the platform's leniency.
    """
