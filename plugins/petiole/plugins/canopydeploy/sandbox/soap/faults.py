"""The platform's faults: a bare number and a sentence.

The one place for the numbers. 105, 107, 202, 213 and 751 were seen by public clients; 101 and 203
are assumed, so that a real code can be dropped in here.
"""

from enum import StrEnum

from petiole.plugins.canopydeploy.sandbox.crm import (
    Conflict,
    CrmError,
    InvalidName,
    InvalidValue,
    NotFound,
    Rejected,
)


class FaultCode(StrEnum):
    """What `faultcode` holds."""

    INTERNAL = "100"
    """The platform failed. Assumed."""
    MALFORMED = "101"
    """The message or an argument cannot be read. Assumed."""
    INVALID_VALUE = "105"
    """An argument has a value that is not allowed."""
    CONFLICT = "107"
    """The wanted state holds already."""
    CREDENTIALS = "202"
    """The token is unknown or inactive."""
    NO_RIGHTS = "203"
    """This brand may not use the method. Assumed."""
    NOT_FOUND = "213"
    """There is no such object."""
    CONTENT_NAME = "751"
    """A mail has no name."""


_CODES: dict[type[CrmError], FaultCode] = {
    NotFound: FaultCode.NOT_FOUND,
    InvalidValue: FaultCode.INVALID_VALUE,
    Conflict: FaultCode.CONFLICT,
    InvalidName: FaultCode.CONTENT_NAME,
}


class SoapFault(Exception):
    """Ends a call with a fault; `code` is a number as text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def malformed(text: str) -> SoapFault:
    """Make the fault for what cannot be read."""
    return SoapFault(FaultCode.MALFORMED, text)


def fault_of(refusal: CrmError) -> SoapFault:
    """Give a refusal of the CRM its number; a rejection brings one."""
    if isinstance(refusal, Rejected):
        return SoapFault(str(refusal.code), str(refusal))
    return SoapFault(_CODES.get(type(refusal), FaultCode.INTERNAL), str(refusal))
