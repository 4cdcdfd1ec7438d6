"""`petiole new-plugin`: a plugin to start from."""

from pathlib import Path

import rich_click as click

from petiole.core.errors import InvalidSettings
from petiole.host.cli.output import say
from petiole.host.installed import find_plugins
from petiole.host.scaffold import write_plugin


@click.command("new-plugin", short_help="Write a plugin to start from.")
@click.argument("name")
def command(name: str) -> int:
    """Write the plugin NAME as a distribution of its own, in the new folder petiole-NAME.

    It works as it is: its tests pass, and it syncs into a file of JSON lines. Asks nothing.
    """
    for found in find_plugins():
        if found.name == name:
            raise InvalidSettings(
                f"the plugin {name!r} is installed already, by {found.distribution}; "
                "choose another name"
            )
    root = write_plugin(name, Path())
    say(
        f"wrote {root}. Next:\n"
        f"  1. cd {root} && pip install -e '.[test]'\n"
        "  2. pytest\n"
        f"  3. petiole plugins; then petiole init --plugin {name} writes a connection to it",
    )
    return 0
