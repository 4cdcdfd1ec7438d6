"""`petiole dead`: what was refused or gave up, and what becomes of it."""

import json
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from petiole.core.domain.dead_letter import DeadLetter, Decision
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.errors import PetioleError
from petiole.host.cli.letters import (
    Chosen,
    by_option,
    decide,
    letter_document,
    list_letters,
    one_letter,
    selecting,
    short,
    yes_option,
)
from petiole.host.cli.output import console, json_option, print_json, say, table
from petiole.host.host import Host

_all_option = click.option("--all", "everything", is_flag=True, help="All dead changes there are.")


@click.group("dead", short_help="Show and decide about messages that were refused or gave up.")
def command() -> None:
    """Show and decide about messages that were refused by the platform or ran out of tries.

    A later sync of the audience tries dead profiles again by itself.
    """


@command.command("list")
@selecting(MessageState.DEAD)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most.")
@json_option
def list_command(chosen: Chosen, *, limit: int, as_json: bool) -> int:
    """List what is dead, by cause and then the newest, for CONNECTIONS or for all of them."""
    return list_letters(chosen, limit=limit, as_json=as_json)


@command.command("show")
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
    document["identifier"] = short(letter.identifier)
    console.print(table(["message", ""], [[key, str(value)] for key, value in document.items()]))
    say("")
    original, sent = letter.fields.values(), letter.sent_fields.values()
    names = [*original, *(name for name in sent if name not in original)]
    rows = [[name, _shown(original, name), _shown(sent, name)] for name in names]
    columns = ["field", "as queued", "as it would be sent"]
    console.print(table(columns, rows))
    return 0


@command.command("edit")
@click.argument("id_", metavar="ID", type=int)
@click.argument("fields", metavar="FIELD=VALUE...", nargs=-1)
@click.option("--remove", "removed", multiple=True, metavar="FIELD", help="Leave this one out.")
@click.option("--json", "document", help="Fields as a JSON object, for numbers and lists.")
@by_option
@click.pass_obj
def edit_command(
    config: Path,
    *,
    id_: int,
    fields: Sequence[str],
    removed: Sequence[str],
    document: str | None,
    by: str,
) -> int:
    """Lay other values over those of a dead message, for when it is sent again.

    What was queued stays as it was, and so does its fingerprint: the next sync of the same audience
    does not undo the edit.
    """
    overlay = _overlay(fields, removed, document)
    if not overlay:
        raise click.UsageError("say what to change: FIELD=VALUE, --remove FIELD or --json OBJECT")
    with Host.open(config) as host:
        letter = _required(host, id_)
        host.operations.edit(letter.id, Fields.of(overlay), by=by)
    say(f"edited {', '.join(overlay)}. Next: petiole dead redrive --id {id_}")
    return 0


@command.command("redrive")
@selecting(MessageState.DEAD)
@_all_option
@yes_option
@by_option
def redrive_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Send dead messages again, as if never tried, with what was edited.

    One whose profile got a later change delivered meanwhile is left as it is.
    """
    return decide(chosen, Decision.RESEND, verb="redrive", everything=everything, yes=yes, by=by)


@command.command("discard")
@selecting(MessageState.DEAD)
@_all_option
@yes_option
@by_option
def discard_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Never send these; their content is erased, that they were is kept."""
    return decide(chosen, Decision.DISCARD, verb="discard", everything=everything, yes=yes, by=by)


def _required(host: Host, id_: int) -> DeadLetter:
    letter = one_letter(host, id_)
    if letter is None:
        raise PetioleError(f"no dead or parked message has the id {id_}; petiole dead list")
    return letter


def _overlay(
    fields: Sequence[str], removed: Sequence[str], document: str | None
) -> dict[str, JsonValue]:
    try:
        overlay: dict[str, JsonValue] = json.loads(document) if document else {}
    except ValueError as error:
        raise click.UsageError(f"--json is no JSON: {error}") from error
    if not isinstance(overlay, dict):
        raise click.UsageError('--json takes an object, such as {"age": 41}')
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{field!r} is not FIELD=VALUE")
        overlay[name] = value
    return overlay | dict.fromkeys(removed)


def _shown(values: dict[str, JsonValue], name: str) -> str:
    return json.dumps(values[name], ensure_ascii=False) if name in values else "-"


def _whole_document(letter: DeadLetter) -> dict[str, JsonValue]:
    return {
        **letter_document(letter),
        "fields": letter.fields.values(),
        "edit": letter.edit.values() if letter.edit else None,
    }
