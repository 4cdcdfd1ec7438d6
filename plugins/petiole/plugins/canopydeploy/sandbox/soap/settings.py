"""How the SOAP half behaves where the vendor leaves it open."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapSettings:
    """The values are assumed, but for `page_limit`, which a public client quotes.

    `portal` is the host in the WSDL's namespace. `fault_status` is the HTTP status of a fault (500
    or 200). `polls` is how often a result set answers PROCESSING before it is READY, and
    `resource_lifetime` how long it lives. `page_limit` is the most records of one page.
    `size_limit_bytes` is the strict reading of 6 MB. `nil_for_nobody` answers nil where no customer
    has an address, external id or number; the empty element of the default is what a public client
    must have met, as its SOAP library tells `null` for that and nothing at all for nil. `strict` refuses what the schema does not
    allow, such as arguments out of order, missing or unknown; public clients rely on the platform's
    leniency, so it is off by default.
    """

    portal: Literal["secure", "login"] = "secure"
    fault_status: int = 500
    polls: int = 2
    resource_lifetime: timedelta = timedelta(hours=1)
    page_limit: int = 50
    size_limit_bytes: int = 6_000_000
    nil_for_nobody: bool = False
    strict: bool = False
