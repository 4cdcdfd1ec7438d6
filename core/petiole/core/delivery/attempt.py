"""Deliver one batch through a sink, and find the culprit when it is refused as a whole."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from petiole.core.domain.message import Batch, Message
from petiole.core.domain.report import DeliveryReport
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    InvalidCredentials,
    MalformedRequest,
    MissingSecret,
    Timeout,
)
from petiole.core.ports.profile_sink import ProfileSink, VerifyingSink

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """These messages were answered one by one."""

    messages: Sequence[Message]
    report: DeliveryReport


@dataclass(frozen=True, slots=True)
class Failed:
    """These messages were not answered."""

    messages: Sequence[Message]
    error: DeliveryError


Piece: TypeAlias = Answered | Failed


@dataclass(slots=True)
class Attempt:
    """What came of a batch: pieces that together hold each of its messages once.

    `calls` counts requests to the sink; `repeated` messages that were sent although they may have
    arrived before.
    """

    pieces: list[Piece] = field(default_factory=list)
    calls: int = 0
    repeated: int = 0


def attempt(sink: ProfileSink, batch: Batch, *, ambiguity: AmbiguityPolicy) -> Attempt:
    """Deliver a batch; never raises.

    A batch that is refused as a whole is cut in halves until the culprits stand alone: at most
    2*log2(n)+1 further calls for each. What is ambiguous is read back where the sink can.
    """
    course = Attempt()
    messages = batch.messages
    if batch.recovered:
        messages = _settle_doubt(
            sink,
            messages,
            Ambiguous("an earlier runner claimed this batch and never settled it"),
            course,
        )
        if ambiguity is AmbiguityPolicy.PARK:
            messages = _give_up_on(messages, course)
        course.repeated += len(messages)
    if messages:
        _deliver(sink, messages, course)
    return course


def _deliver(sink: ProfileSink, messages: Sequence[Message], course: Attempt) -> None:
    try:
        report = _call(sink, messages, course)
    except MalformedRequest as error:
        if len(messages) == 1:
            course.pieces.append(Failed(messages, error))
            return
        middle = len(messages) // 2
        _deliver(sink, messages[:middle], course)
        _deliver(sink, messages[middle:], course)
    except Ambiguous as error:
        missing = _settle_doubt(sink, messages, error, course)
        if missing:
            course.pieces.append(Failed(missing, _told(sink, error)))
    except DeliveryError as error:
        course.pieces.append(Failed(messages, error))
    else:
        _take(messages, report, course)


def _call(sink: ProfileSink, messages: Sequence[Message], course: Attempt) -> DeliveryReport:
    course.calls += 1
    try:
        return sink.deliver(messages)
    except DeliveryError:
        raise
    except MissingSecret as error:
        raise InvalidCredentials(str(error), code="Invalid credentials") from error
    except Exception as error:
        _log.exception("an adapter failed in an unforeseen way")
        raise Ambiguous(f"the adapter failed with {type(error).__name__}; see the log") from error


def _take(messages: Sequence[Message], report: DeliveryReport, course: Attempt) -> None:
    """Believe a report only for what was sent; silence about a message is no success."""
    told = [message for message in messages if message.id in report.outcomes]
    if told:
        course.pieces.append(Answered(told, report))
    if len(told) < len(messages):
        untold = [message for message in messages if message.id not in report.outcomes]
        error = Ambiguous(f"the report leaves out {len(untold)} of {len(messages)} messages")
        course.pieces.append(Failed(untold, error))


def _settle_doubt(
    sink: ProfileSink, messages: Sequence[Message], error: Ambiguous, course: Attempt
) -> Sequence[Message]:
    """Read back what can be; return the messages that are not known to have arrived."""
    if not isinstance(sink, VerifyingSink):
        return messages
    course.calls += 1
    try:
        report = sink.verify(messages)
    except DeliveryError as trouble:
        _log.warning("cannot read back after %r: %r", error.code, trouble.code)
        return messages
    arrived = [message for message in messages if message.id in report.outcomes]
    if arrived:
        course.pieces.append(Answered(arrived, report))
    return [message for message in messages if message.id not in report.outcomes]


def _told(sink: ProfileSink, error: Ambiguous) -> DeliveryError:
    """After reading back, what is missing was surely not applied."""
    if isinstance(sink, VerifyingSink):
        return Timeout(f"{error.reason}; read back: not applied", code=error.code)
    return error


def _give_up_on(messages: Sequence[Message], course: Attempt) -> Sequence[Message]:
    if messages:
        error = Ambiguous("the runner died while this was being sent")
        course.pieces.append(Failed(messages, error))
    return ()
