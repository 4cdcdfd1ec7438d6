"""Sums and sets over the engagements in SQLite."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import from_micros, to_micros
from petiole.adapters.sqlite.profiles import key_of
from petiole.core.domain.change import AccountName, ConnectionName, SegmentId
from petiole.core.domain.engagement import (
    CampaignSummary,
    EngagementKind,
    Origin,
    RefusedEngagement,
)
from petiole.core.domain.identity import Identifier

_CHOSEN = """
    (:connections IS NULL OR connection IN (SELECT value FROM json_each(:connections)))
    AND (:since IS NULL OR occurred_at >= :since)
"""
_RECIPIENTS = f"""
SELECT connection, campaign, kind, count(DISTINCT profile) FROM engagement
WHERE by_machine IS NOT 1 AND message IS NOT NULL AND {_CHOSEN}
GROUP BY connection, campaign, kind
"""  # noqa: S608 - a condition only
_ODD = f"""
SELECT connection, campaign, total(by_machine), total(message IS NULL) FROM engagement
WHERE {_CHOSEN} GROUP BY connection, campaign ORDER BY connection, campaign
"""  # noqa: S608 - a condition only
_SEGMENTS = f"""
SELECT DISTINCT connection, campaign, segment FROM engagement
WHERE segment IS NOT NULL AND {_CHOSEN}
"""  # noqa: S608 - a condition only
_HELD = "SELECT count(*) FROM ledger WHERE connection = ? AND segment = ?"
_LEFT = f"""
SELECT connection, campaign, count(DISTINCT profile) FROM engagement
WHERE message IS NOT NULL AND {_CHOSEN} AND NOT EXISTS (
    SELECT 1 FROM ledger WHERE ledger.connection = engagement.connection
        AND ledger.segment = engagement.segment AND ledger.profile = engagement.profile
) GROUP BY connection, campaign
"""  # noqa: S608 - a condition only
_MEDIANS = f"""
SELECT connection, campaign, avg(waited) FROM (
    SELECT connection, campaign, max(occurred_at - delivered_at, 0) AS waited,
        row_number() OVER (
            PARTITION BY connection, campaign ORDER BY occurred_at - delivered_at
        ) AS place,
        count(*) OVER (PARTITION BY connection, campaign) AS number
    FROM engagement WHERE kind = 'receive' AND message IS NOT NULL AND {_CHOSEN}
) WHERE place IN ((number + 1) / 2, (number + 2) / 2) GROUP BY connection, campaign
"""  # noqa: S608 - a condition only
_SILENT = """
SELECT segment FROM segment_use
WHERE connection = ? AND engaged = 0 AND first_at < ? ORDER BY segment
"""
_REFUSED = """
SELECT connection, origin, received_at, reason, content FROM refused_engagement
ORDER BY id DESC LIMIT ?
"""
_SUPPRESSED = """
SELECT DISTINCT profile_key.key FROM json_each(:keys) AS asked
CROSS JOIN profile_key ON profile_key.key = asked.value
CROSS JOIN engagement INDEXED BY engagement_suppressing
    ON engagement.profile = profile_key.profile
WHERE (kind = 'complaint' OR kind = 'bounce') AND bounce IS NOT 'soft'
    AND kind IN (SELECT value FROM json_each(:kinds))
"""

Campaign: TypeAlias = tuple[str, str]


class SqliteEngagementBooks:
    """Reads beside the writers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def summary(
        self, connections: Collection[ConnectionName], *, since: datetime | None
    ) -> Sequence[CampaignSummary]:
        """Sum up by connection and campaign."""
        asked = {
            "connections": json.dumps(list(connections)) if connections else None,
            "since": to_micros(since),
        }
        with self._database.read(bound=True) as tables:
            recipients: defaultdict[Campaign, dict[EngagementKind, int]] = defaultdict(dict)
            for name, campaign, kind, number in tables.execute(_RECIPIENTS, asked):
                recipients[name, campaign][EngagementKind(kind)] = number
            medians = {
                (name, campaign): timedelta(microseconds=round(waited))
                for name, campaign, waited in tables.execute(_MEDIANS, asked)
            }
            accepted = _accepted(tables, asked)
            return [
                CampaignSummary(
                    connection=ConnectionName(name),
                    campaign_id=campaign,
                    accepted=accepted[name, campaign],
                    recipients=recipients[name, campaign],
                    by_machine=round(by_machine),
                    unmatched=round(unmatched),
                    median_time_to_receive=medians.get((name, campaign)),
                )
                for name, campaign, by_machine, unmatched in tables.execute(_ODD, asked).fetchall()
            ]

    def silent(
        self, connection: ConnectionName, *, accepted_before: datetime
    ) -> Collection[SegmentId]:
        """Name segments that took profiles, and that no engagement goes back to."""
        asked = (connection, to_micros(accepted_before))
        with self._database.read(bound=True) as tables:
            return [SegmentId(segment) for (segment,) in tables.execute(_SILENT, asked)]

    def refused(self, *, limit: int) -> Sequence[RefusedEngagement]:
        """List what could not be read, the newest first."""
        with self._database.read(bound=True) as tables:
            return [
                RefusedEngagement(
                    connection=ConnectionName(name),
                    origin=Origin(origin),
                    received_at=from_micros(received_at),
                    reason=reason,
                    content=content,
                )
                for name, origin, received_at, reason, content in tables.execute(_REFUSED, (limit,))
            ]

    def suppressed(
        self,
        account: AccountName,
        identifiers: Collection[Identifier],
        kinds: Collection[EngagementKind],
    ) -> Collection[Identifier]:
        """Tell which of some profiles complained, or bounced for good."""
        keys = {key_of(account, identifier): identifier for identifier in identifiers}
        asked = {"keys": json.dumps(list(keys)), "kinds": json.dumps(list(kinds))}
        with self._database.read(bound=True) as tables:
            return {keys[key] for (key,) in tables.execute(_SUPPRESSED, asked)}


def _accepted(
    connection: sqlite3.Connection, asked: dict[str, str | int | None]
) -> defaultdict[Campaign, int]:
    held: dict[tuple[str, str], int] = {}
    accepted: defaultdict[Campaign, int] = defaultdict(int)
    for name, campaign, segment in connection.execute(_SEGMENTS, asked).fetchall():
        if (name, segment) not in held:
            [(held[name, segment],)] = connection.execute(_HELD, (name, segment))
        accepted[name, campaign] += held[name, segment]
    for name, campaign, left in connection.execute(_LEFT, asked):
        accepted[name, campaign] += left
    return accepted
