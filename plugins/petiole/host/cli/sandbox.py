"""`petiole sandbox`: the platform's twin on loopback."""

import rich_click as click

from petiole.core.errors import UnknownAdapter
from petiole.host.discovery import Plugins, find_plugins


@click.command("sandbox", short_help="Run a stand-in of the platform on this machine.")
@click.option("--plugin", help="Whose platform; needed only if several plugins offer one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="0 picks a free port.",
)
def command(plugin: str | None, host: str, port: int) -> int:
    """Run a stand-in of the platform, until Ctrl-C.

    When it is ready it prints one line of JSON: its URLs and its token.
    """
    plugins = Plugins(find_plugins())
    plugins.sandbox(plugin or only_sandbox(plugins)).serve(host, port, _announce)
    return 0


def only_sandbox(plugins: Plugins) -> str:
    """Name the one plugin that offers a sandbox.

    Raises:
        UnknownAdapter: there is none, or there are several.
    """
    offering = plugins.with_sandbox
    if len(offering) == 1:
        return offering[0]
    told = f"several plugins offer one: {', '.join(offering)}" if offering else "no plugin does"
    raise UnknownAdapter(f"which sandbox? {told}; name it with --plugin")


def _announce(line: str) -> None:
    click.echo(line)
