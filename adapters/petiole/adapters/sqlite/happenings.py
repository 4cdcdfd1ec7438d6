"""What is written down of messages beyond their present state: tries, letters, decisions."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.life import Step
from petiole.core.domain.message import BatchId, MessageId


class ConnectionStep(StrEnum):
    """What a person did to a whole connection."""

    PAUSED = "paused"
    RESUMED = "resumed"


AnyStep: TypeAlias = Step | ConnectionStep

_ADD = """
INSERT INTO happening (tick, at, connection, step, batch, told, by) VALUES (?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""
_TO = "INSERT INTO happened (message, happening) SELECT value, ? FROM json_each(?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scribe:
    """Writes what happens in one transaction; `by` names the person whose doing it is."""

    connection: sqlite3.Connection
    now: int
    by: str = ""

    def note(
        self,
        name: ConnectionName,
        step: AnyStep,
        messages: Collection[MessageId] = (),
        *,
        tick: int,
        batch: BatchId | None = None,
        told: str = "",
    ) -> None:
        """Write one happening, and the messages that it happened to."""
        row = (tick, self.now, name, str(step), batch, told, self.by)
        [(id_,)] = self.connection.execute(_ADD, row).fetchall()
        if messages:
            self.connection.execute(_TO, (id_, json.dumps(list(messages))))


def words(code: str, reason: str) -> str:
    """Tell code and reason of a failure in one."""
    return f"{code}: {reason}" if code else reason
