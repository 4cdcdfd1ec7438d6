"""`petiole dead`: what was refused or gave up."""

from pathlib import Path

import rich_click as click

from petiole.core.domain.dead_letter import DeadLetter
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.parking import Decision
from petiole.host.cli.output import console, count, json_option, moment, print_json, say, table
from petiole.host.runner import Host, open_host
from petiole.host.settings import load_settings

SHORT_HASH = 12


@click.command("dead", short_help="Show messages that were refused or gave up.")
@click.argument("connections", nargs=-1)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="At most.")
@click.option(
    "--parked",
    type=click.Choice([decision.value for decision in Decision]),
    help="Decide about all parked messages: they arrived, or are to be sent again.",
)
@json_option
@click.pass_obj
def command(
    config: Path, *, connections: tuple[str, ...], limit: int, parked: str | None, as_json: bool
) -> int:
    """Show dead and parked messages, newest first, for CONNECTIONS or for all of them.

    Dead ones were refused by the platform or ran out of tries; parked ones were sent with unknown
    outcome. A later sync of the audience tries dead profiles again.
    """
    settings = load_settings(config)
    names = [settings.connection(name)[0] for name in connections] or None
    with open_host(settings, names) as host:
        if parked is not None:
            return _decide(host, Decision(parked), as_json=as_json)
        letters = host.dead_letters(limit=limit)
    if as_json:
        print_json([_document(letter) for letter in letters])
        return 0
    if not letters:
        say("nothing is dead")
        return 0
    columns = ["id", "connection", "segment", "profile", "change", "state", "tries", "code"]
    console.print(
        table(
            [*columns, "reason"],
            [
                [
                    str(letter.id),
                    letter.connection,
                    letter.segment,
                    _short(letter),
                    letter.kind.value,
                    letter.state.value,
                    letter.attempts,
                    letter.code,
                    letter.reason,
                ]
                for letter in letters
            ],
        )
    )
    return 0


def _decide(host: Host, decision: Decision, *, as_json: bool) -> int:
    released = host.release(decision)
    if as_json:
        print_json({"decision": decision.value, "released": released})
    elif decision is Decision.ARRIVED:
        say(f"{count(released, 'parked change')} taken for delivered")
    else:
        say(
            f"{count(released, 'parked change')} to be sent again. Next: petiole run --once --flush"
        )
    return 0


def _short(letter: DeadLetter) -> str:
    """Shorten a hash to what a person needs to tell two apart."""
    value = letter.identifier.value
    hashed = letter.identifier.type is IdentifierType.HASHED_EMAIL
    return f"{value[:SHORT_HASH]}…" if hashed else value


def _document(letter: DeadLetter) -> dict[str, JsonValue]:
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
        "attempts": letter.attempts,
        "at": moment(letter.at),
    }
