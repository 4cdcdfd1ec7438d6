"""What the CRM refuses, and why.

    CrmError
    ├─ NotFound        no such object; the caller has a wrong id
    ├─ InvalidValue    a value that its field cannot hold
    ├─ Conflict        the object is already in the wanted state
    ├─ InvalidName     a mail without a name
    └─ Rejected        whoever hears of a run refuses it, with a number of their own

The SOAP half turns each into the platform's number (`soap/faults.py`), but for the last.
"""


class CrmError(Exception):
    """The CRM did nothing; the text says why in the platform's manner."""


class NotFound(CrmError):
    """No object of this kind has this id."""

    def __init__(self, kind: str, wanted: object) -> None:
        super().__init__(f"{kind} not found [{'' if wanted is None else wanted}]")
        self.kind = kind


class InvalidValue(CrmError):
    """A value outside what its field can hold."""


class Conflict(CrmError):
    """The state that was asked for holds already."""


class InvalidName(CrmError):
    """A mail's content name is empty."""


class Rejected(CrmError):
    """A run is refused; `code` is the number that the caller gets to see."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code
