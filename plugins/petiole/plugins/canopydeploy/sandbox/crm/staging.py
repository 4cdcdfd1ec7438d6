"""How a mailing goes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

START_LINKS = (
    ("https://www.example.org/lisbon", "Hero button"),
    ("https://www.example.org/offers", "All offers"),
)
"""The (address, description) pairs of a mail whose links nobody named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """What a mailing holds and when it starts, None being now; `links` as in `START_LINKS`.

    `to_all` delivers it also to customers who cannot be mailed, since one whom a webhook made has
    no address. `distinct` moves an event that would be like another one of the same second.
    """

    links: Sequence[tuple[str, str]] = START_LINKS
    started_at: datetime | None = None
    to_all: bool = False
    distinct: bool = True


PLAIN = Staging()
