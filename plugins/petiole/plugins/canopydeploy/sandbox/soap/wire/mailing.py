"""Mailing, MailingLink, Delivery, Open, Click, Bounce and Complaint."""

from collections.abc import Sequence

from petiole.plugins.canopydeploy.sandbox.crm.mailing import (
    Bounce,
    Click,
    Complaint,
    DeliveryReport,
    Event,
    Link,
    MailingReport,
    Open,
)
from petiole.plugins.canopydeploy.sandbox.crm.moment import text_of
from petiole.plugins.canopydeploy.sandbox.soap.values import Record
from petiole.plugins.canopydeploy.sandbox.soap.wire.customer import write_customer

BROWSER: Record = {
    "name": "Firefox",
    "version": "140.0",
    "platform": "Linux",
    "country": "NL",
    "httpAcceptLanguage": "nl,en;q=0.8",
    "httpAcceptEncoding": "gzip, deflate",
    "httpAccept": "text/html",
    "httpUserAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
"""What every recipient reads their mail with."""

SCANNER: Record = {
    **BROWSER,
    "name": "Mail scanner",
    "version": "1.0",
    "httpUserAgent": "ExampleMailScanner/1.0 (+https://www.example.org/scanner)",
}
"""What a machine reads it with; nothing else tells it from a person over SOAP. Assumed."""


def write_mailing(report: MailingReport) -> Record:
    """Write a mailing with its counters; it started when it was planned and ended at once."""
    row = report.mailing
    moment = text_of(row.started_at)
    return {
        "id": row.id,
        "plannedFor": moment,
        "uniqueClicks": report.unique_clicks,
        "uniqueOpens": report.unique_opens,
        "received": report.received,
        "campaignId": row.campaign_id,
        "campaignName": row.campaign_name,
        "contentName": row.content_name,
        "sourceType": row.source_type,
        "sourceName": row.source_name,
        "customers": row.targeted,
        "throttle": 0,
        "status": "FINISHED",
        "links": [write_link(link) for link in row.links],
        "type": row.type,
        "description": row.description,
        "startedAt": moment,
        "endedAt": moment,
        "bounces": report.bounces,
        "opens": report.opens,
        "clicks": report.clicks,
        "complaints": report.complaints,
    }


def write_link(link: Link) -> Record:
    """Write a link; nothing but the tracking is switched on."""
    return {
        "mailingId": link.mailing_id,
        "id": link.id,
        "url": link.url,
        "description": link.description,
        "track": True,
        "source": False,
    }


def write_open(event: Open) -> Record:
    """Write an open."""
    return {
        **_write_event(event),
        "openedAt": text_of(event.at),
        "browserInformation": SCANNER if event.by_machine else BROWSER,
    }


def write_click(event: Click) -> Record:
    """Write a click."""
    return {
        **_write_event(event),
        "link": write_link(event.link),
        "clickedAt": text_of(event.at),
        "browserInformation": SCANNER if event.by_machine else BROWSER,
    }


def write_bounce(event: Bounce) -> Record:
    """Write a bounce."""
    return {
        **_write_event(event),
        "bouncedAt": text_of(event.at),
        "rule": event.rule,
        "category": event.category,
    }


def write_complaint(event: Complaint) -> Record:
    """Write a complaint."""
    return {
        **_write_event(event),
        "feedbackloop": event.feedback_loop,
        "complaintAt": text_of(event.at),
    }


def write_delivery(report: DeliveryReport) -> Record:
    """Write a delivery with all that followed; the states are assumed."""
    row = report.delivery
    return {
        "id": row.id,
        "status": "BOUNCED" if report.bounce else "DELIVERED",
        "customer": write_customer(report.customer) if report.customer else None,
        "mailingId": row.mailing_id,
        "deliveryDate": text_of(row.delivered_at),
        "firstOpenDate": _moment(report.opens[:1]),
        "lastOpenDate": _moment(report.opens[-1:]),
        "firstClickDate": _moment(report.clicks[:1]),
        "lastClickDate": _moment(report.clicks[-1:]),
        "opens": [write_open(event) for event in report.opens],
        "clicks": [write_click(event) for event in report.clicks],
        "bounce": write_bounce(report.bounce) if report.bounce else None,
        "complaint": write_complaint(report.complaint) if report.complaint else None,
    }


def _write_event(event: Event) -> Record:
    return {"id": event.id, "customerId": event.customer_id, "mailingId": event.mailing_id}


def _moment(events: Sequence[Event]) -> str:
    return text_of(events[0].at if events else None)
