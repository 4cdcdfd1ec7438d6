"""`petiole campaigns`: what a connection can send to."""

import logging
from pathlib import Path

import rich_click as click

from petiole.core.errors import DeliveryError
from petiole.host.cli.main import EXIT_FAILED
from petiole.host.cli.output import console, json_option, print_json, say, table, warn
from petiole.host.inspection import installed, list_campaigns
from petiole.host.settings import load_settings


@click.command("campaigns", short_help="List what a connection can send to.")
@click.argument("connection")
@json_option
@click.pass_obj
def command(config: Path, *, connection: str, as_json: bool) -> int:
    """List the campaigns of the account behind CONNECTION: the ids that --segment takes."""
    # What is asked again is not worth a line of its own here: the end is told.
    logging.getLogger("stamina").addHandler(logging.NullHandler())
    name, settings = load_settings(config).connection(connection)
    try:
        campaigns = list_campaigns(name, settings, installed())
    except DeliveryError as error:
        warn(f"petiole: {error.code}: {error.reason}. Next: petiole check {name}")
        return EXIT_FAILED
    if as_json:
        print_json([{"id": campaign.id, "name": campaign.name} for campaign in campaigns])
    elif campaigns:
        rows = [[campaign.id, campaign.name] for campaign in campaigns]
        console.print(table(["id", "name"], rows))
    else:
        say("the account has no campaign that can be sent to")
    return 0
