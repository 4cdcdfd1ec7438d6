"""`petiole dead`: what was refused or gave up, and what becomes of it."""

import rich_click as click

from petiole.core.domain.dead_letter import Decision
from petiole.core.domain.message import MessageState
from petiole.host.cli.letters import (
    Chosen,
    by_option,
    decide,
    list_letters,
    selecting,
    yes_option,
)
from petiole.host.cli.one_letter import edit_command, show_command
from petiole.host.cli.output import json_option

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


command.add_command(show_command)
command.add_command(edit_command)


@command.command("redrive")
@selecting(MessageState.DEAD)
@_all_option
@click.option(
    "--even-overtaken",
    is_flag=True,
    help="Also those whose profile got a later change meanwhile; they undo it.",
)
@yes_option
@by_option
def redrive_command(
    chosen: Chosen, *, everything: bool, even_overtaken: bool, yes: bool, by: str
) -> int:
    """Send dead messages again, as if never tried, with what was edited.

    One whose profile got a later change delivered meanwhile is left as it is, unless you say that
    it is to be sent all the same.
    """
    decision = Decision.RESEND_ANYWAY if even_overtaken else Decision.RESEND
    return decide(chosen, decision, verb="redrive", everything=everything, yes=yes, by=by)


@command.command("discard")
@selecting(MessageState.DEAD)
@_all_option
@yes_option
@by_option
def discard_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Never send these; their content is erased, that they were is kept."""
    return decide(chosen, Decision.DISCARD, verb="discard", everything=everything, yes=yes, by=by)
