"""A segment that a lane cannot send to is told before anything is queued."""

from pathlib import Path

import pytest

from petiole.adapters.memory import MemoryAudience
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.errors import InvalidSettings
from petiole.host import Host
from petiole.host.planning import SyncInput
from petiole.host.settings import Settings

NAME = ConnectionName("alerts")


def plan(folder: Path, lane: str, segment: str) -> int:
    """Plan a sync of one profile, and tell how many changes that makes."""
    connection = {"plugin": "canopydeploy", "lane": lane, "identifier": "customer-id"}
    connection |= {"token": {"env": "UNREAD"}}  # type: ignore[dict-item]
    if lane == "batch":
        connection["endpoint"] = "https://webhook.example.org/spring"
    made = Settings.model_validate({"connections": {NAME: connection}, "directory": folder})
    task = SyncInput(connection=NAME, segment=SegmentId(segment), key="id")
    audience = MemoryAudience([{"id": "1"}])
    with (
        Host.open(made, [NAME]) as host,
        host.planning.plan(host.planning.open(task, audience, Refusals()), mirror=False) as planned,
    ):
        return planned.difference.changes


def test_campaign_must_be_named_by_its_id(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="'spring': this is no campaign id; `petiole camp"):
        plan(tmp_path, "realtime", "spring")


@pytest.mark.parametrize(("lane", "segment"), [("realtime", "4711"), ("batch", "spring")])
def test_others_are_planned(tmp_path: Path, lane: str, segment: str) -> None:
    assert plan(tmp_path, lane, segment) == 1
