"""`mailing_*`, `mailingLink_*` and the events by id: what was sent and what became of it.

Signatures are documented by the vendor. Assumed: of a mailing or link only the id counts, and both
ends of a span of dates are inside it.
"""

from collections.abc import Callable

from petiole.plugins.canopydeploy.sandbox.crm import Mailing, MailingType
from petiole.plugins.canopydeploy.sandbox.crm.moment import parse_moment
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType
from petiole.plugins.canopydeploy.sandbox.soap.values import Value, number_in
from petiole.plugins.canopydeploy.sandbox.soap.wire.mailing import (
    write_bounce,
    write_click,
    write_complaint,
    write_delivery,
    write_mailing,
    write_open,
)


def get_all(call: Call) -> Value:
    """Make a set of all mailings."""
    return _mailing_set(call, lambda _: True)


def get_by_date(call: Call) -> Value:
    """Make a set of the mailings of a span of time."""
    return _mailing_set(call, _span(call))


def get_by_campaign_object_id(call: Call) -> Value:
    """Make a set of the mailings that a campaign's object sent."""
    wanted = call.text("campaignObjectId")
    return _mailing_set(call, lambda row: str(row.object_id) == wanted)


def get_quickmails(call: Call) -> Value:
    """Make a set of the mailings that no campaign sent."""
    return _mailing_set(call, _is_quickmail)


def get_quickmails_by_date(call: Call) -> Value:
    """Make a set of those of a span of time."""
    inside = _span(call)
    return _mailing_set(call, lambda row: _is_quickmail(row) and inside(row))


def get_by_id(call: Call) -> Value:
    """Answer one mailing."""
    mailings = call.crm.mailings
    return write_mailing(mailings.report(mailings.get(call.id("mailingId"))))


def get_open_set(call: Call) -> Value:
    """Make a set of a mailing's opens."""
    rows = call.crm.mailings.opens.of(_mailing_id(call))
    return call.result_set(rows, kind=ResourceType.OPENS, encode=write_open)


def get_bounce_set(call: Call) -> Value:
    """Make a set of a mailing's bounces."""
    rows = call.crm.mailings.bounces.of(_mailing_id(call))
    return call.result_set(rows, kind=ResourceType.BOUNCES, encode=write_bounce)


def get_complaint_set(call: Call) -> Value:
    """Make a set of a mailing's complaints."""
    rows = call.crm.mailings.complaints.of(_mailing_id(call))
    return call.result_set(rows, kind=ResourceType.COMPLAINTS, encode=write_complaint)


def get_delivery_set(call: Call) -> Value:
    """Make a set of a mailing's deliveries."""
    rows = call.crm.mailings.deliveries(_mailing_id(call))
    return call.result_set(rows, kind=ResourceType.DELIVERIES, encode=write_delivery)


def get_click_set(call: Call) -> Value:
    """Make a set of a link's clicks."""
    mailings = call.crm.mailings
    link = mailings.link(number_in(call.record("mailingLink"), "id"))
    rows = [click for click in mailings.clicks.of(link.mailing_id) if click.link.id == link.id]
    return call.result_set(rows, kind=ResourceType.CLICKS, encode=write_click)


def get_open(call: Call) -> Value:
    """Answer one open."""
    return write_open(call.crm.mailings.opens.get(call.id("openId")))


def get_click(call: Call) -> Value:
    """Answer one click."""
    return write_click(call.crm.mailings.clicks.get(call.id("clickId")))


def get_bounce(call: Call) -> Value:
    """Answer one bounce."""
    return write_bounce(call.crm.mailings.bounces.get(call.id("bounceId")))


def _mailing_id(call: Call) -> int:
    return call.crm.mailings.get(number_in(call.record("mailing"), "id")).id


def _mailing_set(call: Call, wanted: Callable[[Mailing], bool]) -> int:
    mailings = call.crm.mailings
    rows = [mailings.report(row) for row in mailings.where(wanted)]
    return call.result_set(rows, kind=ResourceType.MAILINGS, encode=write_mailing)


def _is_quickmail(row: Mailing) -> bool:
    return row.type is MailingType.QUICKMAIL


def _span(call: Call) -> Callable[[Mailing], bool]:
    first, last = parse_moment(call.text("fromDate")), parse_moment(call.text("toDate"))
    return lambda row: first <= row.started_at.replace(microsecond=0) <= last


OPERATIONS: Operations = {
    "bounce_getById": get_bounce,
    "click_getById": get_click,
    "mailingLink_getClickSet": get_click_set,
    "mailing_getAll": get_all,
    "mailing_getBounceSet": get_bounce_set,
    "mailing_getByCampaignObjectId": get_by_campaign_object_id,
    "mailing_getByDate": get_by_date,
    "mailing_getById": get_by_id,
    "mailing_getComplaintSet": get_complaint_set,
    "mailing_getDeliverySet": get_delivery_set,
    "mailing_getOpenSet": get_open_set,
    "mailing_getQuickmails": get_quickmails,
    "mailing_getQuickmailsByDate": get_quickmails_by_date,
    "open_getById": get_open,
}
