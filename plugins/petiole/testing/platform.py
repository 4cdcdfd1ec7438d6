"""A platform in memory, on the stand of a sink: for flows whose platform does not matter."""

from collections.abc import Mapping

from petiole.adapters.memory import MemorySink, VerifyingMemorySink
from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.domain.report import Rejected
from petiole.core.errors import DeliveryError, Throttled
from petiole.testing.contracts.troubles import ERRORS
from petiole.testing.stands import RETRY_AFTER, Trouble

APPLIED = {Trouble.LOST_ANSWER, Trouble.GIBBERISH}


class MemoryPlatform:
    """Satisfies `SinkStand`: a sink that is its own platform, and the hand on it."""

    ceiling = 100

    def __init__(self, sink: MemorySink | None = None) -> None:
        self.sink = sink or VerifyingMemorySink()

    @property
    def calls(self) -> int:
        """How many deliveries and readings there were."""
        return self.sink.calls

    def identifier(self, number: int) -> Identifier:
        """Identify a customer by number."""
        return Identifier.customer_id(str(number))

    def held(self, segment: SegmentId) -> Mapping[Identifier, Mapping[str, JsonValue]]:
        """Tell what it holds now."""
        return {
            identifier: fields.values()
            for (where, identifier), fields in self.sink.profiles.items()
            if where == segment
        }

    def reject(self, identifier: Identifier) -> None:
        """Refuse this profile from now on."""
        self.sink.answer(identifier, Rejected("105", "unknown field"))

    def meet(self, trouble: Trouble) -> None:
        """Make the next call meet a trouble."""
        self.sink.fail(self.sink.calls + 1, error_of(trouble), applied=trouble in APPLIED)


def error_of(trouble: Trouble) -> DeliveryError:
    """Make the error that tells of a trouble."""
    if trouble is Trouble.BUSY:
        return Throttled(trouble, retry_after=RETRY_AFTER)
    return ERRORS[trouble](trouble)
