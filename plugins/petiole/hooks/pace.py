"""How fast a platform lets itself be called."""

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The platform's limits for one connection, which the host keeps; `None` is no limit.

    `calls_at_once` counts calls under way, `calls_per_day` those since midnight in `day_zone`, a
    name such as "Europe/Amsterdam".
    """

    calls_at_once: int | None = None
    calls_per_day: int | None = None
    day_zone: str = "UTC"


def unlimited(settings: BaseModel) -> Pace | None:
    """Declare no limits: what an adapter does that says nothing."""
    del settings
    return None
