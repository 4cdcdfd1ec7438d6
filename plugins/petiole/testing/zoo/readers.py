"""Broken ways to read back what a platform holds."""

from collections.abc import Sequence
from dataclasses import replace

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import Message
from petiole.core.domain.report import ACCEPTED, DeliveryReport
from petiole.core.errors import DeliveryError
from petiole.core.ports.profile_sink import VerifyingSink
from petiole.testing.changes import fresh_id
from petiole.testing.zoo.mutant import breaks

Messages = Sequence[Message]


@breaks(VerifyingSink.verify, "leaves out each that was not")
def finds_everything_applied(sink: VerifyingSink, messages: Messages) -> DeliveryReport:
    sink.verify(messages)
    return DeliveryReport({message.id: ACCEPTED for message in messages})


@breaks(VerifyingSink.verify, "`Accepted` for each that was")
def finds_nothing_applied(sink: VerifyingSink, messages: Messages) -> DeliveryReport:
    sink.verify(messages)
    return DeliveryReport({})


@breaks(VerifyingSink.verify, "Changes nothing on the platform")
def removes_what_it_has_seen(sink: VerifyingSink, messages: Messages) -> DeliveryReport:
    report = sink.verify(messages)
    for message in messages:
        if message.id in report.outcomes:
            sink.deliver([_removal(message)])
    return report


@breaks(VerifyingSink.verify, "Raises like `deliver`")
def takes_a_trouble_for_an_absence(sink: VerifyingSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.verify(messages)
    except DeliveryError:
        return DeliveryReport({})


def _removal(message: Message) -> Message:
    removal = replace(message.change, kind=ChangeKind.REMOVE)
    return replace(message, id=fresh_id(), change=removal)
