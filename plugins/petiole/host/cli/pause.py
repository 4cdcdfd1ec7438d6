"""`petiole pause`: stop a connection, also while a host runs."""

from pathlib import Path

import rich_click as click

from petiole.host.cli.letters import by_option
from petiole.host.cli.output import count, say
from petiole.host.host import Host


@click.command("pause", short_help="Let a connection send nothing until it is resumed.")
@click.argument("connections", nargs=-1, required=True)
@click.option("--why", default="", help="The reason, for those who find it paused.")
@by_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], why: str, by: str) -> int:
    """Let CONNECTIONS send nothing until they are resumed, also if a host is running.

    What is being sent just now is still settled; what is queued stays queued.
    """
    with Host.open(config, connections) as host:
        for status in host.status():
            host.operations.pause(status.name, by=by, why=why)
            waiting = count(status.tally.waiting, "change")
            say(f"{status.name}: paused; {waiting} kept. Next: petiole resume {status.name}")
    return 0
