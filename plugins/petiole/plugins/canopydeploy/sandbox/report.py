"""What the twin tells about itself: calls, profiles, and sums of both."""

from collections import Counter
from collections.abc import Sequence

from petiole.plugins.canopydeploy.sandbox.crm import Run
from petiole.plugins.canopydeploy.sandbox.ledger import Call
from petiole.plugins.canopydeploy.sandbox.platform import State
from petiole.plugins.canopydeploy.sandbox.profiles import Standing


def report(state: State, *, records: bool, runs: bool) -> dict[str, object]:
    """Return the ledger as the control API answers it.

    `records` adds the changes of each call, `runs` every start of a campaign.
    """
    calls, standing = state.ledger.calls(), state.profiles.standing()
    told: dict[str, object] = {
        "calls": [call.shown(records=records) for call in calls],
        "profiles": standing.profiles,
        "history": standing.history,
        "members": {
            str(campaign.id): list(members)
            for campaign in state.crm.campaigns.all()
            if (members := state.crm.campaigns.members(campaign.id))
        },
        "totals": totals(calls, standing) | {"quota_used": state.quota.used},
    }
    if runs:
        told["runs"] = list(map(_run, state.crm.campaigns.runs()))
    return told


def _run(run: Run) -> dict[str, object]:
    return {
        "campaign": run.campaign_id,
        "at": run.started_at.isoformat(),
        "waited": run.waited,
        "options": run.options,
    }


def totals(calls: Sequence[Call], standing: Standing) -> dict[str, object]:
    """Sum up calls and profiles; a status of `none` counts what was never answered."""
    statuses = Counter("none" if call.status is None else str(call.status) for call in calls)
    faults = Counter(call.note.fault for call in calls if call.note.fault)
    return {
        "calls": len(calls),
        "statuses": dict(sorted(statuses.items())),
        "faults": dict(sorted(faults.items())),
        "records": sum(call.note.records for call in calls),
        "applied": sum(call.note.applied for call in calls),
        "rejected": sum(call.note.rejected for call in calls),
        "profiles": sum(len(held) for held in standing.profiles.values()),
        "changes": sum(sum(counts.values()) for counts in standing.history.values()),
    }
