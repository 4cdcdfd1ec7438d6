"""The line between envelopes and the wire that REST uses too.

zeep's own transport would log every envelope, the token in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from lxml import etree

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.faults import of_exception
from petiole.adapters.canopydeploy.record import CallRecord
from petiole.adapters.canopydeploy.shape import Clean
from petiole.adapters.canopydeploy.soap.envelope import require_result
from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.errors import DeliveryError
from petiole.core.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A whole result, as zeep wants an answer to look; `text` is that of `msg`."""

    content: bytes
    text: str
    exchange: Exchange
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})


class Line:
    """Posts envelopes. May be shared by threads."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def post(
        self, envelope: etree._Element, *, begun: Callable[[str, int], CallRecord], clean: Clean
    ) -> Result:
        """Send one call, and return its result if it has one.

        Args:
            envelope: the call.
            begun: begins its record, when told the address and the bytes of the body.
            clean: takes what is delicate out of the platform's words.

        Raises:
            Refused: the platform said no to this call.
            DeliveryError: no answer, or none that tells what became of the call.
        """
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        record = begun(self._poster.address, len(body))
        try:
            answer = self._answer(body, clean)
        except DeliveryError as error:
            error.exchange = record.unanswered(error.reason)
            raise
        exchange = record.answered(answer)
        try:
            text = require_result(answer, etree.QName(envelope[-1][0]), clean=clean)
        except (DeliveryError, Refused) as error:
            error.exchange = exchange
            raise
        return Result(content=answer.body, text=text, exchange=exchange)

    def _answer(self, body: bytes, clean: Clean) -> Answer:
        try:
            return self._poster.post(body)
        except httpx.TransportError as error:
            raise of_exception(error, host=self._poster.host, clean=clean) from error
