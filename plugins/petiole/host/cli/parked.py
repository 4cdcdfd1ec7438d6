"""`petiole parked`: what was sent with unknown outcome, and what a person knows about it."""

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

_all_option = click.option("--all", "everything", is_flag=True, help="All parked changes.")


@click.group("parked", short_help="Show and decide about messages whose outcome is unknown.")
def command() -> None:
    """Show and decide about messages that were sent, but got no readable answer.

    They are parked where a connection says on_doubt = "park"; later changes of their profiles wait.
    """


@command.command("list")
@selecting(MessageState.PARKED)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most.")
@json_option
def list_command(chosen: Chosen, *, limit: int, as_json: bool) -> int:
    """List what is parked, by cause and then the newest, for CONNECTIONS or for all of them."""
    return list_letters(chosen, limit=limit, as_json=as_json)


command.add_command(show_command)
command.add_command(edit_command)


@command.command("resend")
@selecting(MessageState.PARKED)
@_all_option
@yes_option
@by_option
def resend_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Send these again: they had not arrived, or it does no harm."""
    return decide(chosen, Decision.RESEND, verb="resend", everything=everything, yes=yes, by=by)


@command.command("arrived")
@selecting(MessageState.PARKED)
@_all_option
@yes_option
@by_option
def arrived_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Take these for delivered: the platform has them, as they were queued, without any edit."""
    return decide(
        chosen, Decision.ARRIVED, verb="take for delivered", everything=everything, yes=yes, by=by
    )


@command.command("drop")
@selecting(MessageState.PARKED)
@_all_option
@yes_option
@by_option
def drop_command(chosen: Chosen, *, everything: bool, yes: bool, by: str) -> int:
    """Never send these again, whether or not they arrived; their content is erased."""
    return decide(chosen, Decision.DISCARD, verb="drop", everything=everything, yes=yes, by=by)
