"""`petiole resume`: let a paused connection go on."""

from pathlib import Path

import rich_click as click

from petiole.host.cli.explaining import queued
from petiole.host.cli.letters import by_option
from petiole.host.cli.output import count, say
from petiole.host.host import Host
from petiole.host.status import Condition


@click.command("resume", short_help="Let a paused or held connection go on.")
@click.argument("connections", nargs=-1, required=True)
@by_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], by: str) -> int:
    """Let CONNECTIONS go on that are paused, or kept still for a while.

    One batch tries first; when the platform takes it, all others follow.
    """
    with Host.open(config, connections) as host:
        for status in host.status():
            if status.condition in {Condition.OK, Condition.RETRYING}:
                waits = f" by itself: {queued(status)}" if queued(status) else "; nothing waits"
                say(f"{status.name}: is not paused and goes on{waits}")
                continue
            host.operations.resume(status.name, by=by)
            waiting = count(status.tally.waiting, "change")
            say(f"{status.name}: resumed; {waiting} queued")
    return 0
