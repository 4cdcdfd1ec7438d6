"""Engagements over SOAP: day by day the mailings, and part by part what became of each.

Assumed: a mailing belongs to the day on which it was sent, whatever happens to it later.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.engagements.checkpoint import MailingPlace
from petiole.adapters.canopydeploy.engagements.customers import Customers
from petiole.adapters.canopydeploy.engagements.identity import Identity
from petiole.adapters.canopydeploy.engagements.mailing import (
    Mailing,
    Part,
    bounce_type,
    mailing,
    moment,
    text,
)
from petiole.adapters.canopydeploy.engagements.resultset import Question, ResultSets
from petiole.adapters.canopydeploy.feedback import MailingsSettings
from petiole.adapters.canopydeploy.soap.client import SoapClient, open_client
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementKind,
    Origin,
    RefusedEngagement,
)
from petiole.core.errors import IdentifierRefused
from petiole.core.ports.engagement_source import EngagementPage
from petiole.hooks import AdapterContext

ORIGIN = Origin("mailings")

A_DAY = timedelta(days=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MailingSource:
    """Satisfies `EngagementSource`. For one thread at a time."""

    def __init__(
        self,
        client: SoapClient,
        *,
        connection: ConnectionName,
        identity: Identity,
        settings: MailingsSettings,
        sets: ResultSets,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._connection = connection
        self._client = client
        self._identity = identity
        self._customers = Customers(client, identity)
        self._settings = settings
        self._zone = ZoneInfo(settings.zone)
        self._look_back = timedelta(days=math.ceil(settings.look_back / A_DAY))
        self._sets = sets
        self._now = now

    @property
    def origin(self) -> Origin:
        """Tell what this way is called."""
        return ORIGIN

    def pull(self, checkpoint: str | None, *, since: datetime) -> Iterator[EngagementPage]:
        """Fetch the mailings of each day since a moment, and everything about each.

        After a pull that came to its end, the mailings of the last days are read again, since more
        may have happened to them. A checkpoint that is not ours counts for none.

        Raises:
            DeliveryError: as the port tells.
        """
        # Anew each time: who somebody is, may change.
        self._customers = Customers(self._client, self._identity)
        today = self._day(self._now())
        place = self._begun(checkpoint, since, today)
        while place.day < today:
            yield from self._of_day(place)
            place = MailingPlace(day=place.day + A_DAY)
            yield EngagementPage(engagements=(), checkpoint=str(place))
        yield from self._of_day(place)
        yield EngagementPage(engagements=(), checkpoint=str(MailingPlace(day=place.day, done=True)))

    def _begun(self, checkpoint: str | None, since: datetime, today: date) -> MailingPlace:
        place = MailingPlace.read(checkpoint)
        if place is None:
            return MailingPlace(day=min(self._day(since), today))
        if place.done or place.day > today:
            return MailingPlace(day=min(place.day, today) - self._look_back)
        return place

    def _day(self, when: datetime) -> date:
        return when.astimezone(self._zone).date()

    def _of_day(self, place: MailingPlace) -> Iterator[EngagementPage]:
        """Fetch one day, from a place in it on."""
        for one in self._mailings(place.day):
            if one.id >= place.mailing:
                yield from self._of_mailing(one, place)

    def _mailings(self, day: date) -> Sequence[Mailing]:
        """List the mailings of a day by number, so that a place among them stays one.

        Assumed: both ends of the span are inside it.
        """
        question = Question(
            ask="mailing_getByDate",
            read="mailingSet_getMailings",
            rows="Mailing",
            arguments={"fromDate": f"{day} 00:00:00", "toDate": f"{day} 23:59:59"},
        )
        rows = (row for page in self._sets.pages(question) for row in page)
        found = {one.id: one for one in map(mailing, rows) if one is not None}
        return [found[number] for number in sorted(found)]

    def _of_mailing(self, one: Mailing, place: MailingPlace) -> Iterator[EngagementPage]:
        parts = list(one.parts())
        first, offset = 0, 0
        if one.id == place.mailing:
            names = [part.name for part in parts]
            # A part that is not there any more may have been anywhere: all are read again.
            if place.part in names:
                first, offset = names.index(place.part), place.offset
        for part in parts[first:]:
            for rows in self._sets.pages(part.question, offset=offset):
                offset += len(rows)
                yield self._page(
                    one,
                    part,
                    rows,
                    MailingPlace(day=place.day, mailing=one.id, part=part.name, offset=offset),
                )
            offset = 0

    def _page(
        self, one: Mailing, part: Part, rows: Sequence[object], place: MailingPlace
    ) -> EngagementPage:
        engagements: list[Engagement] = []
        refused: list[RefusedEngagement] = []
        for row in rows:
            try:
                engagement = self._engagement(one, part, row)
            except (IdentifierRefused, ValueError) as error:
                refused.append(self._refused(one, part, row, str(error)))
            else:
                if engagement is not None:
                    engagements.append(engagement)
        return EngagementPage(engagements=engagements, checkpoint=str(place), refused=refused)

    def _engagement(self, one: Mailing, part: Part, row: object) -> Engagement | None:
        """Make an engagement of a row, or nothing of a delivery that did not arrive."""
        if part.kind is EngagementKind.RECEIVE:
            customer: object = self._customers.meet(getattr(row, "customer", None))
            if not self._arrived(text(row, "status")):
                return None
        else:
            customer = getattr(row, "customerId", None)
        link = part.link
        return Engagement(
            connection=self._connection,
            origin=ORIGIN,
            identifier=self._customers.identifier(customer),
            kind=part.kind,
            occurred_at=self._moment(part, row),
            event=f"{part.kind}:{number}" if (number := text(row, "id")) else "",
            campaign_id=one.campaign_id,
            brand_id=self._settings.brand_id,
            mailing_type=one.type,
            content_name=one.content_name,
            link_href=link.href if link else "",
            link_description=link.description if link else "",
            bounce=bounce_type(row) if part.kind is EngagementKind.BOUNCE else None,
        )

    def _arrived(self, status: str) -> bool:
        if status in self._settings.delivered:
            return True
        if status in self._settings.undelivered:
            return False
        raise ValueError(
            "the state of the delivery is neither among `mailings.delivered` nor `.undelivered`"
        )

    def _moment(self, part: Part, row: object) -> datetime:
        try:
            return moment(row, part.moment, self._zone)
        except ValueError:
            raise ValueError(f"`{part.moment}` is no time") from None

    def _refused(self, one: Mailing, part: Part, row: object, reason: str) -> RefusedEngagement:
        """Keep what leads back to a row, and nothing of the customer."""
        told = {"mailing": one.id, "part": part.name, "id": text(row, "id")}
        if part.kind is EngagementKind.RECEIVE:
            told["status"] = text(row, "status")[:100]
        return RefusedEngagement(
            connection=self._connection,
            origin=ORIGIN,
            received_at=self._now(),
            reason=reason,
            content=json.dumps(told),
        )


@contextmanager
def open_mailings(
    context: AdapterContext[AccountSettings],
    *,
    transport: httpx.BaseTransport | None = None,
    now: Callable[[], datetime] = _utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[MailingSource]:
    """Open the source of one connection; nothing is asked before the first pull.

    Args:
        context: the connection.
        transport: the wire seam, see `open_client`.
        now: where the time comes from.
        sleep: how to wait, in seconds, until the platform is ready.

    Raises:
        InvalidSettings: the identity does not go with the connection's identifier.
        MissingSecret: the token is not where the settings say.
    """
    settings = context.settings.mailings
    identity = Identity(context.identifier, settings.identity)
    with open_client(context.settings, transport=transport) as client:
        yield MailingSource(
            client,
            connection=context.connection,
            identity=identity,
            settings=settings,
            sets=ResultSets(client=client, patience=settings.patience, sleep=sleep),
            now=now,
        )
