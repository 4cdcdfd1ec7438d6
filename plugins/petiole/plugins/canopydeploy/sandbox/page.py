"""The page at `/_sandbox/`: what the twin holds, for a person, without scripts."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from textwrap import shorten

from petiole.plugins.canopydeploy.sandbox.ledger import Call
from petiole.plugins.canopydeploy.sandbox.platform import State
from petiole.plugins.canopydeploy.sandbox.report import totals
from petiole.plugins.canopydeploy.sandbox.webhook import MOUNT

SHOWN_CALLS = 50
"""How many of the last calls the page shows; the ledger has them all."""

RULE_CHARACTERS = 300
"""How much of a rule the page shows; it may name thousands of records."""

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0; }
dt, th { font-size: .85rem; }
dd { font-size: 1.4rem; margin: 0; }
section { margin: 2rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { font-weight: 600; padding-bottom: .3rem; text-align: left; }
th, td { border-bottom: 1px solid #8886; padding: .25rem 1rem .25rem 0; text-align: left; }
td { vertical-align: top; white-space: nowrap; }
th { vertical-align: bottom; }
th:last-child, td:last-child { padding-right: 0; }
.number { font-variant-numeric: tabular-nums; text-align: right; }
.long { min-width: 9rem; overflow-wrap: anywhere; white-space: normal; width: 60%; }
"""

NUMBERS = frozenset(
    {
        *("No.", "Status", "Records", "Applied", "Rejected"),
        *("Profiles", "Records received", "Members", "Runs"),
        *("Calls seen", "Fired", "Columns", "Rows"),
        *("Mailing", "Received", "Opens", "Clicks", "Bounces", "Complaints"),
    }
)
"""The columns that are set flush right."""

LONG = frozenset({"Segment", "Campaign", "Address", "Rule", "Call", "Table", "Content"})
"""The columns that take the room that is left, and break their lines where they must."""

Rows = Iterable[Sequence[object]]


def page(state: State) -> str:
    """Return the page as HTML; whatever callers sent is escaped."""
    calls, standing = state.ledger.calls(), state.profiles.standing()
    sums = totals(calls, standing)
    figures = {
        "Calls": sums["calls"],
        "Records": sums["records"],
        "Applied": sums["applied"],
        "Rejected": sums["rejected"],
        "Profiles": sums["profiles"],
        "Customers": len(state.crm.customers),
        "Push": state.sender.state,
        "Webhook calls today": f"{state.quota.used:,} of {state.settings.daily_quota:,}",
    }
    segments = (
        (name, len(held), sum(standing.history[name].values()))
        for name, held in standing.profiles.items()
    )
    last = map(_call, calls[: -SHOWN_CALLS - 1 : -1])
    faults = (
        (_shortened(rule["rule"]), rule["seen"] or "", rule["fired"])
        for rule in state.faults.shown()
    )
    endpoints = (
        (f"{MOUNT}{name}", mapping.key if mapping else "none: it only echoes")
        for name, mapping in state.webhooks.all().items()
    )
    return _document(
        _figures(figures)
        + _table("Segments", ("Segment", "Profiles", "Records received"), segments)
        + _table("Fault script", ("Rule", "Calls seen", "Fired"), faults)
        + _table(f"Last {SHOWN_CALLS} calls", CALL_HEADS, last)
        + _table("Campaigns", ("Campaign", "Number", "Members", "Runs"), _campaigns(state))
        + _table("Mailings", MAILING_HEADS, _mailings(state))
        + _table("Webhooks", ("Address", "Key of the mapping"), endpoints)
        + _table("Data model", ("Table", "Contained in", "Columns", "Rows"), _tables(state))
    )


def _shortened(rule: object) -> str:
    return shorten(json.dumps(rule, ensure_ascii=False), RULE_CHARACTERS, placeholder=" …")


CALL_HEADS = ("No.", "At (UTC)", "Status", "Call", "Records", "Applied", "Rejected", "Fault")


def _call(call: Call) -> Sequence[object]:
    note = call.note
    return (
        call.n,
        f"{call.at:%H:%M:%S}",
        call.status or "no answer",
        f"{call.method} {call.path} {note.operation or ''}",
        *((note.records, note.applied, note.rejected) if note.records else ("", "", "")),
        note.fault or "",
    )


def _campaigns(state: State) -> Rows:
    runs = Counter(run.campaign_id for run in state.crm.campaigns.runs())
    for campaign in state.crm.campaigns.all():
        members = state.crm.campaigns.members(campaign.id)
        yield campaign.name, campaign.id, len(members), runs[campaign.id]


MAILING_HEADS = ("Mailing", "Content", "Received", "Opens", "Clicks", "Bounces", "Complaints")


def _mailings(state: State) -> Rows:
    for mailing in state.crm.mailings.where(lambda _: True):
        told = state.crm.mailings.report(mailing)
        counts = (told.received, told.opens, told.clicks, told.bounces, told.complaints)
        yield mailing.id, mailing.content_name, *counts


def _tables(state: State) -> Rows:
    counts = state.datamodel.counts()
    for table in state.datamodel.model:
        yield table.name, table.parent or "", len(table.columns), counts.get(table.name, 0)


def _document(content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Without an icon of its own a browser asks for one, and that call is in the ledger.
        '<link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main><h1>CanopyDeploy sandbox</h1>"
        "<p>A twin of the platform on this machine. "
        'As JSON: <a href="ledger?records=1&amp;runs=1">ledger</a>, '
        '<a href="faults">faults</a>, <a href="settings">settings</a>, '
        '<a href="endpoints">endpoints</a>, <a href="tables">tables</a>, '
        '<a href="push">push</a>.</p>'
        f"{content}</main></body></html>"
    )


def _figures(figures: Mapping[str, object]) -> str:
    pairs = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(figure))}</dd></div>"
        for name, figure in figures.items()
    )
    return f"<dl>{''.join(pairs)}</dl>"


def _table(caption: str, heads: Sequence[str], rows: Rows) -> str:
    """Write a table in a box that scrolls on its own where a screen is narrow."""
    kinds = [_kind(head) for head in heads]
    head = "".join(
        f'<th scope="col"{kind}>{escape(each)}</th>'
        for each, kind in zip(heads, kinds, strict=True)
    )
    body = "".join(f"<tr>{_cells(row, kinds)}</tr>" for row in rows)
    nothing = f'<tr><td colspan="{len(heads)}">none</td></tr>'
    name = escape(caption)
    return (
        f'<section tabindex="0" aria-label="{name}"><table><caption>{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body or nothing}</tbody></table></section>"
    )


def _cells(row: Sequence[object], kinds: Sequence[str]) -> str:
    return "".join(
        f"<td{kind}>{escape(str(cell))}</td>" for cell, kind in zip(row, kinds, strict=True)
    )


def _kind(head: str) -> str:
    if head in NUMBERS:
        return ' class="number"'
    return ' class="long"' if head in LONG else ""
