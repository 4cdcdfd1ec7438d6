"""One dead or parked message on the command line: shown whole, and edited."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

import rich_click as click

from petiole.core.domain.dead_letter import DeadLetter, edited
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.errors import ConfigurationError, PetioleError
from petiole.host.cli.letters import by_option, letter_document, one_letter
from petiole.host.cli.output import console, json_option, print_json, say, table, warn
from petiole.host.host import Host
from petiole.host.settings import Settings, load_settings

Values: TypeAlias = Mapping[str, JsonValue]

_NONE = "-"
"""Stands where a field is not there; values stand in quotes, or are numbers."""


@click.command("show")
@click.argument("id_", metavar="ID", type=int)
@json_option
@click.pass_obj
def show_command(config: Path, *, id_: int, as_json: bool) -> int:
    """Show one dead or parked message whole, with the data that it carries."""
    with Host.open(config) as host:
        letter = _required(host, id_)
        hint = host.operations.hint(letter)
    if as_json:
        print_json({**_whole_document(letter), "hint": hint or None})
        return 0
    document = letter_document(letter) | ({"hint": hint} if hint else {})
    console.print(table(["message", ""], [[key, str(value)] for key, value in document.items()]))
    say("")
    columns = ["field", "as queued", "as it would be sent"]
    console.print(table(columns, _rows(letter.fields.values(), letter.sent_fields.values())))
    say(f"Next: petiole {_next(letter)}")
    return 0


@click.command("edit")
@click.argument("id_", metavar="ID", type=int)
@click.argument("fields", metavar="FIELD=VALUE...", nargs=-1)
@click.option("--remove", "removed", multiple=True, metavar="FIELD", help="Leave this one out.")
@click.option("--json", "document", help="Fields as a JSON object, for numbers and lists.")
@click.option("--reset", is_flag=True, help="Take back what was edited before.")
@by_option
@click.pass_obj
def edit_command(
    config: Path,
    *,
    id_: int,
    fields: Sequence[str],
    removed: Sequence[str],
    document: str | None,
    reset: bool,
    by: str,
) -> int:
    """Lay other values over those of a dead or parked message, for when it is sent again.

    Further edits add to earlier ones. What was queued stays as it was, and so does its fingerprint:
    the next sync of the same audience does not undo the edit.
    """
    changes = _changes(fields, removed, document)
    if not changes and not reset:
        raise click.UsageError(
            "say what to change: FIELD=VALUE, --remove FIELD, --json OBJECT or --reset"
        )
    settings = load_settings(config)
    with Host.open(settings) as host:
        letter = _required(host, id_)
        _refuse_reserved(host, settings, letter, changes)
        earlier = letter.edit.values() if letter.edit and not reset else {}
        edit = _overlay(letter.fields.values(), earlier, changes)
        before, after = letter.sent_fields.values(), edited(letter.fields, edit).values()
        if before == after and edit == (letter.edit or Fields()):
            say("nothing changes")
            return 0
        if not host.operations.edit(letter.id, edit, by=by):
            raise PetioleError(f"{id_} is neither dead nor parked any more; nothing was edited")
    changed = [row for row in _rows(before, after) if row[1] != row[2]]
    console.print(table(["field", "before", "after"], changed))
    for name in after.keys() - letter.fields.values().keys() - earlier.keys():
        warn(f"petiole: the message had no field {name!r}{_near(name, letter.fields.values())}")
    say(f"Next: petiole {_next(letter)}")
    return 0


def _required(host: Host, id_: int) -> DeadLetter:
    letter = one_letter(host, id_)
    if letter is None:
        raise PetioleError(
            f"no dead or parked message has the id {id_}; look at petiole dead list and parked list"
        )
    return letter


def _next(letter: DeadLetter) -> str:
    if letter.state is MessageState.PARKED:
        return f"parked resend --id {letter.id} (or arrived, or drop)"
    return f"dead redrive --id {letter.id} (or discard)"


def _changes(
    fields: Sequence[str], removed: Sequence[str], document: str | None
) -> dict[str, JsonValue]:
    """Read what is asked for: field -> value, and nothing for what is to be left out."""
    try:
        changes: dict[str, JsonValue] = json.loads(document) if document else {}
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"--json is no JSON: {error}") from error
    if not isinstance(changes, dict):
        raise click.UsageError('--json takes an object, such as {"age": 41}')
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{field!r} is not FIELD=VALUE")
        changes[name] = value
    changes |= dict.fromkeys(removed)
    try:
        Fields.of(changes)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"nobody could send that: {error}") from error
    return changes


def _refuse_reserved(host: Host, settings: Settings, letter: DeadLetter, changes: Values) -> None:
    """Refuse fields with which the message would be refused again, unsent."""
    known = settings.connections.get(letter.connection)
    if known is None:
        return
    try:
        reserved = host.container.registry().reserved_fields(letter.connection, known)
    except ConfigurationError:
        return
    taken = sorted(name for name in changes if name in reserved and changes[name] is not None)
    if taken:
        raise PetioleError(
            f"{', '.join(taken)}: the connection writes that itself, a profile's field cannot be "
            "called so; nothing was edited"
        )


def _overlay(original: Values, earlier: Values, changes: Values) -> Fields:
    """Lay changes over an earlier edit; what is as it was queued needs none."""
    held = {name for name in {**original, **earlier} if earlier.get(name, "") is not None}
    for name, value in changes.items():
        if value is None and name not in held:
            raise PetioleError(
                f"the message has no field {name!r} to leave out{_near(name, sorted(held))}"
            )
    merged = {**earlier, **changes}
    return Fields.of(
        {
            name: value
            for name, value in merged.items()
            if _told(original, name) != (_NONE if value is None else _told(merged, name))
        }
    )


def _near(name: str, known: Sequence[str] | Values) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _rows(one: Values, other: Values) -> list[list[str]]:
    names = [*one, *(name for name in other if name not in one)]
    return [[name, _told(one, name), _told(other, name)] for name in names]


def _told(values: Values, name: str) -> str:
    return json.dumps(values[name], ensure_ascii=False) if name in values else _NONE


def _whole_document(letter: DeadLetter) -> dict[str, JsonValue]:
    return {
        **letter_document(letter),
        "fields": letter.fields.values(),
        "edit": letter.edit.values() if letter.edit else None,
    }
