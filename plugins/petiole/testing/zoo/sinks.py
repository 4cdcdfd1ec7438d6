"""Broken sinks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, cast

from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Outcome
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import fresh_id
from petiole.testing.zoo.mutant import breaks

if TYPE_CHECKING:
    from petiole.testing.stands import Platform

Messages = Sequence[Message]
HALF_FULL = 50
PATIENCE_SECONDS = 0.05


def takes_several(stand: object) -> bool:
    """With one message a call there is nothing to mix up."""
    return cast("Platform", stand).ceiling > 1


def takes_many(stand: object) -> bool:
    """A call must be able to get too full."""
    return cast("Platform", stand).ceiling > HALF_FULL


def accepted(messages: Messages) -> DeliveryReport:
    """Claim that all is well."""
    return DeliveryReport({message.id: ACCEPTED for message in messages})


def told(report: DeliveryReport, outcomes: Mapping[MessageId, Outcome]) -> DeliveryReport:
    """Tell other outcomes than the platform's."""
    return replace(report, outcomes=outcomes)


@breaks(
    ProfileSink.deliver,
    "Delivers messages to a platform",
    of=ProfileSink,
    seen_by="test_accepted_profiles_are_held_by_the_platform",
)
def drops_a_message(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    if messages[1:]:
        sink.deliver(messages[1:])
    return accepted(messages)


@breaks(ProfileSink.deliver, "nobody is missing")
def leaves_a_message_out_of_the_report(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    return told(report, dict(list(report.outcomes.items())[1:]))


@breaks(ProfileSink.deliver, "nobody is added")
def answers_for_an_unknown_message(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    return told(report, {**report.outcomes, MessageId(max(report.outcomes) + 1): ACCEPTED})


@breaks(
    ProfileSink.deliver,
    "tells what it answered",
    of=ProfileSink,
    fits=takes_several,
    seen_by="test_refused_profile_is_the_only_one_rejected",
)
def swaps_two_results(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    moved = [*list(report.outcomes.values())[1:], *list(report.outcomes.values())[:1]]
    return told(report, dict(zip(report.outcomes, moved, strict=True)))


@breaks(
    ProfileSink.deliver,
    "tells what it answered",
    of=ProfileSink,
    seen_by="test_refused_profile_is_the_only_one_rejected",
)
def calls_a_refusal_a_success(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    sink.deliver(messages)
    return accepted(messages)


@breaks(ProfileSink.deliver, "in one request")
def sends_twice(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    sink.deliver(messages)
    return sink.deliver(messages)


@breaks(ProfileSink.deliver, "in one request", fits=takes_several)
def sends_one_by_one(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    reports = [sink.deliver([message]) for message in messages]
    outcomes: dict[MessageId, Outcome] = {}
    for report in reports:
        outcomes |= report.outcomes
    return told(reports[0], outcomes)


@breaks(ProfileSink.deliver, "holds at most the batch ceiling", fits=takes_many)
def loses_the_end_of_a_full_call(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    sink.deliver(messages[:HALF_FULL])
    return accepted(messages)


@breaks(
    ProfileSink.deliver,
    "Delivers messages to a platform",
    of=ProfileSink,
    seen_by="test_fields_arrive_as_they_were_sent",
)
def writes_plain_letters_only(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    return sink.deliver([_with_fields(message, _plain(message)) for message in messages])


@breaks(
    ProfileSink.deliver,
    "Delivers messages to a platform",
    of=ProfileSink,
    seen_by="test_removal_removes",
)
def never_removes(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    others = [message for message in messages if message.change.kind is not ChangeKind.REMOVE]
    if others:
        sink.deliver(others)
    return accepted(messages)


@breaks(
    ProfileSink.deliver,
    "Delivers messages to a platform",
    of=ProfileSink,
    seen_by="test_update_changes_what_it_names",
)
class sends_an_old_change_after_a_new_one:
    def __init__(self) -> None:
        self.earlier = dict[Identifier, Message]()

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        report = sink.deliver(messages)
        for message in messages:
            who = message.change.identifier
            if who in self.earlier:
                # Under its old id it would stop at a sink that knows what it has sent.
                sink.deliver([replace(self.earlier[who], id=fresh_id())])
            self.earlier[who] = message
        return report


@breaks(
    ProfileSink.deliver,
    "Delivers messages to a platform",
    of=ProfileSink,
    seen_by="test_segments_are_kept_apart",
)
class sends_all_into_one_segment:
    def __init__(self) -> None:
        self.segment: SegmentId | None = None

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        self.segment = self.segment or messages[0].change.scope.segment
        scope = replace(messages[0].change.scope, segment=self.segment)
        return sink.deliver([replace(m, change=replace(m.change, scope=scope)) for m in messages])


@breaks(ProfileSink.deliver, "each with its own messages", of=ProfileSink)
def empties_the_list_it_was_given(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    report = sink.deliver(messages)
    cast("list[Message]", messages).clear()
    return report


@breaks(ProfileSink.deliver, "Called from several threads at once", of=ProfileSink)
class lets_threads_share_a_variable:
    def __init__(self) -> None:
        self.messages: Messages = ()
        self.meeting = Barrier(2)

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        self.messages = messages
        try:
            self.meeting.wait(PATIENCE_SECONDS)
        except BrokenBarrierError:
            self.meeting.reset()
        return sink.deliver(self.messages)


def _plain(message: Message) -> Fields:
    text = message.change.fields.text.encode("unicode_escape").decode()
    return message.change.fields if text == message.change.fields.text else Fields.of({})


def _with_fields(message: Message, fields: Fields) -> Message:
    return replace(message, change=replace(message.change, fields=fields))
