"""A segment that a lane cannot send to, or a missing secret, is told before anything is queued."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from petiole.adapters.memory import MemoryAudience
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.errors import InvalidSettings, MissingSecret
from petiole.host import Host
from petiole.host.planning import SyncInput
from petiole.host.settings import Settings

NAME = ConnectionName("alerts")


def settings(folder: Path, lane: str) -> Settings:
    """Name one connection, whose token is missing."""
    connection = {"plugin": "canopydeploy", "lane": lane, "identifier": "customer-id"}
    connection |= {"token": {"env": "UNREAD"}}  # type: ignore[dict-item]
    if lane == "batch":
        connection["endpoint"] = "https://webhook.example.org/spring"
    return Settings.model_validate({"connections": {NAME: connection}, "directory": folder})


def plan(folder: Path, lane: str, segment: str) -> int:
    """Plan a sync of one profile, and tell how many changes that makes."""
    task = SyncInput(connection=NAME, segment=SegmentId(segment), key="id")
    audience = MemoryAudience([{"id": "1"}])
    with (
        Host.open(settings(folder, lane), [NAME]) as host,
        host.planning.open(task, audience, Refusals()) as snapshot,
        host.planning.plan(snapshot, mirror=False) as planned,
    ):
        return planned.difference.changes


def test_campaign_must_be_named_by_its_id(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="'spring': this is no campaign id; `petiole camp"):
        plan(tmp_path, "realtime", "spring")


def test_file_is_let_go_where_its_sink_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id,city\n1,Delft\n", encoding="utf-8")
    told: list[str] = []

    def ahead(pages: Iterator[object]) -> Generator[object]:
        def reading() -> Generator[object]:
            try:
                told.append("begun")
                yield None
                yield from pages
            finally:
                told.append("ended")

        begun = reading()
        next(begun)
        return begun

    with Host.open(settings(tmp_path, "batch"), [NAME]) as host:
        host.container.read_ahead.override(ahead)

        with pytest.raises(MissingSecret) as caught:
            host.sync(NAME, path, segment="spring", key="id")

        assert (told, "UNREAD" in str(caught.value)) == (["begun", "ended"], True)


@pytest.mark.parametrize(("lane", "segment"), [("realtime", "4711"), ("batch", "spring")])
def test_others_are_planned(tmp_path: Path, lane: str, segment: str) -> None:
    assert plan(tmp_path, lane, segment) == 1
