"""Files keep the promises of the audience port, in both formats; so does the system's clock."""

import csv
import json
from pathlib import Path

import pytest

from petiole.adapters.files import open_audience
from petiole.adapters.system import SystemClock
from petiole.core.ports.audience import Audience
from petiole.core.ports.clock import Clock
from petiole.testing.contracts.audience import AudienceContract
from petiole.testing.contracts.clock import ClockContract
from petiole.testing.stands import AudienceStand

Rows = list[dict[str, str]]


class CsvStand:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "audience.csv"

    def source(self, rows: Rows) -> Audience:
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(rows[0] if rows else ["id"])
            writer.writerows(row.values() for row in rows)
        return open_audience(self._path)

    def damaged(self, rows: Rows, broken: int) -> Audience:
        self.source(rows)
        lines = self._path.read_text(encoding="utf-8").splitlines()
        lines[1 + broken] += ",one cell too many"
        self._path.write_text("\n".join(lines), encoding="utf-8")
        return open_audience(self._path)

    def unreadable(self) -> Audience:
        return open_audience(self._path)


class JsonLinesStand:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "audience.jsonl"

    def source(self, rows: Rows) -> Audience:
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        self._path.write_text("\n".join(lines), encoding="utf-8")
        return open_audience(self._path)

    def damaged(self, rows: Rows, broken: int) -> Audience:
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        lines[broken] = lines[broken][:-1]
        self._path.write_text("\n".join(lines), encoding="utf-8")
        return open_audience(self._path)

    def unreadable(self) -> Audience:
        return open_audience(self._path)


class TestCsv(AudienceContract):
    @pytest.fixture
    def stand(self, tmp_path: Path) -> AudienceStand:
        return CsvStand(tmp_path)


class TestJsonLines(AudienceContract):
    @pytest.fixture
    def stand(self, tmp_path: Path) -> AudienceStand:
        return JsonLinesStand(tmp_path)


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()
