"""Which error tells of which trouble."""

from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Timeout,
    Unavailable,
)
from petiole.testing.stands import Trouble

ERRORS: dict[Trouble, type[DeliveryError]] = {
    Trouble.UNREACHABLE: Timeout,
    Trouble.UNAVAILABLE: Unavailable,
    Trouble.BUSY: Throttled,
    Trouble.LOST_ANSWER: Ambiguous,
    Trouble.LOST_REQUEST: Ambiguous,
    Trouble.GIBBERISH: Ambiguous,
    Trouble.WRONG_SECRET: InvalidCredentials,
    Trouble.WRONG_ADDRESS: EndpointRefused,
    Trouble.REFUSED_CONTENT: MalformedRequest,
}
