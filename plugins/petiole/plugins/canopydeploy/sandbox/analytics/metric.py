"""The metrics of events, each with its events in the order in which they are read."""

import threading
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.happening import Happening, Kind, happenings


class Metric(StrEnum):
    """A kind of events. Seen in a public client: the first three; the others are assumed."""

    CLICKS = "clicks"
    SENDS = "sends"
    """Mails that came to a mailbox; one that bounced is only among the bounces (assumed)."""
    OPENS = "opens"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    UNSUBSCRIBES = "unsubscribes"
    """None ever happens here."""
    CONVERSIONS = "conversions"
    """None ever happens here."""


METRICS = {
    Kind.RECEIVE: Metric.SENDS,
    Kind.OPEN: Metric.OPENS,
    Kind.CLICK: Metric.CLICKS,
    Kind.BOUNCE: Metric.BOUNCES,
    Kind.COMPLAINT: Metric.COMPLAINTS,
}


class Row(NamedTuple):
    """An event in its order: by moment, then by metric and number."""

    at: datetime
    metric: Metric
    number: int
    event: Happening


class Rows:
    """The events of each metric in order; it reads on in the chronicle when it is asked."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._guard = threading.Lock()
        self._place = 0
        self._rows: list[Row] = []
        self._by_metric: dict[Metric, list[Row]] = {metric: [] for metric in Metric}

    def between(self, first: datetime, last: datetime, *, metric: Metric | None) -> Sequence[Row]:
        """Return the events from `first` on and before `last`, of one metric or of all."""
        with self._guard:
            self._read_on()
            rows = self._rows if metric is None else self._by_metric[metric]
            start, stop = (bisect_left(rows, at, key=lambda row: row.at) for at in (first, last))
            return rows[start:stop]

    def _read_on(self) -> None:
        told, self._place = happenings(self._crm, since=self._place)
        fresh = [Row(each.at, METRICS[each.kind], each.number, each) for each in told]
        for row in fresh:
            self._by_metric[row.metric].append(row)
        self._rows += fresh
        if fresh:
            # What is sorted already costs little to sort again.
            for rows in (self._rows, *self._by_metric.values()):
                rows.sort(key=lambda row: row[:3])
