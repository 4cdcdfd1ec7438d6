"""The batch lane: messages become one call to a webhook receiver, its answer becomes a report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx

from petiole.adapters.canopydeploy import faults
from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import refused_here
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.record import cleaning, of_records
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.transport import JSON, Poster
from petiole.adapters.canopydeploy.wire import Call, Wire
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import DeliveryReport, Outcome, Rejected
from petiole.core.errors import DeliveryError, InvalidCredentials, MalformedRequest
from petiole.hooks import AdapterContext


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebhookSink:
    """Satisfies `ProfileSink`; may be shared by threads."""

    def __init__(
        self,
        *,
        wire: Wire,
        poster: Poster,
        credentials: Credentials,
        quota: faults.Quota,
        max_call_bytes: int,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._wire = wire
        self._poster = poster
        self._credentials = credentials
        self._quota = quota
        self._max_call_bytes = max_call_bytes
        self._now = now

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Send all messages in one call, and match the answer to them by identifier.

        A message that cannot be written as a record is rejected here, and the others are sent.

        Raises:
            MalformedRequest: also before sending, if the call is longer than `max_call_bytes`.
            DeliveryError: the others as the port tells.
        """
        call = self._wire.call(messages)
        refused = {id_: refused_here(told) for id_, told in call.refused.items()}
        if not call.sent:
            return DeliveryReport(refused, sent=False)
        if len(call.body) > self._max_call_bytes:
            size = f"{len(call.body)} bytes, over the limit of {self._max_call_bytes}"
            if len(messages) > 1:
                raise MalformedRequest(f"the call has {size}", code="413")
            told = refused_here(Rejected("413", f"the record has {size}"))
            return DeliveryReport({messages[0].id: told}, sent=False)
        clean = cleaning(messages, secrets=self._credentials.forms)
        record = of_records(
            self._poster.address,
            call.body,
            media=JSON["Content-Type"],
            records=len(call.sent),
            clean=clean,
        )
        try:
            answer = self._answer(call, clean)
        except InvalidCredentials:
            raise  # nothing was sent
        except DeliveryError as error:
            error.exchange = record.unanswered(error.reason)
            raise
        exchange = record.answered(answer)
        try:
            outcomes = self._outcomes(call, answer, clean)
        except DeliveryError as error:
            error.exchange = exchange
            raise
        return DeliveryReport({**refused, **outcomes}, exchange)

    def _answer(self, call: Call, clean: Callable[[str], str]) -> Answer:
        try:
            return self._poster.post(call.body)
        except httpx.TransportError as error:
            raise faults.of_exception(error, host=self._poster.host, clean=clean) from error

    def _outcomes(
        self, call: Call, answer: Answer, clean: Callable[[str], str]
    ) -> Mapping[MessageId, Outcome]:
        if not answer.accepted:
            raise faults.of_answer(answer, quota=self._quota, now=self._now(), clean=clean)
        return self._wire.outcomes(call, answer, clean=clean)


@contextmanager
def open_webhook_sink(
    context: AdapterContext[CanopyDeployBatchSettings],
    *,
    transport: httpx.BaseTransport | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> Iterator[WebhookSink]:
    """Open the sink of one connection; nothing is sent before the first delivery.

    Args:
        context: the connection.
        transport: the wire seam. What stands here receives every call, with the token in it,
            instead of the network. It is called from many threads, and is not closed.
        now: where the time comes from; used for `Retry-After` dates and the daily quota only.

    Raises:
        MissingSecret: the token is not where the settings say.
    """
    settings = context.settings
    settings.token.reveal()
    credentials = Credentials(settings.token, auth=settings.auth, username=settings.username)
    with Poster(
        settings.endpoint,
        credentials,
        timeout_seconds=settings.timeout.total_seconds(),
        transport=transport,
    ) as poster:
        yield WebhookSink(
            wire=Wire(settings, context.identifier),
            poster=poster,
            credentials=credentials,
            quota=faults.Quota(daily_calls=settings.daily_calls, zone=ZoneInfo(settings.day_zone)),
            max_call_bytes=settings.max_call_bytes,
            now=now,
        )
