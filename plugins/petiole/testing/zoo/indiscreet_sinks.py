"""Broken sinks that tell what they should keep to themselves."""

from collections.abc import Sequence
from dataclasses import replace

from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport, Rejected
from petiole.core.errors import DeliveryError
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.zoo.mutant import breaks
from petiole.testing.zoo.sinks import told

Messages = Sequence[Message]


@breaks(
    ProfileSink.deliver,
    "neither half holds a secret",
    of=Exchange,
    knows="secret",
    seen_by="test_secret_is_not_told",
)
class leaks_the_token:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        try:
            return sink.deliver(messages)
        except DeliveryError as error:
            error.reason += f" (Authorization: Bearer {self.secret})"
            raise


@breaks(
    ProfileSink.deliver,
    "neither half holds a secret",
    of=Exchange,
    knows="secret",
    seen_by="test_secret_is_not_told",
)
class writes_the_token_into_the_record:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        report = sink.deliver(messages)
        request = f"POST /receiver?token={self.secret}"
        return replace(report, exchange=Exchange(request=request, answer=""))


@breaks(
    ProfileSink.deliver,
    "or a person's data",
    of=Exchange,
    seen_by="test_record_of_a_call_tells_nothing_of_people",
)
def writes_people_into_the_record(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    people = "".join(message.change.fields.text for message in messages)
    return replace(report, exchange=Exchange(request=people, answer=""))


@breaks(
    ProfileSink.deliver,
    "neither is longer than",
    of=Exchange,
    seen_by="test_record_of_a_call_tells_nothing_of_people",
)
def writes_records_without_end(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    endless = "x" * (LONGEST_CHARACTERS + 1)
    return replace(report, exchange=Exchange(request="", answer=endless))


@breaks(
    ProfileSink.deliver,
    "tells what it answered",
    of=ProfileSink,
    seen_by="test_refusal_repeats_no_identifier",
)
def names_the_person_it_refuses(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    people = {message.id: message.change.identifier.value for message in messages}
    return told(
        report,
        {
            id_: Rejected(outcome.code, f"{outcome.reason} ({people[id_]})")
            if isinstance(outcome, Rejected)
            else outcome
            for id_, outcome in report.outcomes.items()
        },
    )
