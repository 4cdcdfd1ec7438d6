"""The page that tells what a death means, held against the points that there are."""

import re

from petiole.core.failpoints import FailPoint
from tests.crash.test_matrix import REPEATED
from tests.repository import ROOT

_ROW = re.compile(r"^\| `(?P<point>[a-z_.]+)` \|.*\| (?P<twice>[^|]+) \|$", re.MULTILINE)


def test_page_tells_of_every_point_and_of_what_comes_twice() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")

    rows = {FailPoint(row["point"]): row["twice"] for row in _ROW.finditer(page)}

    assert list(rows) == list(FailPoint)
    assert {point for point, twice in rows.items() if twice != "nothing"} == REPEATED
