"""`petiole init`: a settings file to start from."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import rich_click as click
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from petiole.core.errors import InvalidSettings
from petiole.host.cli.key_notes import key_notes
from petiole.host.cli.output import say
from petiole.host.cli.trying import keys_of
from petiole.host.installed import FoundPlugin, find_plugins
from petiole.host.schema import SCHEMA_NAME, SinkKeys, attribute_docs, settings_schema, written
from petiole.host.settings import CONFIG_NAME, ConnectionSettings, OutboxSettings

_HEAD = """\
# Settings of petiole. Secrets stand here by reference only:
# { env = "NAME" }, { file = "PATH" } or { keyring = "SERVICE/NAME" }.
"""

_MORE = """\
# What each connection may also be told by petiole itself; here with what is taken otherwise.
"""

_SCHEMA_LINE = f"#:schema ./{SCHEMA_NAME}"
"""Understood by the TOML extensions of most editors."""

_IS_THERE = "{path} is there already; it was left as it is"
_IGNORED = "petiole.db*\n.env\n"


@click.command("init", short_help="Write a settings file to start from.")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--plugin", help="Write an example connection of this plugin only.")
@click.option(
    "--schema",
    "with_schema",
    is_flag=True,
    help=f"Write {SCHEMA_NAME} too, so that an editor knows every key of the installed plugins.",
)
def command(folder: Path, plugin: str | None, *, with_schema: bool) -> int:
    """Write petiole.toml, with an example connection, into FOLDER; overwrites nothing.

    With --schema, a petiole.toml that is there stays as it is, and only the schema is written anew.
    A plugin that cannot be used is left out, and named.
    """
    path = folder / CONFIG_NAME
    if path.exists() and not with_schema:
        raise InvalidSettings(_IS_THERE.format(path=path))
    found = find_plugins()
    examples = _examples(found, plugin)
    shown = [
        one for one in found if with_schema or (one.error and not plugin) or one.name in examples
    ]
    keys = keys_of(shown)
    if plugin is not None and plugin not in keys:
        raise InvalidSettings(f"plugin {plugin!r} cannot be used")
    examples = {name: text for name, text in examples.items() if name in keys}
    text = _text(examples, keys, with_schema=with_schema)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if with_schema:
            schema = json.dumps(
                settings_schema(chain(*keys.values())), ensure_ascii=False, indent=2
            )
            (folder / SCHEMA_NAME).write_text(f"{schema}\n", encoding="utf-8")
            say(f"wrote {folder / SCHEMA_NAME}")
            if path.exists():
                say(f"{path} is there already; an editor finds the schema by this first line:")
                say(_SCHEMA_LINE)
                return 0
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InvalidSettings(_IS_THERE.format(path=path)) from error
    except OSError as error:
        raise InvalidSettings(f"cannot write into {folder}: {error.strerror}") from error
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text(_IGNORED, encoding="utf-8")
    say("\n".join([f"wrote {path}. Next:", *_steps(_connections(text))]))
    return 0


def _examples(found: Sequence[FoundPlugin], plugin: str | None) -> Mapping[str, str]:
    examples = {
        one.name: one.manifest.example.strip() + "\n"
        for one in found
        if one.manifest and one.manifest.example.strip() and not one.error
    }
    if plugin is not None and plugin not in examples:
        refused = next((one.error for one in found if one.name == plugin and one.error), "")
        if refused:
            raise InvalidSettings(f"plugin {plugin!r} cannot be used: {refused}")
        known = ", ".join(examples) or "none"
        raise InvalidSettings(f"no plugin {plugin!r} has an example; there are: {known}")
    return {name: text for name, text in examples.items() if plugin in {name, None}}


def _text(
    examples: Mapping[str, str], keys: Mapping[str, Sequence[SinkKeys]], *, with_schema: bool
) -> str:
    outbox = "".join(f"# {told}\n{line}\n" for told, line in _optional(OutboxSettings))
    more = "".join(f"# {told}\n#     {line}\n" for told, line in _optional(ConnectionSettings))
    head = f"{_SCHEMA_LINE}\n{_HEAD}" if with_schema else _HEAD
    parts = [head, f"[outbox]\n{outbox}"]
    for name, example in examples.items():
        given = {key for each in _connections(example).values() for key in each}
        notes = key_notes(keys[name], given)
        parts += [example, notes] if notes else [example]
    text = "\n".join([*parts, f"{_MORE}#\n{more}"])
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(
            f"the examples of {' and '.join(examples)} do not go into one file: {error}; "
            "choose one with --plugin"
        ) from error
    return text


def _connections(text: str) -> Mapping[str, Mapping[str, object]]:
    connections: Mapping[str, Mapping[str, object]] = tomllib.loads(text).get("connections", {})
    return connections


def _steps(connections: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Tell what is left to do for these connections, and only that."""
    if not connections:
        yield "  add a connection; petiole plugins lists what there is to connect to"
        return
    name = next(iter(connections)) if len(connections) == 1 else "CONNECTION"
    variables = {
        str(value["env"]): None
        for keys in connections.values()
        for value in keys.values()
        if isinstance(value, dict) and "env" in value
    }
    steps = [
        f"put what is yours into {' and '.join(f'[connections.{each}]' for each in connections)}",
        *(f"set the environment variable {variable} to your secret" for variable in variables),
        f"petiole check {name}",
        f"petiole sync {name} FILE --segment ID --key COLUMN --dry-run",
    ]
    yield from (f"  {number}. {step}" for number, step in enumerate(steps, start=1))


def _optional(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Tell of each key that may be left out what it means, and what stands in for it."""
    told = attribute_docs(model)
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, BaseModel):
            yield from _optional(type(default), f"{prefix}{name}.")
        elif not field.is_required():
            yield told.get(name, ""), f"{prefix}{name} = {_toml(default)}"


def _toml(default: object) -> str:
    """Write a value; JSON is TOML, too, as far as defaults go."""
    return "(not set)" if default is None else json.dumps(to_jsonable_python(written(default)))
