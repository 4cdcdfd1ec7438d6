"""Where profile changes go: a platform that takes them in batches."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport


@runtime_checkable
class ProfileSink(Protocol):
    """Delivers messages to a platform and tells what it answered.

    Called from several threads at once, each with its own messages. Never retries on its own: the
    outbox schedules every try.
    """

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Send messages in one request and report on every one of them.

        `messages` is never empty, holds at most the batch ceiling of the adapter's manifest, and no
        profile twice. The report holds exactly the ids that were handed in: nobody is missing,
        nobody is added. An answer that cannot be read is no success.

        Raises:
            Timeout: surely nothing was applied.
            Unavailable: the platform answered that it cannot serve now.
            Throttled: the platform asks to slow down; `retry_after` carries its wish.
            Ambiguous: it was sent, and no readable answer came.
            InvalidCredentials: the token or password was refused.
            EndpointRefused: the address does not take this kind of call.
            MalformedRequest: the content was refused as a whole and no culprit named.
        """
        ...


@runtime_checkable
class VerifyingSink(ProfileSink, Protocol):
    """A sink that can read back what the platform holds."""

    def verify(self, messages: Sequence[Message]) -> DeliveryReport:
        """Tell, after an ambiguous delivery, which messages were applied.

        Reports `Accepted` for each that was and leaves out each that was not: those are sent again,
        whatever the connection's policy on doubt. Changes nothing on the platform. Raises like
        `deliver`; `Ambiguous` where it cannot tell and sending twice would do harm.
        """
        ...
