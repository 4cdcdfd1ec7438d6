"""`petiole trace`: the life of one profile."""

from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.core.domain.life import Happening
from petiole.host.cli.output import console, json_option, moment, print_json, say, table
from petiole.host.host import Host


@click.command("trace", short_help="Show what happened to one profile, in order.")
@click.argument("connection")
@click.argument("identifier")
@click.option("--calls", is_flag=True, help="Show also what was asked and answered.")
@json_option
@click.pass_obj
def command(config: Path, *, connection: str, identifier: str, calls: bool, as_json: bool) -> int:
    """Show every change, fold, batch, call and answer of one profile, in order.

    IDENTIFIER is an e-mail address (it is hashed here), a hash, or a customer id. Delivered changes
    are shown for as long as they are kept (the setting outbox.retention).
    """
    with Host.open(config, [connection]) as host:
        (status,) = host.status()
        life = host.operations.life(status.name, identifier)
    if as_json:
        print_json([_document(happening) for happening in life])
        return 0
    if not life:
        say(f"{connection} has no trace of this profile")
        return 0
    console.print(
        table(
            ["at (UTC)", "change", "what", "batch", "told"],
            [
                [
                    f"{happening.at:%Y-%m-%d %H:%M:%S}",
                    f"{happening.message} {happening.kind} {happening.segment}",
                    happening.step.value,
                    None if happening.batch is None else str(happening.batch),
                    _told(happening),
                ]
                for happening in life
            ],
        )
    )
    if calls:
        _print_calls(life)
    return 0


def _told(happening: Happening) -> str:
    parts = [
        f"into {happening.into}" if happening.into else "",
        f"by {happening.by}" if happening.by else "",
        happening.told,
    ]
    return ", ".join(part for part in parts if part)


def _print_calls(life: Sequence[Happening]) -> None:
    for happening in life:
        for exchange in happening.exchanges:
            say(f"\nbatch {happening.batch}, {happening.at:%Y-%m-%d %H:%M:%S}")
            say(exchange.request)
            say(f"-> {exchange.answer}")


def _document(happening: Happening) -> dict[str, JsonValue]:
    return {
        "at": moment(happening.at),
        "message": happening.message,
        "segment": happening.segment,
        "kind": happening.kind.value,
        "step": happening.step.value,
        "batch": happening.batch,
        "into": happening.into,
        "told": happening.told,
        "by": happening.by,
        "calls": [
            {"request": exchange.request, "answer": exchange.answer}
            for exchange in happening.exchanges
        ],
    }
