"""`petiole engagements`: what recipients did."""

import rich_click as click


@click.group("engagements", short_help="Show what recipients did, pull and export it.")
def command() -> None:
    """Show what recipients did, pull and export it."""
