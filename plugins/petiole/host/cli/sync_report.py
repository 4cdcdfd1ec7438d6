"""What `petiole sync` says: sentences as it goes, or one JSON document at the end."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil

from petiole.core.delivery.plan import Plan
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.audience import Audience
from petiole.host.cli.delivering import (
    Delivering,
    print_next_steps,
    print_sums,
    sums_as_json,
)
from petiole.host.cli.output import count, print_json, say, warn
from petiole.host.planning import SyncInput
from petiole.host.status import ConnectionStatus

SHOWN_LINES = 50
"""Refused or repeated lines that are told one by one; more are counted."""


@dataclass(slots=True)
class SyncReport:
    """Tells the course of one sync. Trouble goes to standard error in either form."""

    task: SyncInput
    audience: Audience
    as_json: bool
    _document: dict[str, JsonValue] = field(default_factory=dict)

    def plan(self, plan: Plan, batching: BatchPolicy) -> None:
        """Tell what would be done, and how many calls that takes."""
        self._repeats(plan)
        self._withheld(plan)
        difference = plan.difference
        removed = difference.removed - plan.withheld
        calls = ceil((difference.changes - plan.withheld) / batching.max_profiles)
        self._document["plan"] = {
            "add": difference.added,
            "update": difference.updated,
            "remove": removed,
            "withheld": plan.withheld,
            "unchanged": difference.unchanged,
            "suppressed": plan.suppressed,
            "calls": calls,
        }
        left_out = f", {plan.suppressed:,} suppressed" if plan.suppressed else ""
        self._say(
            f"{self.audience.name} to {self.task.connection}, segment {self.task.segment}: "
            f"{difference.added:,} to add, {difference.updated:,} to update, "
            f"{removed:,} to remove, {difference.unchanged:,} unchanged{left_out}; "
            f"{count(calls, 'call')}"
        )

    def first_change(self, plan: Plan) -> None:
        """Show the shape of the first change; its values are nobody's business here."""
        first = next(plan.changes(datetime.now(UTC)), None)
        if first is not None:
            names = list(first.fields.values())
            self._document["first"] = {"kind": first.kind.value, "fields": [*names]}
            self._say(f"the first: {first.kind} a profile; fields: {', '.join(names) or 'none'}")

    def log(self, receipt: EnqueueReceipt, *, dry_run: bool) -> None:
        """Tell what a change log held."""
        verb = "would be queued" if dry_run else "queued"
        tail = "" if dry_run else f"; {receipt.repeated:,} seen before"
        self._document["log"] = {"changes": receipt.enqueued, "seen_before": receipt.repeated}
        self._say(f"{self.audience.name}: {count(receipt.enqueued, 'change')} {verb}{tail}")

    def queued(self, receipt: EnqueueReceipt) -> None:
        """Tell what is in the outbox now."""
        self._document["queued"] = {
            "enqueued": receipt.enqueued,
            "folded": receipt.folded,
            "repeated": receipt.repeated,
        }

    def left_to_run(self, receipt: EnqueueReceipt) -> None:
        """Tell who delivers what was queued."""
        queued = count(receipt.enqueued, "change")
        self._say(f"{queued} queued for {self.task.connection}. Next: petiole run")

    def refusals(self, refusals: Refusals) -> None:
        """Name the rows that were refused."""
        self._document["refused"] = [
            {"line": row.line, "reason": row.reason} for row in refusals.kept
        ]
        for row in refusals.kept[:SHOWN_LINES]:
            warn(f"{self.audience.name}, line {row.line}: refused: {row.reason}")
        if refusals.count:
            more = refusals.count - min(len(refusals.kept), SHOWN_LINES)
            tail = f" ({more:,} more not shown; --refused FILE writes all)" if more else ""
            warn(
                f"{count(refusals.count, 'row')} refused, the others are not affected{tail}; "
                "mend them and sync again"
            )

    def delivered(
        self, delivering: Delivering, receipt: EnqueueReceipt, status: ConnectionStatus
    ) -> None:
        """Tell what was delivered, and what to do about the rest."""
        self._document["run"] = sums_as_json(delivering)
        if not self.as_json:
            print_sums(delivering, receipt)
            print_next_steps(delivering, [status])

    def finish(self) -> None:
        """Print the document, where one is wanted."""
        if self.as_json:
            print_json(self._document)

    def _repeats(self, plan: Plan) -> None:
        self._document["repeated_lines"] = [
            {"line": repeat.line, "first_line": repeat.first_line} for repeat in plan.repeats
        ]
        for repeat in plan.repeats[:SHOWN_LINES]:
            warn(
                f"{self.audience.name}, line {repeat.line}: the same profile as line "
                f"{repeat.first_line}; the first line counts"
            )

    def _withheld(self, plan: Plan) -> None:
        if plan.withheld:
            warn(
                f"{count(plan.withheld, 'removal')} withheld: rows were refused, and a broken row "
                "must not remove the profile that it stands for; mend them and sync again"
            )

    def _say(self, text: str) -> None:
        if not self.as_json:
            say(text)
