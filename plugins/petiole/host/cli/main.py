"""The command `petiole` itself: its options, its list of commands, and how it ends."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import rich_click as click

from petiole.core.errors import PetioleError

COMMANDS = {
    "demo": "See it work on a made-up audience and a stand-in platform; needs nothing.",
    "init": "Write a settings file to start from.",
    "check": "Look for what keeps a connection from working; writes nothing.",
    "campaigns": "List what a connection can send to.",
    "sync": "Send an audience: work out what changed, queue it, deliver it.",
    "run": "Deliver what is queued, as it becomes due.",
    "serve": "Deliver, and receive what recipients did: both on one port.",
    "engagements": "Show what recipients did, pull and export it.",
    "status": "Show what is queued, delivered and stuck, per connection.",
    "trace": "Show what happened to one profile, in order.",
    "pause": "Let a connection send nothing until it is resumed.",
    "resume": "Let a paused or held connection go on.",
    "dead": "Show and decide about messages that were refused or gave up.",
    "parked": "Show and decide about messages whose outcome is unknown.",
    "plugins": "List the plugins, what they offer, and why one cannot be used.",
    "new-plugin": "Write a plugin to start from.",
    "sandbox": "Run a stand-in of a plugin's platform on this machine.",
}

NOT_LOADED = "httpx._main"
"""httpx's own command line. It would come along with httpx, and bring a third of rich with it."""

ALLOCATIONS_BETWEEN_LOOKS = 20_000
"""How much may be made, beyond what was freed, before Python looks for garbage."""

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
        """Give a line of help in place of the command, until it is called."""
        if cmd_name in COMMANDS:
            return click.Command(cmd_name, help=COMMANDS[cmd_name])
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is called, ask plugins for it, or name the nearest one."""
        if args and args[0] not in COMMANDS:
            from petiole.host.discovery import Plugins, find_plugins

            Plugins(find_plugins()).register_commands(args[0], self)
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(error.message + hint, ctx) from error
        if name in COMMANDS:
            with _loading():
                command = import_module(f"petiole.host.cli.{name.replace('-', '_')}").command
        return name, command, rest


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="petiole", prog_name="petiole")
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


@contextmanager
def _loading() -> Iterator[None]:
    """Load modules without looking for garbage meanwhile, or later among what they are made of.

    There is none, and to look for it takes a tenth of the start. Later on, what comes and goes by
    the thousand is freed without being looked for, and looking for it took a tenth of a sync.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(ALLOCATIONS_BETWEEN_LOOKS)
        gc.enable()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error that petiole foresaw is one line, never a traceback."""
    sys.modules.setdefault(NOT_LOADED, None)  # type: ignore[arg-type] # to Python: there is none
    try:
        code = cli.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo("petiole: interrupted; what was queued is kept", err=True)
        code = EXIT_INTERRUPTED
    except PetioleError as error:
        click.echo(f"petiole: {error}", err=True)
        code = EXIT_FAILED
    except BrokenPipeError:
        sys.stderr.close()
        code = EXIT_FAILED
    except OSError as error:
        if error.filename is not None:
            raise
        click.echo(f"petiole: the output cannot be written: {error.strerror}", err=True)
        code = EXIT_FAILED
    gc.freeze()  # what is left ends with the process: nobody need look for garbage in it
    sys.exit(code if isinstance(code, int) else 0)
