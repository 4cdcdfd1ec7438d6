"""What is kept is shown, exported, handed on and missed where it should have come."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest
from dependency_injector import providers

from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.system import SystemClock
from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementKind,
    Origin,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.domain.events import EngagementsStored
from petiole.core.domain.identity import Identifier
from petiole.core.errors import Unavailable
from petiole.hooks import Manifest, hookimpl
from petiole.host.container import Container
from petiole.host.discovery import Plugins
from petiole.host.forwarding import Forwarding
from petiole.host.intake import Intake, intake
from petiole.host.intake_settings import WebhookSettings, WebSettings
from petiole.host.observers import Fanout
from petiole.host.settings import Settings

NAME = ConnectionName("newsletter")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CONFIG = """
[connections.newsletter]
plugin = "canopydeploy"
endpoint = "http://127.0.0.1:9/receiver"
token = { env = "NOT_NEEDED_HERE" }
identifier = "customer-id"
"""


def engagement(
    number: int, *, kind: EngagementKind = EngagementKind.OPEN, content: str = ""
) -> Engagement:
    return Engagement(
        connection=NAME,
        origin=Origin("push"),
        identifier=Identifier.customer_id(f"c-{number}"),
        kind=kind,
        occurred_at=START + timedelta(minutes=number),
        event=f"e-{number}",
        campaign_id="4711",
        content_name=content,
    )


@contextmanager
def stored(folder: Path) -> Iterator[SqliteStore]:
    with open_store(folder / "petiole.db", clock=SystemClock()) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "petiole.toml").write_text(CONFIG, encoding="utf-8")
    found = [
        engagement(1),
        engagement(2, kind=EngagementKind.CLICK, content="=cmd()"),
        engagement(3, kind=EngagementKind.RECEIVE),
    ]
    refused = RefusedEngagement(
        connection=NAME, origin=Origin("push"), received_at=START, reason="no JSON", content="<"
    )
    with stored(tmp_path) as store:
        store.engagements.store(AccountName(NAME), found, refused=[refused])
    return tmp_path


def petiole(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "petiole.host", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "events"),
    [
        ((), ["e-1", "e-2", "e-3"]),
        (("--kind", "click"), ["e-2"]),
        (("--campaign", "4712"), []),
        (("newsletter", "--since", "2026-03-02T08:02"), ["e-2", "e-3"]),
        (("--until", "2026-03-02T08:02Z"), ["e-1"]),
        (("--since", "36500d"), ["e-1", "e-2", "e-3"]),
    ],
)
def test_options_select_what_is_exported(
    folder: Path, arguments: Sequence[str], events: Sequence[str]
) -> None:
    lines = petiole(folder, "engagements", "export", *arguments).splitlines()

    assert [json.loads(line)["event"] for line in lines] == events


def test_formula_in_csv_is_disarmed(folder: Path) -> None:
    rows = list(
        csv.DictReader(petiole(folder, "engagements", "export", "--format", "csv").splitlines())
    )

    assert [row["content_name"] for row in rows] == ["", "'=cmd()", ""]


def test_parquet_holds_the_same(folder: Path) -> None:
    petiole(folder, "engagements", "export", "--format", "parquet", "--output", "out.parquet")

    table = pyarrow.parquet.read_table(folder / "out.parquet")
    assert table.column("event").to_pylist() == ["e-1", "e-2", "e-3"]
    assert table.column("id").to_pylist() == [1, 2, 3]


def test_refused_ones_are_listed_with_their_reason(folder: Path) -> None:
    (refused,) = json.loads(petiole(folder, "engagements", "refused", "--json"))

    assert (refused["reason"], refused["content"]) == ("no JSON", "<")


def test_follower_sees_new_ones_only_and_ends_by_a_signal(folder: Path) -> None:
    command = [sys.executable, "-m", "petiole.host", "engagements", "list", "--follow", "--json"]

    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        time.sleep(1.5)  # until it listens
        with stored(folder) as store:
            store.engagements.store(AccountName(NAME), [engagement(4)])
        line = follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        rest, _ = follower.communicate(timeout=20)

    assert json.loads(line)["event"] == "e-4"
    assert (rest, follower.returncode) == ("", 0)


def test_reader_that_goes_away_ends_the_export_quietly(folder: Path) -> None:
    with stored(folder) as store:
        many = [engagement(number, content="x" * 100) for number in range(10, 3_000)]
        store.engagements.store(AccountName(NAME), many)
    command = [sys.executable, "-m", "petiole.host", "engagements", "export"]

    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.readline()
        export.stdout.close()
        complained = export.stderr.read()

    assert complained == ""


class Watcher:
    def __init__(self) -> None:
        self.events: list[str] = []

    @hookimpl
    def petiole_engaged(self, event: EngagementsStored) -> None:
        self.events += [one.engagement.event for one in event.engagements]


class Basket:
    """Takes engagements, but not at first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.taken: list[str] = []
        self._failures = failures

    def forward(self, engagements: Sequence[StoredEngagement]) -> None:
        if self._failures:
            self._failures -= 1
            raise Unavailable("not now")
        self.taken += [one.engagement.event for one in engagements]


def test_plugins_are_told_what_was_stored(folder: Path) -> None:
    watcher, plugins = Watcher(), Plugins([])
    manifest = 'id = "watch"\ntitle = "Watches"\nhost_api = 1\nadapters = []\nobserves = true'
    plugins.register(Manifest.read(manifest, origin="a test"), watcher)

    with stored(folder) as store:
        receipt = store.engagements.store(
            AccountName(NAME), [engagement(3), engagement(4), engagement(5)]
        )
        Intake(plugins, ()).received(receipt)

    assert watcher.events == ["e-4", "e-5"]


def test_sink_gets_what_it_did_not_take_again_and_nothing_twice(folder: Path) -> None:
    basket = Basket(failures=1)
    forwarding = Forwarding(basket, "basket", lambda _: None)

    with stored(folder) as store:
        with pytest.raises(Unavailable):
            forwarding.step(store, lambda: False)
        forwarding.step(store, lambda: False)
        Forwarding(basket, "basket", lambda _: None).step(store, lambda: False)

    assert basket.taken == ["e-1", "e-2", "e-3"]


def test_running_host_writes_engagements_to_the_file_that_is_set(folder: Path) -> None:
    told: list[str] = []
    settings = Settings.model_validate(
        {"engagements": {"jsonl": {"path": "out.jsonl"}}, "directory": folder}
    )
    with ExitStack() as stack:
        container = Container(settings=settings, stack=stack, names=[], observer=Fanout())
        container.plugins.override(providers.Object(Plugins([])))
        with intake(container, tell=told.append):
            wait_for(lambda: (folder / "out.jsonl").exists() and lines(folder) == 3)

    assert told == []


def lines(folder: Path) -> int:
    return len((folder / "out.jsonl").read_text(encoding="utf-8").splitlines())


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_address_on_this_machine_needs_no_leave(host: str) -> None:
    assert WebSettings.model_validate({"host": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])  # noqa: S104 - refused, nothing listens there
def test_address_that_others_can_reach_must_be_asked_for(host: str) -> None:
    with pytest.raises(ValueError, match="public = true"):
        WebSettings.model_validate({"host": host})

    assert WebSettings.model_validate({"host": host, "public": True}).host == host


@pytest.mark.parametrize("url", ["http://example.org/hook", "ftp://example.org/hook"])
def test_webhook_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        WebhookSettings.model_validate({"url": url, "secret": {"env": "X"}})


def test_pull_that_nobody_set_up_says_what_to_do(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "petiole.host", "engagements", "pull", "newsletter"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert 'pull = { from = "mailings" }' in done.stderr
