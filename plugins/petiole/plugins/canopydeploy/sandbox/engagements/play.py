"""Let a mailing happen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from petiole.plugins.canopydeploy.sandbox.crm import Crm, Mailing, NotFound
from petiole.plugins.canopydeploy.sandbox.document import Nonsense
from petiole.plugins.canopydeploy.sandbox.engagements.audience import audience
from petiole.plugins.canopydeploy.sandbox.engagements.plot import Plot
from petiole.plugins.canopydeploy.sandbox.engagements.request import Engagement
from petiole.plugins.canopydeploy.sandbox.platform import State

A_MILLISECOND = timedelta(milliseconds=1)


def engage(state: State, engagement: Engagement) -> Mapping[str, object]:
    """Send the mailing, let the customers act, and return what came of it.

    Raises:
        Nonsense: There is no such campaign or audience; nothing was changed.
    """
    crm = state.crm
    with crm.lock:
        try:
            crm.campaigns.get(engagement.campaign)
        except NotFound as problem:
            raise Nonsense(str(problem)) from None
        customers = audience(state, engagement)
        start = engagement.staging.started_at or crm.now()
        start -= (start - start.min.replace(tzinfo=start.tzinfo)) % A_MILLISECOND
        mailing = crm.play_mailing(
            customers,
            campaign_id=engagement.campaign,
            content_name=engagement.content,
            parts=Plot(engagement, recipients=len(customers), start=start).part,
            staging=replace(engagement.staging, started_at=start),
        )
        return _told(crm, mailing)


def _told(crm: Crm, mailing: Mailing) -> Mapping[str, object]:
    counted = crm.mailings.report(mailing)
    opened_and_clicked = (
        *crm.mailings.opens.of(mailing.id),
        *crm.mailings.clicks.of(mailing.id),
    )
    return {
        "mailing": mailing.id,
        "links": [link.id for link in mailing.links],
        "customers": list(crm.mailings.recipients(mailing.id)),
        "received": counted.received,
        "opens": counted.opens,
        "clicks": counted.clicks,
        "bounces": counted.bounces,
        "complaints": counted.complaints,
        "by_machine": sum(each.by_machine for each in opened_and_clicked),
    }
