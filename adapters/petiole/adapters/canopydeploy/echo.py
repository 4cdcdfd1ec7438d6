"""Reads an echo by comparing it with what was sent: a tenth of what parsing it costs.

tests/benchmarks/bench_rest.py measures it, and the tests hold it against parsing.
"""

import json
import re
from collections.abc import Mapping, Sequence

PLAIN_ID = rb'(?:"[\w.:-]*+"|[1-9]\d{0,17}+)'
"""Whatever a program calls an id, as text or as number."""

_IDS = re.compile(rb"%b(?:,%b)*+" % (PLAIN_ID, PLAIN_ID))
_FEWEST = 2
"""Records that it is worth the trouble for."""
_WHITE = b" \t\r\n"
_SEPARATOR = re.compile(rb",[ \n]?(?=\{)")


def compared(
    answer: bytes, sent: Sequence[bytes], *, added: str
) -> Sequence[Mapping[str, object] | None] | None:
    """Read the records of an answer, in its order: `None` where the one sent in that place is.

    Not read at all, and to be parsed, is whatever parsing might see otherwise. That leaves arrays
    of as many records as were sent, of a few at least, each with one more member at its end.

    Args:
        answer: what came.
        sent: each record that was sent, an object with at least one member.
        added: the name of the member that each record ends with.
    """
    first, *parts = answer.split(f',"{added}":'.encode())
    if len(parts) != len(sent) or len(sent) < _FEWEST:
        return None
    ends = [part.partition(b"}") for part in parts]
    ids = b",".join([id_ for id_, _, _ in ends])
    *came, rest = [first, *[following for _, _, following in ends]]
    one_each = ids.count(b",") == len(ends) - 1 and _IDS.fullmatch(ids)
    separator = _SEPARATOR.match(came[1])
    if not one_each or not separator or rest.rstrip(_WHITE) != b"]":
        return None
    between = separator[0]
    expected = [between + record[:-1] for record in sent]
    expected[0] = b"[" + sent[0][:-1]
    records: list[Mapping[str, object] | None] = [None] * len(sent)
    if came == expected:
        return records
    others = [place for place, text in enumerate(came) if text != expected[place]]
    if len(others) > len(sent) / 2:
        return None  # one by one they cost more than all at once
    try:
        for place in others:
            records[place] = _parsed(came[place], after=between if place else b"[")
    except (ValueError, RecursionError):
        return None
    return records


def _parsed(text: bytes, *, after: bytes) -> Mapping[str, object]:
    """Parse one record, whose end was cut off, by itself."""
    if not text.startswith(after):
        raise ValueError("it begins otherwise")
    record: object = json.loads((text.removeprefix(after) + b"}").decode())
    if not record or not isinstance(record, dict):
        raise ValueError("it holds nothing that another member could follow")
    return record
