"""`petiole pause`: stop a connection, also while a host runs."""

from pathlib import Path

import rich_click as click

from petiole.core.domain.breaker import PauseReason
from petiole.host.cli.explaining import paused
from petiole.host.cli.letters import by_option
from petiole.host.cli.output import count, say
from petiole.host.host import Host
from petiole.host.status import ConnectionStatus


@click.command("pause", short_help="Let a connection send nothing until it is resumed.")
@click.argument("connections", nargs=-1, required=True)
@click.option("--why", default="", help="The reason, for those who find it paused.")
@by_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], why: str, by: str) -> int:
    """Let CONNECTIONS send nothing until they are resumed, also if a host is running.

    What is being sent just now is still settled; what is queued stays queued. A pause that is there
    already is replaced.
    """
    with Host.open(config, connections) as host:
        for status in host.status():
            host.operations.pause(status.name, by=by, why=_with_trouble(why, status))
            waiting = count(status.tally.waiting, "change")
            was = f" (was {paused(status.state)})" if status.state.paused else ""
            say(f"{status.name}: paused{was}; {waiting} kept. Next: petiole resume {status.name}")
    return 0


def _with_trouble(why: str, status: ConnectionStatus) -> str:
    """Keep visible why it had stopped by itself: a person's pause does not mend that."""
    if status.state.paused in {None, PauseReason.OPERATOR}:
        return why
    return "; ".join(part for part in (why, f"was {paused(status.state)}") if part)
