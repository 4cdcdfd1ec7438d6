"""Broken books of engagements."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from petiole.core.domain.change import AccountName, ConnectionName, SegmentId
from petiole.core.domain.engagement import CampaignSummary, EngagementKind, RefusedEngagement
from petiole.core.domain.identity import Identifier
from petiole.core.ports.engagements import EngagementBooks
from petiole.testing.zoo.mutant import breaks


@breaks(EngagementBooks.summary, "Sum up by connection and campaign")
def takes_machines_for_people(
    books: EngagementBooks, connections: Collection[ConnectionName], *, since: datetime | None
) -> Sequence[CampaignSummary]:
    return [
        replace(
            one,
            recipients={kind: number + one.by_machine for kind, number in one.recipients.items()},
        )
        for one in books.summary(connections, since=since)
    ]


@breaks(EngagementBooks.summary, "what happened since a moment, or ever")
def sums_up_all_times(
    books: EngagementBooks, connections: Collection[ConnectionName], *, since: datetime | None
) -> Sequence[CampaignSummary]:
    del since
    return books.summary(connections, since=None)


@breaks(EngagementBooks.silent, "took profiles before a moment")
def takes_the_young_for_silent(
    books: EngagementBooks, connection: ConnectionName, *, accepted_before: datetime
) -> Collection[SegmentId]:
    return books.silent(connection, accepted_before=accepted_before.replace(year=3000))


@breaks(EngagementBooks.refused, "the newest first")
def lists_the_oldest_first(books: EngagementBooks, *, limit: int) -> Sequence[RefusedEngagement]:
    return [*books.refused(limit=1_000)][::-1][:limit]


@breaks(EngagementBooks.suppressed, "complained, or bounced for good")
def suppresses_whoever_it_is_asked_about(
    books: EngagementBooks,
    account: AccountName,
    identifiers: Collection[Identifier],
    kinds: Collection[EngagementKind],
) -> Collection[Identifier]:
    found = books.suppressed(account, identifiers, kinds)
    return identifiers if found else found


@breaks(EngagementBooks.suppressed, "complained, or bounced for good")
def suppresses_nobody(
    books: EngagementBooks,
    account: AccountName,
    identifiers: Collection[Identifier],
    kinds: Collection[EngagementKind],
) -> Collection[Identifier]:
    del books, account, identifiers, kinds
    return ()
