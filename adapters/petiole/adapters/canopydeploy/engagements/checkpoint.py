"""How far pulls came, written as checkpoints and read again."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingPlace:
    """How far a pull came: `offset` rows of a part of a mailing, or all days before `day`.

    `done` says that the day was read too, as far as it had come.
    """

    day: date
    mailing: int = 0
    part: str = ""
    offset: int = 0
    done: bool = False

    def __str__(self) -> str:
        """Write it as a checkpoint."""
        return json.dumps(asdict(self) | {"day": self.day.isoformat()}, separators=(",", ":"))

    @classmethod
    def read(cls, checkpoint: str | None) -> Self | None:
        """Read a checkpoint; `None` of one that is not ours."""
        try:
            match json.loads(checkpoint or ""):
                case {
                    "day": str(day),
                    "mailing": int(number),
                    "part": str(part),
                    "offset": int(offset),
                    "done": bool(done),
                }:
                    return cls(
                        day=date.fromisoformat(day),
                        mailing=number,
                        part=part,
                        offset=offset,
                        done=done,
                    )
                case _:
                    return None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlace:
    """How far a pull came: `offset` events of a metric in the span that begins with `day`.

    `done` says that all were read, as far as the day had come.
    """

    day: date
    metric: str = ""
    offset: int = 0
    done: bool = False

    def __str__(self) -> str:
        """Write it as a checkpoint."""
        return json.dumps(asdict(self) | {"day": self.day.isoformat()}, separators=(",", ":"))

    @classmethod
    def read(cls, checkpoint: str | None) -> Self | None:
        """Read a checkpoint; `None` of one that is not ours."""
        try:
            match json.loads(checkpoint or ""):
                case {
                    "day": str(day),
                    "metric": str(metric),
                    "offset": int(offset),
                    "done": bool(done),
                }:
                    return cls(day=date.fromisoformat(day), metric=metric, offset=offset, done=done)
                case _:
                    return None
        except ValueError:
            return None
