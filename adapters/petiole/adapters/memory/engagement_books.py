"""Sums and sets over the engagements in memory."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from statistics import median

from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.change import AccountName, ConnectionName, Scope, SegmentId
from petiole.core.domain.engagement import (
    BounceType,
    CampaignSummary,
    Cause,
    Engagement,
    EngagementKind,
    EngagementSelection,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier


class MemoryEngagementBooks:
    """Sums and sets over the engagements of a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def summary(
        self, connections: Collection[ConnectionName], *, since: datetime | None
    ) -> Sequence[CampaignSummary]:
        """Sum up by connection and campaign."""
        selection = EngagementSelection(connections=connections, since=since)
        campaigns: defaultdict[tuple[str, str], list[tuple[AccountName, StoredEngagement]]]
        campaigns = defaultdict(list)
        with self._state.lock:
            for account, one in self._state.engagements:
                if selection.fits(one.engagement):
                    key = (one.engagement.connection, one.engagement.campaign_id)
                    campaigns[key].append((account, one))
            return [self._summed(campaigns[key]) for key in sorted(campaigns)]

    def _summed(self, told: Sequence[tuple[AccountName, StoredEngagement]]) -> CampaignSummary:
        first = told[0][1].engagement
        people = {
            (one.engagement.kind, one.engagement.identifier)
            for _, one in told
            if one.cause and not one.engagement.by_machine
        }
        waited = [
            max((one.engagement.occurred_at - one.cause.delivered_at).total_seconds(), 0.0)
            for _, one in told
            if one.cause and one.engagement.kind is EngagementKind.RECEIVE
        ]
        scopes = {
            Scope(account=account, connection=first.connection, segment=one.cause.segment)
            for account, one in told
            if one.cause
        }
        left = {
            one.engagement.identifier
            for account, one in told
            if one.cause and not self._holds(account, one.engagement, one.cause)
        }
        return CampaignSummary(
            connection=first.connection,
            campaign_id=first.campaign_id,
            accepted=sum(len(self._state.ledger[scope]) for scope in scopes) + len(left),
            recipients=Counter(kind for kind, _ in people),
            by_machine=sum(bool(one.engagement.by_machine) for _, one in told),
            unmatched=sum(one.cause is None for _, one in told),
            median_time_to_receive=timedelta(seconds=median(waited)) if waited else None,
        )

    def _holds(self, account: AccountName, engagement: Engagement, cause: Cause) -> bool:
        scope = Scope(account=account, connection=engagement.connection, segment=cause.segment)
        return engagement.identifier in self._state.ledger[scope]

    def silent(
        self, connection: ConnectionName, *, accepted_before: datetime
    ) -> Collection[SegmentId]:
        """Name segments that took profiles, and that no engagement goes back to."""
        with self._state.lock:
            took = {
                scope.segment
                for scope, at in self._state.first_accepted.items()
                if scope.connection == connection and at < accepted_before
            }
            engaged = {
                one.cause.segment
                for _, one in self._state.engagements
                if one.cause and one.engagement.connection == connection
            }
        return sorted(took - engaged)

    def refused(self, *, limit: int) -> Sequence[RefusedEngagement]:
        """List what could not be read, the newest first."""
        with self._state.lock:
            return self._state.refused_engagements[::-1][:limit]

    def suppressed(
        self,
        account: AccountName,
        identifiers: Collection[Identifier],
        kinds: Collection[EngagementKind],
    ) -> Collection[Identifier]:
        """Tell which of some profiles complained, or bounced for good."""
        with self._state.lock:
            return {
                one.engagement.identifier
                for owner, one in self._state.engagements
                if owner == account
                and one.engagement.identifier in identifiers
                and one.engagement.kind in kinds
                and one.engagement.bounce is not BounceType.SOFT
            }
