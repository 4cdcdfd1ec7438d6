"""Finds out what separates the cells of a CSV file."""

import csv
import re
from collections.abc import Sequence

from petiole.core.errors import AudienceError

COMMON = (",", ";", "\t", "|")

_SPELLED = {"\\t": "\t", "tab": "\t"}
_QUOTED = re.compile(r'"[^"]*(?:"|$)')


def given(text: str) -> str:
    r"""Take a delimiter as people write it: one character, or "tab" or "\t".

    Raises:
        AudienceError: anything else.
    """
    delimiter = _SPELLED.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise AudienceError(f"a delimiter is one character such as , ; | or tab, not {text!r}")
    return delimiter


def candidates(header: str) -> list[str]:
    """List the common delimiters that stand outside of quotes, the most frequent first."""
    bare = _QUOTED.sub("", header)
    used = [delimiter for delimiter in COMMON if delimiter in bare]
    return sorted(used, key=bare.count, reverse=True)


def chosen(among: Sequence[str], sample: Sequence[str]) -> str:
    """Choose the delimiter that cuts every line of the sample into as many cells as the header.

    `among` comes from `candidates`; its order decides where the sample does not.
    """
    for delimiter in among:
        rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
        # The last row may be cut off by the end of the sample.
        if len({len(row) for row in rows[: max(len(rows) - 1, 2)]}) == 1:
            return delimiter
    return among[0] if among else COMMON[0]
