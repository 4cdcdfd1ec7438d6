"""`petiole run`: deliver what is queued."""

from pathlib import Path

import rich_click as click

from petiole.host.cli.delivering import (
    Delivering,
    exit_code,
    print_next_steps,
    print_sums,
    sums_as_json,
)
from petiole.host.cli.interrupt import interruptible
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import json_option, print_json, say, warn
from petiole.host.host import Host


@click.command("run", short_help="Deliver what is queued.")
@click.argument("connections", nargs=-1)
@click.option("--once", is_flag=True, help="Deliver what is due now, then end.")
@click.option("--flush", is_flag=True, help="With --once: send also batches that are not full yet.")
@json_option
@click.pass_obj
def command(
    config: Path, *, connections: tuple[str, ...], once: bool, flush: bool, as_json: bool
) -> int:
    """Deliver what is queued, for CONNECTIONS or for all of them.

    Without --once it goes on until it is stopped: full batches at once, others when their oldest
    change has reached the age of its connection (20 minutes unless set otherwise). It also pulls
    engagements, and hands them on, where the settings say so. What an operator should know (pauses,
    holds, what died or was parked) is told on standard error, a line each; -v tells every batch.
    """
    if flush and not once:
        raise click.UsageError("--flush goes with --once")
    delivering = Delivering()
    with Host.open(config, connections or None, observer=delivering) as host:
        unusable = host.open_sinks()
        for name, error in unusable.items():
            warn(f"{name}: left out: {error}")
        if once:
            delivering.run(host, flush=flush)
        else:
            from petiole.host.intake import intake

            container, journal = host.container, delivering.journal
            with (
                interruptible(host.stop),
                intake(container, tell=journal.write),
                journal.watching(container.states(), container.names()) as look,
            ):
                if not as_json:
                    say("delivering as it becomes due; Ctrl-C stops")
                host.run(until=look)
        statuses = host.status()
        if as_json:
            print_json(sums_as_json(delivering))
        else:
            print_sums(delivering)
            if once:
                print_next_steps(delivering, statuses)
        code = exit_code(delivering, statuses) if once else 0
        return code or (EXIT_ATTENTION if unusable else 0)
