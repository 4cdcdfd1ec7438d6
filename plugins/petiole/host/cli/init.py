"""`petiole init`: a settings file to start from."""

from pathlib import Path

import rich_click as click

from petiole.core.errors import InvalidSettings
from petiole.host.cli.output import say
from petiole.host.discovery import find_plugins
from petiole.host.settings import CONFIG_NAME

_HEAD = """\
# Settings of petiole. Secrets stand here by reference only:
# { env = "NAME" }, { file = "PATH" } or { keyring = "SERVICE/NAME" }.

[outbox]
url = "sqlite:///petiole.db"              # relative to this file
"""

_IGNORED = "petiole.db*\n.env\n"


@click.command("init", short_help="Write a settings file to start from.")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--plugin", help="Write an example connection of this plugin only.")
def command(folder: Path, plugin: str | None) -> int:
    """Write petiole.toml, with an example connection, into FOLDER; overwrites nothing."""
    examples = {
        found.name: found.manifest.example
        for found in find_plugins()
        if found.manifest and found.manifest.example and not found.error
    }
    if plugin is not None and plugin not in examples:
        known = ", ".join(examples) or "none"
        raise InvalidSettings(f"no plugin {plugin!r} has an example; there are: {known}")
    chosen = [text for name, text in examples.items() if plugin in {name, None}]
    path = folder / CONFIG_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join([_HEAD, *(text.strip() + "\n" for text in chosen)]))
    except FileExistsError as error:
        raise InvalidSettings(f"{path} is there already; it was left as it is") from error
    except OSError as error:
        raise InvalidSettings(f"cannot write {path}: {error.strerror}") from error
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text(_IGNORED, encoding="utf-8")
    say(
        f"wrote {path}. Next:\n"
        "  1. put your endpoint into it\n"
        "  2. set the environment variable that it names to your token\n"
        "  3. petiole sync CONNECTION FILE --segment ID --key COLUMN --dry-run",
    )
    return 0
