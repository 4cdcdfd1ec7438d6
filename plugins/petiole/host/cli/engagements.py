"""`petiole engagements`: what recipients did."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event

import rich_click as click

from petiole.core.domain.engagement import EngagementId, EngagementSelection, StoredEngagement
from petiole.host.cli.engagement_selection import Moment, selecting
from petiole.host.cli.engagement_summary import summary
from petiole.host.cli.exporting import FORMATS, writer
from petiole.host.cli.interrupt import interruptible
from petiole.host.cli.letters import short
from petiole.host.cli.main import EXIT_INTERRUPTED
from petiole.host.cli.output import (
    console,
    count,
    json_option,
    moment,
    print_json,
    say,
    table,
    warn,
    working,
)
from petiole.host.engagement_document import document, line
from petiole.host.host import Host
from petiole.host.settings import Settings

PAGE = 1_000
FOLLOW_SECONDS = 0.5
"""How often to look for new ones."""


@click.group("engagements", short_help="Show what recipients did, pull and export it.")
def command() -> None:
    """Show what recipients did, pull and export it."""


command.add_command(summary)


@command.command("list")
@selecting
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--follow", is_flag=True, help="Show new ones as they come, until Ctrl-C.")
@json_option
def list_(
    settings: Settings,
    selection: EngagementSelection,
    *,
    limit: int,
    follow: bool,
    as_json: bool,
) -> int:
    """Show engagements in the order of their coming: the first ones, or with --follow new ones."""
    with Host.open(settings) as host:
        if follow:
            return _follow(host, selection, as_json=as_json)
        found = host.container.engagements().read(selection, after=None, limit=limit + 1)
    shown = found[:limit]
    if as_json:
        print_json([dict(document(one)) for one in shown])
        return 0
    columns = ["id", "at (UTC)", "connection", "kind", "campaign", "profile", "segment"]
    console.print(table(columns, [_row(one) for one in shown]))
    if len(found) > limit:
        say(f"the first {limit:,}; --limit shows more, petiole engagements export all")
    return 0


@command.command("export")
@selecting
@click.option("--format", "format_", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Else standard output."
)
@click.option("--follow", is_flag=True, help="Go on with new ones as they come, until Ctrl-C.")
def export(
    settings: Settings,
    selection: EngagementSelection,
    *,
    format_: str,
    output: Path | None,
    follow: bool,
) -> int:
    """Write engagements to a file or to standard output, in the order of their coming.

    In CSV, a text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    if follow and (format_ == "parquet" or output):
        raise click.UsageError("--follow goes with jsonl or csv on standard output")
    if format_ == "parquet" and output is None:
        raise click.UsageError("parquet is no text: say --output FILE")
    number = 0
    with Host.open(settings) as host, writer(format_, output) as out:
        for page in _pages(host, selection, follow=follow):
            out.write(page)
            number += len(page)
    if output is not None:
        say(f"{count(number, 'engagement')} written to {output}")
    return 0


@command.command("refused")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
@click.pass_obj
def refused(config: Path, *, limit: int, as_json: bool) -> int:
    """Show what came and could not be read, the newest first, with the reason."""
    with Host.open(config) as host:
        found = host.container.engagement_books().refused(limit=limit)
    if as_json:
        print_json(
            [
                {
                    "connection": one.connection,
                    "origin": one.origin,
                    "received_at": moment(one.received_at),
                    "reason": one.reason,
                    "content": one.content,
                }
                for one in found
            ]
        )
        return 0
    if not found:
        say("nothing was refused")
        return 0
    rows = [
        [f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.connection, one.origin, one.reason]
        for one in found
    ]
    console.print(table(["at (UTC)", "connection", "came by", "reason"], rows))
    say("--json shows what came, too")
    return 0


@command.command("pull")
@click.argument("connection")
@click.option("--from", "source", help="Which of the plugin's sources; else the setting pull.from.")
@click.option(
    "--since", type=Moment(past=True), help="Where the first pull begins; later ones go on."
)
@json_option
@click.pass_obj
def pull(
    config: Path, *, connection: str, source: str | None, since: datetime | None, as_json: bool
) -> int:
    """Fetch what is new on the platform, going on where the last pull ended or was cut off.

    Ctrl-C keeps what is stored; the next pull goes on after it.
    """
    from petiole.host.intake import Intake
    from petiole.host.pulling import FIRST_PULL, chosen_source, pull_once

    ending = Event()
    with Host.open(config, [connection]) as host:
        container = host.container
        name, settings = container.settings().connection(connection)
        begin = settings.pull.since if settings.pull else FIRST_PULL
        container.plugins().load_observers()
        with interruptible(ending.set) as interrupt, working("pulling"):
            sums = pull_once(
                (name, settings),
                container.registry(),
                container.engagements(),
                source=chosen_source(name, settings, source),
                since=since or container.clock().now() - begin,
                on_page=Intake(container.plugins(), ()).received,
                until=ending.is_set,
            )
    if as_json:
        print_json({"stored": sums.stored, "repeated": sums.repeated, "refused": sums.refused})
    else:
        say(
            f"{count(sums.stored, 'engagement')} stored, {sums.repeated:,} known before, "
            f"{sums.refused:,} refused"
        )
    if interrupt.requested:
        warn("interrupted; what is stored stays, and the next pull goes on after it")
        return EXIT_INTERRUPTED
    return 0


def _pages(
    host: Host, selection: EngagementSelection, *, follow: bool, after: EngagementId | None = None
) -> Iterator[Sequence[StoredEngagement]]:
    """Read all there are, and with `follow` go on until somebody interrupts."""
    ending = Event()
    with interruptible(ending.set):
        while not ending.is_set():
            page = host.container.engagements().read(selection, after=after, limit=PAGE)
            if page:
                after = page[-1].id
                yield page
            elif not follow:
                return
            else:
                ending.wait(FOLLOW_SECONDS)


def _follow(host: Host, selection: EngagementSelection, *, as_json: bool) -> int:
    """Print what comes from now on."""
    for page in _pages(host, selection, follow=True, after=_last(host)):
        for one in page:
            told = line(one) if as_json else "  ".join(str(cell) for cell in _row(one) if cell)
            click.echo(told)
    return 0


def _last(host: Host) -> EngagementId | None:
    """Find the newest id, by looking ever farther ahead."""
    engagements, selection = host.container.engagements(), EngagementSelection()
    last, step = 0, 1
    while True:
        found = engagements.read(selection, after=EngagementId(last + step), limit=1)
        if found:
            last, step = found[0].id, step * 2
        elif step > 1:
            step //= 2
        else:
            newest = engagements.read(selection, after=EngagementId(last), limit=1)
            return newest[0].id if newest else EngagementId(last)


def _row(one: StoredEngagement) -> list[str | int | None]:
    engagement = one.engagement
    return [
        str(one.id),
        f"{engagement.occurred_at:%Y-%m-%d %H:%M:%S}",
        engagement.connection,
        engagement.kind.value,
        engagement.campaign_id,
        short(engagement.identifier),
        one.cause.segment if one.cause else None,
    ]
