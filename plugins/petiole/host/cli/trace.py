"""`petiole trace`: the life of one profile."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import rich_click as click

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.life import Happening, Step
from petiole.core.domain.message import BatchId, MessageId
from petiole.core.errors import IdentifierRefused
from petiole.host.cli.output import console, json_option, moment, print_json, say, table
from petiole.host.host import Host

_SHORTENED = re.compile(r"[0-9a-f]{8,63}…?", re.IGNORECASE)


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
        life = _life(host, status.name, identifier)
    open_ends = _open_ends(life)
    if as_json:
        told = zip(life, open_ends, strict=True)
        print_json([_document(happening, end) for happening, end in told])
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
                    _told(happening, end),
                ]
                for happening, end in zip(life, open_ends, strict=True)
            ],
        )
    )
    if calls:
        _print_calls(life)
    return 0


def _life(host: Host, name: ConnectionName, identifier: str) -> Sequence[Happening]:
    try:
        return host.operations.life(name, identifier)
    except IdentifierRefused as error:
        if not _SHORTENED.fullmatch(identifier.strip()):
            raise
        raise IdentifierRefused(
            f"{error}; a profile is found by its whole hash only, which petiole dead show ID tells"
        ) from error


def _open_ends(life: Sequence[Happening]) -> Sequence[str]:
    """Tell of each sending that has no answer why that is so; of all else nothing."""
    sent, last = {}, {}
    for place, happening in enumerate(life):
        last[happening.message] = place
        if happening.step is Step.SENT:
            sent[happening.message, happening.batch] = place
    return [_open_end(happening, place, sent, last) for place, happening in enumerate(life)]


def _open_end(
    happening: Happening,
    place: int,
    sent: Mapping[tuple[MessageId, BatchId | None], int],
    last: Mapping[MessageId, int],
) -> str:
    if happening.step is not Step.SENT:
        return ""
    if place != sent[happening.message, happening.batch]:
        return "its runner ended before the answer; taken over, may have arrived twice"
    return "no answer yet" if place == last[happening.message] else ""


def _told(happening: Happening, end: str) -> str:
    parts = [
        end,
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


def _document(happening: Happening, end: str) -> dict[str, JsonValue]:
    return {
        "at": moment(happening.at),
        "message": happening.message,
        "segment": happening.segment,
        "kind": happening.kind.value,
        "step": happening.step.value,
        "batch": happening.batch,
        "into": happening.into,
        "told": happening.told or end,
        "by": happening.by,
        "calls": [
            {"request": exchange.request, "answer": exchange.answer}
            for exchange in happening.exchanges
        ],
    }
