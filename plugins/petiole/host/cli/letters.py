"""Dead and parked messages on the command line: which are meant, how they look, what is decided."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TypeVar

import rich_click as click

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import DeadLetter, Decision, LetterGroup, LetterSelection
from petiole.core.domain.failure import FailureFingerprint
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId, MessageState
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import console, count, moment, print_json, say, table
from petiole.host.host import Host
from petiole.host.settings import Settings, load_settings

SHORT_HASH = 12

Result = TypeVar("Result")

MOST_LOOKED_AT = 10_000
"""Letters that are looked through for edits before a decision."""


def _name(context: click.Context, option: click.Parameter, name: str) -> str:
    del context, option
    if not name.isprintable():
        raise click.BadParameter("a name of printable characters is wanted")
    return name


by_option = click.option(
    "--by",
    default=getpass.getuser,
    callback=_name,
    metavar="NAME",
    help="Who does it, for the record; else you.",
)
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the selecting options say."""

    settings: Settings
    selection: LetterSelection


def selecting(state: MessageState) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Add the arguments and options that select letters; the command takes `chosen` for them."""

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        @click.argument("connections", nargs=-1)
        @click.option("--id", "ids", multiple=True, type=int, help="These only; may be repeated.")
        @click.option("--code", help="Those with this code only.")
        @click.option("--fingerprint", help="Those of one cause only; `list` shows it.")
        @click.pass_obj
        @wraps(command)
        def selected(
            config: Path,
            /,
            *,
            connections: Sequence[str],
            ids: Sequence[int],
            code: str | None,
            fingerprint: str | None,
            **others: object,
        ) -> Result:
            settings = load_settings(config)
            selection = LetterSelection(
                state=state,
                connections=[settings.connection(name)[0] for name in connections],
                ids=[MessageId(id_) for id_ in ids],
                code=code,
                failure=FailureFingerprint(fingerprint) if fingerprint else None,
            )
            return command(Chosen(settings=settings, selection=selection), **others)

        return selected

    return decorate


def list_letters(chosen: Chosen, *, limit: int, as_json: bool) -> int:
    """Print the causes, then the newest letters."""
    with Host.open(chosen.settings) as host:
        groups = host.operations.groups(chosen.selection)
        letters = host.operations.letters(chosen.selection, limit=limit)
        hints = {group.failure: host.operations.hint(group) for group in groups}
    if as_json:
        print_json(
            {
                "groups": [_group_document(group, hints[group.failure]) for group in groups],
                "letters": [letter_document(letter) for letter in letters],
            }
        )
        return 0
    if not groups:
        say(f"nothing is {chosen.selection.state}")
        return 0
    _print_groups(groups)
    for failure, hint in hints.items():
        if hint:
            say(f"{failure}: {hint}")
    say("")
    columns = ["id", "connection", "segment", "profile", "change", "tries", "code"]
    console.print(table([*columns, "edited"], [_row(letter) for letter in letters]))
    total = sum(group.letters for group in groups)
    if total > len(letters):
        say(f"the newest {len(letters):,} of {total:,}; --limit shows more")
    return 0


def decide(
    chosen: Chosen, decision: Decision, *, verb: str, everything: bool, yes: bool, by: str
) -> int:
    """Count what is selected, ask, and carry the decision out."""
    selection = chosen.selection
    narrowed = selection.connections or selection.ids or selection.code or selection.failure
    if not narrowed and not everything:
        raise click.UsageError("say which: CONNECTIONS, --id, --code, --fingerprint, or --all")
    with Host.open(chosen.settings) as host:
        groups = host.operations.groups(selection)
        total = sum(group.letters for group in groups)
        if not total:
            say(f"nothing that is {selection.state} fits; nothing was done")
            return 0
        _print_groups(groups)
        if decision is Decision.ARRIVED:
            _tell_edited(host.operations.letters(selection, limit=MOST_LOOKED_AT))
        if not yes and not _confirmed(f"{verb} {count(total, 'change')}?"):
            say(f"nothing was done; --yes would {verb} {count(total, 'change')}")
            return EXIT_ATTENTION
        done = host.operations.decide(selection, decision, by=by)
    say(f"{verb}: {count(done.moved, 'change')}")
    if done.superseded:
        say(
            f"left as they are: {count(done.superseded, 'change')}, since later ones of the same "
            "profiles were delivered meanwhile, or are being sent"
            + (
                "; --even-overtaken sends them all the same"
                if _may_insist(chosen, decision)
                else ""
            )
        )
    if decision in {Decision.RESEND, Decision.RESEND_ANYWAY} and done.moved:
        say("Next: petiole run --once --flush, unless a host is running")
    return EXIT_ATTENTION if done.superseded else 0


def short(identifier: Identifier) -> str:
    """Shorten a hash to what a person needs to tell two apart."""
    hashed = identifier.type is IdentifierType.HASHED_EMAIL
    return f"{identifier.value[:SHORT_HASH]}…" if hashed else identifier.value


def letter_document(letter: DeadLetter) -> dict[str, JsonValue]:
    """Give a letter for machines, without its fields."""
    return {
        "id": letter.id,
        "connection": letter.connection,
        "segment": letter.segment,
        "identifier_type": letter.identifier.type.value,
        "identifier": letter.identifier.value,
        "kind": letter.kind.value,
        "state": letter.state.value,
        "code": letter.code,
        "reason": letter.reason,
        "fingerprint": letter.failure,
        "attempts": letter.attempts,
        "edited": bool(letter.edit),
        "enqueued_at": moment(letter.enqueued_at),
        "at": moment(letter.at),
    }


def one_letter(host: Host, id_: int, names: Sequence[ConnectionName] = ()) -> DeadLetter | None:
    """Find a dead or parked message by its id."""
    for state in (MessageState.DEAD, MessageState.PARKED):
        selection = LetterSelection(state=state, connections=names, ids=[MessageId(id_)])
        for letter in host.operations.letters(selection, limit=1):
            return letter
    return None


def _tell_edited(letters: Sequence[DeadLetter]) -> None:
    edits = sum(bool(letter.edit) for letter in letters)
    if edits:
        say(
            f"{count(edits, 'change')} of these {'was' if edits == 1 else 'were'} edited; no edit "
            "was ever sent: what arrived, and counts as delivered, is what was queued"
        )


def _may_insist(chosen: Chosen, decision: Decision) -> bool:
    return chosen.selection.state is MessageState.DEAD and decision is Decision.RESEND


def _print_groups(groups: Sequence[LetterGroup]) -> None:
    columns = ["connection", "code", "fingerprint", "changes", "last", "reason"]
    console.print(
        table(
            columns,
            [
                [
                    group.connection,
                    group.code,
                    group.failure,
                    group.letters,
                    f"{group.last_at:%m-%d %H:%M}",
                    group.reason,
                ]
                for group in groups
            ],
        )
    )


def _row(letter: DeadLetter) -> list[str | int | None]:
    return [
        str(letter.id),
        letter.connection,
        letter.segment,
        short(letter.identifier),
        letter.kind.value,
        letter.attempts,
        letter.code,
        "yes" if letter.edit else None,
    ]


def _group_document(group: LetterGroup, hint: str) -> dict[str, JsonValue]:
    return {
        "connection": group.connection,
        "code": group.code,
        "fingerprint": group.failure,
        "reason": group.reason,
        "hint": hint or None,
        "letters": group.letters,
        "first_at": moment(group.first_at),
        "last_at": moment(group.last_at),
    }


def _confirmed(question: str) -> bool:
    return sys.stdin.isatty() and click.confirm(question)
