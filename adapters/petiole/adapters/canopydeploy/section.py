"""What settings are made of."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1)]


class Section(BaseModel):
    """Settings that refuse unknown keys."""

    # Inputs stay out of error texts: one of them may be a secret in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError('unknown time zone; write it like "Europe/Amsterdam"') from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone."""
