"""Broken keepers of engagements."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementId,
    EngagementSelection,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.ports.engagements import Checkpoint, Engagements, StorageReceipt
from petiole.testing.zoo.mutant import breaks


class Kept(TypedDict, total=False):
    """What is stored along."""

    refused: Sequence[RefusedEngagement]
    checkpoint: Checkpoint | None


@breaks(Engagements.store, "Keep engagements of one account")
def loses_the_last_one(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    return keeper.store(account, engagements[:-1], **kept)


@breaks(Engagements.store, "but no repeats")
def keeps_what_it_knows(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    known = len(keeper.read(EngagementSelection(), after=None, limit=1_000))
    told = [
        replace(one, event=f"{one.event}{known}{place}") for place, one in enumerate(engagements)
    ]
    return keeper.store(account, told, **kept)


@breaks(Engagements.store, "but no repeats")
def believes_no_ids_of_events(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    told = [replace(one, event="") for one in engagements]
    return keeper.store(account, told, **kept)


@breaks(Engagements.store, "Refused ones and the checkpoint are kept")
def forgets_the_checkpoint(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    return keeper.store(account, engagements, refused=kept.get("refused", ()))


@breaks(Engagements.store, "Refused ones and the checkpoint are kept")
def forgets_what_was_refused(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    receipt = keeper.store(account, engagements, checkpoint=kept.get("checkpoint"))
    return replace(receipt, refused=len(kept.get("refused", ())))


@breaks(Engagements.store, "Each is joined to its cause")
def looks_for_causes_elsewhere(
    keeper: Engagements,
    account: AccountName,
    engagements: Sequence[Engagement],
    **kept: Unpack[Kept],
) -> StorageReceipt:
    elsewhere = AccountName(f"not {account}")
    return keeper.store(elsewhere, engagements, **kept)


@breaks(Engagements.read, "in the order of storing")
def reads_backwards(
    keeper: Engagements,
    selection: EngagementSelection,
    *,
    after: EngagementId | None,
    limit: int,
) -> Sequence[StoredEngagement]:
    return keeper.read(selection, after=after, limit=limit)[::-1]


@breaks(Engagements.read, "after an id")
def reads_from_the_start_again(
    keeper: Engagements,
    selection: EngagementSelection,
    *,
    after: EngagementId | None,
    limit: int,
) -> Sequence[StoredEngagement]:
    del after
    return keeper.read(selection, after=None, limit=limit)


@breaks(Engagements.checkpoint, "Tell how far a reader came")
def mixes_readers_up(keeper: Engagements, connection: ConnectionName, reader: str) -> str | None:
    del reader
    return keeper.checkpoint(connection, "mailings")


@breaks(Engagements.rejoin, "Look again for causes")
def never_looks_again(keeper: Engagements, *, since: datetime, limit: int) -> int:
    del keeper, since, limit
    return 0
