"""Lines end where csv and JSON lines say they do, wherever the blocks were cut."""

import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.files.lines import text_lines

TEXT = st.text(
    st.sampled_from('ab\n\r,"') | st.sampled_from("\v\f\x1c\x1d\x1e\x85\u2028\u2029é女"),
    max_size=40,
)


@given(TEXT, st.lists(st.integers(0, 80), max_size=5))
def test_text_is_cut_at_line_ends_only(text: str, cuts: list[int]) -> None:
    content = text.encode()
    bounds = [0, *sorted(cuts), len(content)]
    blocks = (content[start:end] for start, end in pairwise(bounds))

    lines = list(text_lines(blocks, encoding="utf-8", name="people.csv"))

    assert lines == list(io.StringIO(text, newline=""))
