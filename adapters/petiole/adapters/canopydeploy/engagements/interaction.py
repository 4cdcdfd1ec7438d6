"""One interaction of the store app's, read with no more leniency than the vendor asks for."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from petiole.adapters.canopydeploy.feedback import InteractionTypes
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import Engagement, EngagementKind, Origin
from petiole.core.domain.identity import Identifier

ORIGIN = Origin("push")

LONGEST_ID = 100
LONGEST_TEXT = 1_000
LONGEST_ADDRESS = 8_000
"""Characters of an id, of a name, and of a link."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""How far the platform's clock may be ahead of ours."""
_MILLISECONDS_FROM = 100_000_000_000
"""Assumed: milliseconds. As such this is in 1973, and as seconds it is in 5138: less is seconds."""
_LONGEST_NUMBER = 18
_WHOLE = re.compile(r"[0-9]{1,18}")


class Unreadable(Exception):
    """This is no engagement; the message tells why, and repeats nothing of it."""


class InteractionReader:
    """Reads the interactions that are pushed to one connection."""

    def __init__(self, connection: ConnectionName, *, site: int, types: InteractionTypes) -> None:
        self._connection = connection
        self._site = site
        self._kinds: Mapping[str, EngagementKind] = types.kinds()

    def read(
        self, interaction: object, *, identifier: Identifier, received_at: datetime
    ) -> Engagement:
        """Make an engagement of an interaction.

        Raises:
            Unreadable: it is none.
        """
        if not isinstance(interaction, dict):
            raise Unreadable("the interaction is no object")
        if interaction.get("interactionType") != "engagement":
            raise Unreadable("`interactionType` is not engagement")
        type_ = interaction.get("type")
        kind = self._kinds.get(type_) if isinstance(type_, str) else None
        if kind is None:
            raise Unreadable("`type` is none of the five kinds of engagement")
        site = interaction.get("siteNumber")
        if site is not None and _number(site) != self._site:
            raise Unreadable("`siteNumber` is another site's")
        variables = interaction.get("variables")
        if variables is None:
            variables = {}
        if not isinstance(variables, dict):
            raise Unreadable("`variables` is no object")
        is_click = kind is EngagementKind.CLICK
        return Engagement(
            connection=self._connection,
            origin=ORIGIN,
            identifier=identifier,
            kind=kind,
            occurred_at=_moment(interaction.get("timestamp"), received_at),
            event=_text(interaction, "eventId", LONGEST_ID),
            campaign_id=_id(variables, "campaignId"),
            brand_id=_id(variables, "brandId"),
            mailing_type=_text(variables, "mailingType"),
            content_name=_text(variables, "contentName"),
            link_href=_text(variables, "linkHref", LONGEST_ADDRESS) if is_click else "",
            link_description=_text(variables, "linkDescription") if is_click else "",
        )


def _moment(value: object, received_at: datetime) -> datetime:
    number = _number(value)
    if number is None:
        raise Unreadable("`timestamp` is no whole number")
    if number < _MILLISECONDS_FROM:
        number *= 1000
    try:
        moment = _EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        raise Unreadable("`timestamp` lies in the future") from None
    if moment < _EARLIEST:
        raise Unreadable("`timestamp` lies before 2000")
    if moment > received_at + _AHEAD:
        raise Unreadable("`timestamp` lies in the future")
    return moment


def _number(value: object) -> int | None:
    """Read a number that is one, or a text of digits."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def _id(values: Mapping[str, object], name: str) -> str:
    """Read an id. Assumed: a number, or a text of digits; nothing where there is none."""
    value = values.get(name)
    if value is None or value == "":
        return ""
    number = _number(value)
    if number is None or number >= 10**_LONGEST_NUMBER:
        raise Unreadable(f"`{name}` is no id")
    return str(value)


def _text(values: Mapping[str, object], name: str, longest: int = LONGEST_TEXT) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"`{name}` is no text")
    if len(value) > longest:
        raise Unreadable(f"`{name}` has more than {longest} characters")
    if not value.isascii() or "\0" in value:
        require_storable(value, name)
    return value


def require_storable(text: str, name: str) -> None:
    """Refuse what no database takes: a NUL, and one half of a pair of code units."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable(f"`{name}` holds half a character") from None
    if "\0" in text:
        raise Unreadable(f"`{name}` holds a NUL")
