"""Broken sinks: what they do where something goes wrong."""

from collections.abc import Sequence

from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport, Rejected
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
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.zoo.mutant import breaks, hang
from petiole.testing.zoo.sinks import accepted

Messages = Sequence[Message]
TOLD = "test_trouble_is_told_by_its_error[{}]"


@breaks(ProfileSink.deliver, "Never retries on its own", of=ProfileSink)
def tries_again_by_itself(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except DeliveryError:
        return sink.deliver(messages)


@breaks(ProfileSink.deliver, "the outbox schedules every try", of=ProfileSink)
class never_works_again_after_a_trouble:
    def __init__(self) -> None:
        self.error: DeliveryError | None = None

    def __call__(self, sink: ProfileSink, messages: Messages) -> DeliveryReport:
        if self.error is not None:
            raise self.error
        try:
            return sink.deliver(messages)
        except DeliveryError as error:
            self.error = error
            raise


@breaks(
    ProfileSink.deliver,
    "An answer that cannot be read is no success",
    seen_by=TOLD.format("gibberish"),
)
def calls_an_unreadable_answer_a_success(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Ambiguous:
        return accepted(messages)


@breaks(ProfileSink.deliver, "Ambiguous:", seen_by=TOLD.format("lost answer"))
def says_that_it_sent_nothing(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Ambiguous as error:
        raise Timeout(error.reason, code=error.code) from error


@breaks(ProfileSink.deliver, "Ambiguous:", seen_by=TOLD.format("lost answer"))
def waits_for_an_answer_for_ever(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Ambiguous:
        hang()


@breaks(ProfileSink.deliver, "Timeout:", seen_by=TOLD.format("unreachable"))
def doubts_what_was_never_sent(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Timeout as error:
        raise Ambiguous(error.reason, code=error.code) from error


@breaks(ProfileSink.deliver, "Unavailable:", seen_by=TOLD.format("unavailable"))
def lets_the_error_of_its_library_through(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Unavailable as error:
        raise ConnectionError(error.reason) from error


@breaks(
    ProfileSink.deliver,
    "`retry_after` carries its wish",
    seen_by="test_wish_to_slow_down_is_passed_on",
)
def ignores_retry_after(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except Throttled as error:
        raise Throttled(error.reason, code=error.code) from error


@breaks(ProfileSink.deliver, "InvalidCredentials:", seen_by=TOLD.format("wrong secret"))
def rejects_everybody_for_a_wrong_token(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except InvalidCredentials as error:
        return DeliveryReport({m.id: Rejected(error.code, error.reason) for m in messages})


@breaks(ProfileSink.deliver, "EndpointRefused:", seen_by=TOLD.format("wrong address"))
def blames_the_content_for_a_wrong_address(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except EndpointRefused as error:
        raise MalformedRequest(error.reason, code=error.code) from error


@breaks(ProfileSink.deliver, "MalformedRequest:", seen_by=TOLD.format("refused content"))
def tries_refused_content_for_ever(sink: ProfileSink, messages: Messages) -> DeliveryReport:
    try:
        return sink.deliver(messages)
    except MalformedRequest as error:
        raise Unavailable(error.reason, code=error.code) from error
