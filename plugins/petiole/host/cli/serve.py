"""`petiole serve`: deliver what is queued, and receive what comes back."""

from pathlib import Path

import rich_click as click

from petiole.host.cli.delivering import Delivering, print_sums
from petiole.host.cli.interrupt import interruptible
from petiole.host.cli.output import say, warn
from petiole.host.host import Host


@click.command("serve", short_help="Deliver, and receive what comes back.")
@click.argument("connections", nargs=-1)
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of the setting web.port.")
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], port: int | None) -> int:
    """Deliver what is queued, as `petiole run` does, and receive engagements on one port.

    Connections whose settings say `push` are pushed to by their platform; those that say `pull`
    are pulled. Both for CONNECTIONS, or for all of them.
    """
    from petiole.host.intake import intake
    from petiole.host.settings import load_settings
    from petiole.host.web.serving import Pulse, pushed_to, serving

    settings = load_settings(config)
    if port is not None:
        web = settings.web.model_copy(update={"port": port})
        settings = settings.model_copy(update={"web": web})
    delivering, pulse = Delivering(), Pulse()
    with Host.open(settings, connections or None, observer=delivering) as host:
        host.open_sinks()
        container, journal = host.container, delivering.journal
        with (
            interruptible(host.stop),
            intake(container, tell=journal.write) as taking,
            journal.watching(container.states(), container.names()) as look,
            serving(container, pulse=pulse, stored=taking.stored) as server,
        ):
            names = (
                ", ".join(pushed_to(host.container)) or "nobody: no connection has a push set up"
            )
            say(f"listening on {server.url}; Ctrl-C stops; takes pushes for {names}")

            def over() -> bool:
                pulse.beat()
                return look() or not server.is_alive

            host.run(until=over)
            died = not server.is_alive
        print_sums(delivering)
    if died:
        warn("the web server ended by itself")
    return int(died)
