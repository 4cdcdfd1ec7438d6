"""The command `petiole` itself: its options, its list of commands, and how it ends."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import rich_click as click

from petiole.core.errors import PetioleError

COMMANDS = {
    "demo": "See it work on a made-up audience and a stand-in platform; needs nothing.",
    "init": "Write a settings file to start from.",
    "sync": "Send an audience: work out what changed, queue it, deliver it.",
    "run": "Deliver what is queued, as it becomes due.",
    "status": "Show what is queued, delivered and stuck, per connection.",
    "dead": "Show messages that were refused or gave up, with the platform's own words.",
    "plugins": "List the plugins, what they offer, and why one cannot be used.",
    "sandbox": "Run a stand-in of a plugin's platform on this machine.",
}

EXIT_FAILED = 1
"""The command could not do its work; nothing is lost."""
EXIT_ATTENTION = 3
"""It did, but rows were refused, or messages are dead or still waiting."""
EXIT_INTERRUPTED = 130


class LazyGroup(click.RichGroup):
    """Lists commands without importing them, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of a first acquaintance."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is called; a line of help stands for it until then."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        if ctx.resilient_parsing or _only_listing(ctx):
            return click.Command(cmd_name, help=COMMANDS[cmd_name])
        module = import_module(f"petiole.host.cli.{cmd_name}")
        command: click.Command = module.command
        return command


def _only_listing(ctx: click.Context) -> bool:
    """Tell whether the group is about to print its own help."""
    return not ctx.protected_args


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("petiole"), prog_name="petiole")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("petiole.toml"),
    envvar="PETIOLE_CONFIG",
    show_default=True,
    help="The settings file.",
)
@click.option("-v", "--verbose", count=True, help="Log more: -v progress, -vv everything.")
@click.pass_context
def cli(ctx: click.Context, config: Path, verbose: int) -> None:
    """Join customer data to the marketing platforms that act on it.

    Exit codes: 0 all is well · 1 it could not be done · 2 wrong usage · 3 done, but something was
    refused, died or still waits.
    """
    ctx.obj = config
    if verbose:
        import logging

        level = logging.INFO if verbose == 1 else logging.DEBUG
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error that petiole foresaw is one line, never a traceback."""
    try:
        code = cli.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = EXIT_INTERRUPTED
    except PetioleError as error:
        click.echo(f"petiole: {error}", err=True)
        code = EXIT_FAILED
    except BrokenPipeError:
        sys.stderr.close()
        code = EXIT_FAILED
    sys.exit(code if isinstance(code, int) else 0)
