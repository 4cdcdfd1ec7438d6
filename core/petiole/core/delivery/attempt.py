"""Deliver one batch through a sink, and find the culprit when it is refused as a whole."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, get_args

from petiole.core.domain.message import Batch, Message, MessageId
from petiole.core.domain.report import DeliveryReport, Outcome
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    MissingSecret,
    Throttled,
    Timeout,
)
from petiole.core.exchange import Exchange
from petiole.core.failpoints import FailPoint, reach
from petiole.core.ports.profile_sink import ProfileSink, VerifyingSink

_OUTCOMES = {*get_args(Outcome)}
MOST_EXCHANGES = 8
"""Kept of an attempt; a batch that is cut in halves makes many calls."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """These messages were answered one by one; `outcomes` may hold others, which do not count."""

    messages: Sequence[Message]
    outcomes: Mapping[MessageId, Outcome]


@dataclass(frozen=True, slots=True)
class Failed:
    """These messages were not answered."""

    messages: Sequence[Message]
    error: DeliveryError


@dataclass(frozen=True, slots=True)
class Unsent:
    """These messages were not sent, as nothing might be sent any more; nothing is known of them."""

    messages: Sequence[Message]


Piece: TypeAlias = Answered | Failed | Unsent


@dataclass(slots=True)
class Attempt:
    """What came of a batch: pieces that together hold each of its messages once.

    `calls` counts requests to the sink, without those of which it reports that nothing was sent;
    `repeated` messages that were sent although they may have arrived before. `exchanges` are the
    first of the calls, and the last. `halt` is the trouble after which nothing more may be sent.
    """

    may_send: Callable[[], bool]
    pieces: list[Piece] = field(default_factory=list)
    calls: int = 0
    repeated: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    halt: DeliveryError | None = None

    def note(self, exchange: Exchange | None) -> None:
        """Keep the record of a call, if there is one."""
        if exchange is None:
            return
        if len(self.exchanges) == MOST_EXCHANGES:
            self.exchanges.pop()
        self.exchanges.append(exchange)


def attempt(
    sink: ProfileSink,
    batch: Batch,
    *,
    ambiguity: AmbiguityPolicy,
    may_send: Callable[[], bool] = lambda: True,
) -> Attempt:
    """Deliver a batch; never raises.

    A batch that is refused as a whole is cut in halves until the culprits stand alone: at most
    2*log2(n)+1 further calls for each. What is ambiguous is read back where the sink can; only
    where it cannot does `ambiguity` decide. `may_send` is asked before each call.
    """
    course = Attempt(may_send)
    if batch.recovered and ambiguity is AmbiguityPolicy.RESEND and not may_send():
        course.pieces.append(Unsent(batch.messages))
        return course
    missing = _read_back(sink, batch.messages, course) if batch.recovered else batch.messages
    if missing is None and ambiguity is AmbiguityPolicy.PARK:
        error = Ambiguous("an earlier runner claimed this batch and never settled it")
        course.pieces.append(Failed(batch.messages, error))
        return course
    if missing is None:
        missing = batch.messages
        course.repeated = len(missing)
    if missing:
        _deliver(sink, missing, course)
    return course


def _deliver(sink: ProfileSink, messages: Sequence[Message], course: Attempt) -> bool:
    """Deliver in one call if possible; tell whether that call was answered message by message."""
    if course.halt is not None:
        course.pieces.append(Failed(messages, course.halt))
        return False
    if not course.may_send():
        course.pieces.append(Unsent(messages))
        return False
    try:
        outcomes = _ask(sink.deliver, messages, course)
    except MalformedRequest as error:
        if len(messages) == 1:
            course.pieces.append(Failed(messages, error))
        else:
            _bisect(sink, messages, course)
    except Ambiguous as error:
        _settle_doubt(sink, messages, error, course)
    except (Throttled, InvalidCredentials, EndpointRefused) as error:
        course.halt = error
        course.pieces.append(Failed(messages, error))
    except DeliveryError as error:
        course.pieces.append(Failed(messages, error))
    else:
        _take(sink, messages, outcomes, course)
        return True
    return False


def _bisect(sink: ProfileSink, messages: Sequence[Message], course: Attempt) -> None:
    """Deliver a refused batch in halves; where the first is innocent, the second is known."""
    middle = len(messages) // 2
    first, second = messages[:middle], messages[middle:]
    innocent = _deliver(sink, first, course)
    if innocent and len(second) > 1:
        _bisect(sink, second, course)
    else:
        _deliver(sink, second, course)


def _ask(
    call: Callable[[Sequence[Message]], DeliveryReport],
    messages: Sequence[Message],
    course: Attempt,
) -> Mapping[MessageId, Outcome]:
    course.calls += 1
    reach(FailPoint.SEND)
    try:
        report = call(messages)
        reach(FailPoint.SENT)
        _refuse_impostor(report)
        course.calls -= not report.sent
        course.note(report.exchange)
        if {*map(type, report.outcomes.values())} <= _OUTCOMES:
            return dict(report.outcomes)
        outcomes: Mapping[MessageId, object] = report.outcomes
        return {id_: told for id_, told in outcomes.items() if isinstance(told, Outcome)}
    except DeliveryError as error:
        course.note(error.exchange)
        raise
    except MissingSecret as error:
        raise InvalidCredentials(str(error), code="Invalid credentials") from error
    except Exception as error:
        # Frames only: the words of a foreign error may hold what nobody should read.
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.error("an adapter failed unforeseen: %s\n%s", type(error).__name__, frames)
        raise Ambiguous(f"the adapter failed with {type(error).__name__}; see the log") from error


def _refuse_impostor(report: object) -> None:
    """An adapter is a stranger's code, whatever its types say."""
    if not isinstance(report, DeliveryReport):
        told = type(report).__name__
        raise Ambiguous(f"the adapter returned a {told} where a DeliveryReport belongs; mend it")


def _take(
    sink: ProfileSink,
    messages: Sequence[Message],
    outcomes: Mapping[MessageId, Outcome],
    course: Attempt,
) -> None:
    """Believe a report only for what was sent; silence about a message is no success."""
    told = [message for message in messages if message.id in outcomes]
    if told:
        course.pieces.append(Answered(told, outcomes))
    if len(told) < len(messages):
        untold = [message for message in messages if message.id not in outcomes]
        error = Ambiguous(f"the report leaves out {len(untold)} of {len(messages)} messages")
        _settle_doubt(sink, untold, error, course)


def _settle_doubt(
    sink: ProfileSink, messages: Sequence[Message], error: Ambiguous, course: Attempt
) -> None:
    """Judge after reading back: what is missing then was surely not applied."""
    missing = _read_back(sink, messages, course)
    if missing is None:
        course.pieces.append(Failed(messages, error))
    elif missing:
        surely = Timeout(f"{error.reason}; read back: not applied", code=error.code)
        course.pieces.append(Failed(missing, surely))


def _read_back(
    sink: ProfileSink, messages: Sequence[Message], course: Attempt
) -> Sequence[Message] | None:
    """Tell which messages did not arrive; `None` where the sink cannot say."""
    if not isinstance(sink, VerifyingSink) or not course.may_send():
        return None
    reach(FailPoint.READ_BACK)
    try:
        outcomes = _ask(sink.verify, messages, course)
    except DeliveryError as trouble:
        _log.warning("cannot read back: %s", trouble.code)
        return None
    arrived = [message for message in messages if message.id in outcomes]
    if arrived:
        course.pieces.append(Answered(arrived, outcomes))
    return [message for message in messages if message.id not in outcomes]
