"""`petiole demo`: the main job, end to end, on this machine alone."""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from petiole.adapters.files import open_audience
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import EnqueueReceipt
from petiole.host.cli.delivering import Delivering, print_sums
from petiole.host.cli.main import EXIT_FAILED, EXIT_INTERRUPTED
from petiole.host.cli.output import count, say
from petiole.host.cli.sandbox import only_sandbox
from petiole.host.demo.audience import Customer, changed, customers, write
from petiole.host.demo.platform import held_profiles, order_faults, sandbox_process
from petiole.host.discovery import Plugins, find_plugins
from petiole.host.host import Host
from petiole.host.planning import SyncInput
from petiole.host.settings import Settings

CONNECTION = ConnectionName("demo")
SEGMENT = SegmentId("4711")
TOKEN_VARIABLE = "PETIOLE_DEMO_TOKEN"  # noqa: S105 - the name of a variable

MOVED_EVERY = 50
NEWCOMERS = 30
LEAVERS = 20

_TASK = SyncInput(connection=CONNECTION, segment=SEGMENT, key="email")


@click.command("demo", short_help="See it work; needs nothing.")
@click.option(
    "--profiles",
    default=10_000,
    show_default=True,
    type=click.IntRange(100, 1_000_000),
    help="How many made-up customers.",
)
@click.option("--plugin", help="Whose platform; needed only if several plugins offer a sandbox.")
def command(profiles: int, plugin: str | None) -> int:
    """Send a made-up audience to a stand-in platform that misbehaves a little.

    Everything happens on this machine, in a temporary folder that is removed at the end.
    """
    began = time.monotonic()
    plugins = Plugins(find_plugins())
    name = plugin or only_sandbox(plugins)
    with (
        sandbox_process(name) as announced,
        tempfile.TemporaryDirectory(prefix="petiole-demo-") as folder,
    ):
        os.environ[TOKEN_VARIABLE] = announced["token"]
        spec = plugins.sandbox(name)
        connection = {
            **spec.connection(announced, TOKEN_VARIABLE),
            "identifier": "hashed-email",
        }
        settings = Settings.model_validate(
            {"connections": {CONNECTION: connection}, "directory": folder}
        )
        people = list(customers(range(profiles)))
        unwelcome = [Identifier.email_address(people[n].email).value for n in (13, 77)]
        order_faults(announced["control"], spec.mischief(unwelcome))
        say(
            f"the stand-in platform listens on {announced['control']}; nothing leaves this machine",
        )
        return _play(settings, Path(folder), people, announced["control"], began)


def _play(
    settings: Settings, folder: Path, people: Sequence[Customer], control: str, began: float
) -> int:
    say(f"\n1. A new audience: {count(len(people), 'profile')}, in batches of 100.")
    first = Delivering(announce_first=True, began=began)
    with Host.open(settings, [CONNECTION], observer=first) as host:
        receipt = _queue(host, folder, people)
        first.run(host, flush=True)
        print_sums(first, receipt)
    if first.interrupted:
        return EXIT_INTERRUPTED
    say("\n2. The audience changes twice before it is sent: some move, some come, some go.")
    second = Delivering()
    newcomers = list(customers(range(len(people), len(people) + NEWCOMERS)))
    there = [*people[LEAVERS:], *newcomers]
    with Host.open(settings, [CONNECTION], observer=second) as host:
        receipt = _queue(host, folder, changed(there, city="Delft", every=MOVED_EVERY))
        receipt += _queue(host, folder, changed(there, city="Leiden", every=MOVED_EVERY))
        second.run(host, flush=True)
        print_sums(second, receipt)
        return _balance(host, control)


def _queue(host: Host, folder: Path, people: Sequence[Customer]) -> EnqueueReceipt:
    path = folder / "customers.csv"
    write(path, people)
    with (
        host.planning.open(_TASK, open_audience(path), Refusals()) as snapshot,
        host.planning.plan(snapshot, mirror=True) as plan,
    ):
        return host.submit_plan(_TASK, plan)


def _balance(host: Host, control: str) -> int:
    """Show the sums, and what the platform says that it holds."""
    (status,) = host.status()
    tally = status.tally
    parts = " + ".join(f"{tally[state]:,} {state.value}" for state in MessageState if tally[state])
    held = held_profiles(control, SEGMENT)
    expected = host.container.ledger().count(host.planning.scope(CONNECTION, SEGMENT))
    say(f"\nThe sums: {tally.enqueued:,} enqueued = {parts}.")
    say(
        f"The platform holds {count(held, 'profile')}; the ledger says {expected:,}. "
        + ("Nothing was lost." if held == expected and tally.balanced else "They differ!")
    )
    if held != expected or not tally.balanced or tally.open:
        return EXIT_FAILED
    say(
        "\nNext: petiole init, put your endpoint into petiole.toml, then\n"
        "petiole sync newsletter customers.csv --segment 4711 --key CustomerKey --dry-run"
    )
    return 0
