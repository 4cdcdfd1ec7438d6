"""`petiole engagements summary`: how each campaign was met."""

from datetime import datetime, timedelta
from pathlib import Path

import rich_click as click

from petiole.core.domain.engagement import CampaignSummary, EngagementKind
from petiole.core.domain.fields import JsonValue
from petiole.hooks.duration import format_duration
from petiole.host.cli.engagement_selection import since_option
from petiole.host.cli.output import console, json_option, print_json, say, table
from petiole.host.host import Host

_TITLES = {
    EngagementKind.RECEIVE: "received",
    EngagementKind.OPEN: "opened",
    EngagementKind.CLICK: "clicked",
    EngagementKind.BOUNCE: "bounced",
    EngagementKind.COMPLAINT: "complained",
}


_COLUMNS = ("campaign", "connection", "accepted")
WIDE = 130
"""Columns of a terminal on which a campaign fits into one line."""


@click.command("summary")
@click.argument("connections", nargs=-1)
@since_option
@json_option
@click.pass_obj
def summary(
    config: Path, *, connections: tuple[str, ...], since: datetime | None, as_json: bool
) -> int:
    """Sum up by campaign, for CONNECTIONS or for all of them."""
    with Host.open(config, connections or None) as host:
        books, names = host.container.engagement_books(), host.container.names()
        sums = books.summary(names, since=since)
    if as_json:
        print_json([_summary_document(one) for one in sums])
        return 0
    if not sums:
        say("no engagement has come yet; petiole serve receives them, petiole engagements pull")
        return 0
    columns = [*_COLUMNS, *_TITLES.values(), "machine", "unmatched", "to receive"]
    rows = list(map(_summary_row, sums))
    if console.is_terminal and console.width < WIDE:
        for row in rows:
            console.print(table(columns[:2], [row[:2]]))
            console.print(table(["", ""], zip(columns[2:], row[2:], strict=True)))
    else:
        console.print(table(columns, rows))
    return 0


def _summary_row(one: CampaignSummary) -> list[str | int | None]:
    wait = one.median_time_to_receive
    return [
        one.campaign_id or "-",
        one.connection,
        one.accepted,
        *(_with_share(one, kind) for kind in _TITLES),
        one.by_machine,
        one.unmatched,
        None if wait is None else format_duration(max(wait, timedelta())),
    ]


def _with_share(one: CampaignSummary, kind: EngagementKind) -> str:
    share = one.share(kind)
    number = f"{one.recipients.get(kind, 0):,}"
    return number if share is None else f"{number} ({share:.1%})"


def _summary_document(one: CampaignSummary) -> dict[str, JsonValue]:
    wait = one.median_time_to_receive
    return {
        "connection": one.connection,
        "campaign_id": one.campaign_id,
        "accepted": one.accepted,
        **{title: one.recipients.get(kind, 0) for kind, title in _TITLES.items()},
        "shares": {title: one.share(kind) for kind, title in _TITLES.items()},
        "by_machine": one.by_machine,
        "unmatched": one.unmatched,
        "median_seconds_to_receive": None if wait is None else wait.total_seconds(),
    }
