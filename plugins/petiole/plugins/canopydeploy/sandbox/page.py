"""The page at `/_sandbox/`: what the twin holds, for a person, without scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from petiole.plugins.canopydeploy.sandbox.ledger import Call
from petiole.plugins.canopydeploy.sandbox.platform import State
from petiole.plugins.canopydeploy.sandbox.report import totals
from petiole.plugins.canopydeploy.sandbox.webhook import MOUNT

SHOWN_CALLS = 50
"""How many of the last calls the page shows; the ledger has them all."""

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0; }
dt { font-size: .85rem; }
dd { font-size: 1.4rem; margin: 0; }
table { border-collapse: collapse; margin: 2rem 0; width: 100%; }
caption { font-weight: 600; padding-bottom: .3rem; text-align: left; }
th, td { border-bottom: 1px solid #8886; padding: .25rem .75rem .25rem 0; text-align: left; }
th { font-size: .85rem; }
dd, td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
"""

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
        "Webhook calls today": f"{state.quota.used} of {state.settings.daily_quota}",
    }
    segments = (
        (name, len(held), sum(standing.history[name].values()))
        for name, held in standing.profiles.items()
    )
    endpoints = (
        (f"{MOUNT}{name}", mapping.key if mapping else "none: it only echoes")
        for name, mapping in state.webhooks.all().items()
    )
    faults = (
        (json.dumps(rule["rule"]), rule["seen"], rule["fired"]) for rule in state.faults.shown()
    )
    tables = (
        (table.name, table.parent or "", len(table.columns)) for table in state.datamodel.model
    )
    return _document(
        _figures(figures)
        + _table("Segments", ("Segment", "Profiles", "Records received"), segments)
        + _table("Webhooks", ("Address", "Key of the mapping"), endpoints)
        + _table("Fault script", ("Rule", "Calls seen", "Fired"), faults)
        + _table(
            f"Last {SHOWN_CALLS} calls", CALL_HEADS, map(_call, calls[: -SHOWN_CALLS - 1 : -1])
        )
        + _table("Data model", ("Table", "Contained in", "Columns"), tables)
    )


CALL_HEADS = ("No.", "At", "Call", "Status", "Records", "Applied", "Rejected", "Fault")


def _call(call: Call) -> Sequence[object]:
    note = call.note
    what = f"{call.method} {call.path} {note.operation or ''}"
    status = "no answer" if call.status is None else call.status
    moment = f"{call.at:%H:%M:%S}"
    return (
        call.n,
        moment,
        what,
        status,
        note.records,
        note.applied,
        note.rejected,
        note.fault or "",
    )


def _document(content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>CanopyDeploy sandbox</h1>"
        "<p>A twin of the platform on this machine. "
        'As JSON: <a href="ledger?records=1">ledger</a>, '
        '<a href="faults">faults</a>, <a href="settings">settings</a>, '
        '<a href="endpoints">endpoints</a>, <a href="tables">tables</a>.</p>'
        f"{content}</main></body></html>"
    )


def _figures(figures: Mapping[str, object]) -> str:
    pairs = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(figure))}</dd></div>"
        for name, figure in figures.items()
    )
    return f"<dl>{''.join(pairs)}</dl>"


def _table(caption: str, heads: Sequence[str], rows: Rows) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    nothing = f'<tr><td colspan="{len(heads)}">none</td></tr>'
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body or nothing}</tbody></table>"
    )
