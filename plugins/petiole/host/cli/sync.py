"""`petiole sync`: from an audience to the platform."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import rich_click as click

from petiole.adapters.files import open_audience
from petiole.core.delivery.change_log import LogColumns
from petiole.core.delivery.plan import Plan, SyncMode
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import SegmentId
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import Audience, RefusedRow
from petiole.host.cli.delivering import Delivering, exit_code
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import json_option, progress_bar, working
from petiole.host.cli.sync_report import SyncReport
from petiole.host.host import Host
from petiole.host.planning import SyncInput
from petiole.host.settings import Settings, load_settings


class _Given(TypedDict):
    """The arguments and options, as the command line gives them."""

    connection: str
    file: str
    segment: str
    key: str
    mode: str
    dry_run: bool
    queue_only: bool
    allow_mass_removal: bool
    hashed: bool
    address: str | None
    change_column: str
    time_column: str | None
    id_column: str | None
    format_: Literal["csv", "jsonl"] | None
    delimiter: str | None
    encoding: str
    refused_to: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """What the options ask for beyond the input itself."""

    mode: SyncMode
    log: LogColumns
    dry_run: bool
    queue_only: bool
    allow_mass_removal: bool

    @property
    def sends(self) -> bool:
        """Whether anything is delivered by this command."""
        return not (self.dry_run or self.queue_only)


@click.command("sync", short_help="Send an audience to the platform.")
@click.argument("connection")
@click.argument("file")
@click.option("--segment", required=True, help="Id of the audience or campaign on the platform.")
@click.option("--key", required=True, help="The column that identifies a profile.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in SyncMode]),
    default=SyncMode.UPSERT.value,
    show_default=True,
    help="upsert: add and update. mirror: also remove what FILE lacks. changes: FILE is a log.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and stop; queue nothing.")
@click.option("--queue-only", is_flag=True, help="Queue the changes; `petiole run` delivers them.")
@click.option(
    "--allow-mass-removal",
    is_flag=True,
    help="For --mode mirror: remove even more than half of a segment, if that is over 1,000.",
)
@click.option("--hashed", is_flag=True, help="The key column holds SHA-256 hashes only.")
@click.option("--address", metavar="COLUMN", help="A raw address that each hash must agree with.")
@click.option("--change-column", default="change", show_default=True, help="For --mode changes.")
@click.option("--time-column", help="For --mode changes: when each change happened (ISO 8601).")
@click.option("--id-column", help="For --mode changes: its own id, by which it is known again.")
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl"]), help="Else by its name.")
@click.option("--delimiter", help="Of a CSV; else found out.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the file.")
@click.option(
    "--refused",
    "refused_to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all refused rows (line, reason) to this CSV file.",
)
@json_option
@click.pass_obj
def command(config: Path, **given: Unpack[_Given]) -> int:
    """Send the audience in FILE (CSV or JSONL; - reads standard input) through CONNECTION.

    Works out what was added, changed or removed since the last time, queues that durably, and
    delivers it. Running it again sends only what changed since.
    """
    settings = load_settings(config)
    name, _ = settings.connection(given["connection"])
    audience = open_audience(
        given["file"],
        format=given["format_"],
        delimiter=given["delimiter"],
        encoding=given["encoding"],
    )
    task = SyncInput(
        connection=name,
        segment=SegmentId(given["segment"]),
        key=given["key"],
        hashed=given["hashed"],
        address=given["address"],
    )
    ways = _Ways(
        mode=SyncMode(given["mode"]),
        log=LogColumns(
            kind=given["change_column"], when=given["time_column"], event=given["id_column"]
        ),
        dry_run=given["dry_run"],
        queue_only=given["queue_only"],
        allow_mass_removal=given["allow_mass_removal"],
    )
    report = SyncReport(task, audience, given["as_json"])
    with _refusals(given["refused_to"]) as refusals:
        code = _sync(settings, task, audience, refusals, ways, report)
    report.finish()
    return code


def _sync(
    settings: Settings,
    task: SyncInput,
    audience: Audience,
    refusals: Refusals,
    ways: _Ways,
    report: SyncReport,
) -> int:
    delivering = Delivering()
    with Host.open(settings, [task.connection], observer=delivering) as host:
        if ways.mode is SyncMode.CHANGES:
            if ways.sends:
                host.open_sinks()
            repeats, receipt = 0, _take_log(host, task, audience, refusals, ways, report)
            report.refusals(refusals)
            if ways.sends:
                delivering.run(host, flush=True)
        else:
            batching = settings.connections[task.connection].batching
            with _plan(host, task, audience, refusals, ways) as plan:
                report.plan(plan, batching)
                repeats, receipt = len(plan.repeats), EnqueueReceipt()
                if ways.dry_run:
                    report.first_change(plan)
                elif not ways.allow_mass_removal:
                    plan.require_moderation()
                report.refusals(refusals)
                if not ways.dry_run:
                    receipt = _carry_out(host, task, plan, ways, delivering)
        attention = EXIT_ATTENTION if refusals.count or repeats else 0
        if ways.dry_run:
            return attention
        report.queued(receipt)
        if ways.queue_only:
            report.left_to_run(receipt)
            return attention
        (status,) = host.status()
        report.delivered(delivering, receipt, status)
        return exit_code(delivering, [status]) or attention


@contextmanager
def _plan(
    host: Host, task: SyncInput, audience: Audience, refusals: Refusals, ways: _Ways
) -> Iterator[Plan]:
    mirror = ways.mode is SyncMode.MIRROR
    with ExitStack() as planning:
        snapshot = planning.enter_context(host.planning.open(task, audience, refusals))
        if ways.sends:
            host.open_sinks()  # while it is read
        with working(f"reading {audience.name}"):
            plan = planning.enter_context(host.planning.plan(snapshot, mirror=mirror))
        yield plan


def _carry_out(
    host: Host, task: SyncInput, plan: Plan, ways: _Ways, delivering: Delivering
) -> EnqueueReceipt:
    """Queue the changes, and unless they are left to another host, deliver them meanwhile."""
    changes = plan.difference.changes - plan.withheld
    if ways.sends:
        feed = host.feed(task, plan)
        delivering.run(host, flush=True, feed=feed, fed=changes)
        return feed.receipt
    with progress_bar("queueing", changes) as show:
        return host.feed(task, plan, lambda total: show(total.enqueued)).finish()


def _take_log(
    host: Host,
    task: SyncInput,
    audience: Audience,
    refusals: Refusals,
    ways: _Ways,
    report: SyncReport,
) -> EnqueueReceipt:
    changes = host.planning.read_changes(task, audience, ways.log, refusals)
    if ways.dry_run:
        receipt = EnqueueReceipt(enqueued=sum(1 for _ in changes))
    else:
        with working(f"queueing {audience.name}"):
            receipt = host.submit(changes)
    report.log(receipt, dry_run=ways.dry_run)
    return receipt


@contextmanager
def _refusals(path: Path | None) -> Iterator[Refusals]:
    if path is None:
        yield Refusals()
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise AudienceError(f"cannot write {path}: {error.strerror}") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(["line", "reason"])

        def write(row: RefusedRow) -> None:
            writer.writerow([row.line, row.reason])

        yield Refusals(on_refusal=write)
