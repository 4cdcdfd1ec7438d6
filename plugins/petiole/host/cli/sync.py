"""`petiole sync`: from an audience to the platform."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import rich_click as click

from petiole.adapters.files import open_audience
from petiole.core.delivery.change_log import LogColumns
from petiole.core.delivery.plan import Plan, SyncMode
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import Audience, RefusedRow
from petiole.host.cli.delivering import (
    Delivering,
    exit_code,
    print_next_steps,
    print_sums,
    sums_as_json,
)
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import count, json_option, print_json, say, warn
from petiole.host.runner import Host, SyncInput, open_host
from petiole.host.settings import Settings, load_settings

SHOWN_REFUSALS = 50


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
    as_json: bool


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
    help="For --mode mirror: remove even more than half of a large segment.",
)
@click.option("--hashed", is_flag=True, help="The key column holds SHA-256 hashes only.")
@click.option("--address", metavar="COLUMN", help="A raw address that each hash must agree with.")
@click.option("--change-column", default="change", show_default=True, help="For --mode changes.")
@click.option("--time-column", help="For --mode changes: when each change happened (ISO 8601).")
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
        log=LogColumns(kind=given["change_column"], when=given["time_column"]),
        dry_run=given["dry_run"],
        queue_only=given["queue_only"],
        allow_mass_removal=given["allow_mass_removal"],
        as_json=given["as_json"],
    )
    with _refusals(given["refused_to"]) as refusals:
        return _sync(settings, task, audience, refusals, ways)


def _sync(
    settings: Settings, task: SyncInput, audience: Audience, refusals: Refusals, ways: _Ways
) -> int:
    delivering = Delivering()
    with open_host(settings, [task.connection], observer=delivering) as host:
        if not ways.dry_run and not ways.queue_only:
            host.open_sinks()
        with ExitStack() as stack:
            if ways.mode is SyncMode.CHANGES:
                receipt = _take_log(host, task, audience, refusals, ways)
                repeats = 0
            else:
                plan = stack.enter_context(
                    host.plan(
                        task,
                        audience,
                        mirror=ways.mode is SyncMode.MIRROR,
                        refusals=refusals,
                    )
                )
                _print_plan(settings, task, audience, plan, ways)
                if not ways.allow_mass_removal and not ways.dry_run:
                    plan.require_moderation()
                repeats = len(plan.repeats)
                receipt = EnqueueReceipt() if ways.dry_run else host.enqueue_plan(task, plan)
        _print_refusals(audience, refusals)
        refused = EXIT_ATTENTION if refusals.count or repeats else 0
        if ways.dry_run or ways.queue_only:
            _print_queued(task, receipt, ways)
            return refused
        delivering.run(host, flush=True)
        statuses = host.status()
        if ways.as_json:
            print_json(_document(receipt, refusals, delivering))
        else:
            print_sums(delivering, receipt)
            print_next_steps(delivering, statuses)
        return exit_code(delivering, statuses) or refused


def _take_log(
    host: Host, task: SyncInput, audience: Audience, refusals: Refusals, ways: _Ways
) -> EnqueueReceipt:
    changes = host.read_changes(task, audience, ways.log, refusals)
    if ways.dry_run:
        return EnqueueReceipt(enqueued=sum(1 for _ in changes))
    receipt = host.enqueue(task, changes)
    if not ways.as_json:
        say(
            f"{audience.name}: {count(receipt.enqueued, 'change')} queued, "
            f"{receipt.folded:,} of them folded; {receipt.repeated:,} seen before",
        )
    return receipt


def _print_plan(
    settings: Settings, task: SyncInput, audience: Audience, plan: Plan, ways: _Ways
) -> None:
    for repeat in plan.repeats[:SHOWN_REFUSALS]:
        warn(
            f"{audience.name}, line {repeat.line}: the same profile as line {repeat.first_line}; "
            "the first line counts",
        )
    if plan.withheld:
        warn(
            f"{count(plan.withheld, 'removal')} withheld: rows were refused, and a broken row must "
            "not remove the profile that it stands for; mend them and sync again",
        )
    difference = plan.difference
    removed = difference.removed - plan.withheld
    changes = difference.changes - plan.withheld
    calls = ceil(changes / settings.connections[task.connection].batching.max_profiles)
    if ways.as_json:
        if ways.dry_run:
            print_json(
                {
                    "added": difference.added,
                    "updated": difference.updated,
                    "removed": removed,
                    "unchanged": difference.unchanged,
                    "calls": calls,
                }
            )
        return
    say(
        f"{audience.name} to {task.connection}, segment {task.segment} ({ways.mode}): "
        f"{difference.added:,} to add, {difference.updated:,} to update, {removed:,} to remove, "
        f"{difference.unchanged:,} unchanged; {count(calls, 'call')}",
    )


def _print_queued(task: SyncInput, receipt: EnqueueReceipt, ways: _Ways) -> None:
    if ways.as_json or (ways.dry_run and ways.mode is not SyncMode.CHANGES):
        return
    if ways.dry_run:
        say(f"{count(receipt.enqueued, 'change')} would be queued; nothing was")
        return
    say(
        f"{count(receipt.enqueued, 'change')} queued for {task.connection}. Next: petiole run",
    )


def _print_refusals(audience: Audience, refusals: Refusals) -> None:
    for row in refusals.kept[:SHOWN_REFUSALS]:
        warn(f"{audience.name}, line {row.line}: refused: {row.reason}")
    if refusals.count:
        more = refusals.count - min(len(refusals.kept), SHOWN_REFUSALS)
        tail = f" ({more:,} more not shown; --refused FILE writes all)" if more else ""
        warn(
            f"{count(refusals.count, 'row')} refused, the others are not affected{tail}; "
            "mend them and sync again",
        )


def _document(
    receipt: EnqueueReceipt, refusals: Refusals, delivering: Delivering
) -> dict[str, JsonValue]:
    return {
        "enqueued": receipt.enqueued,
        "folded": receipt.folded,
        "repeated": receipt.repeated,
        "refused": [{"line": row.line, "reason": row.reason} for row in refusals.kept],
        **sums_as_json(delivering),
    }


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
