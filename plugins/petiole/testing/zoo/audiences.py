"""Broken audiences."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from petiole.core.errors import AudienceError
from petiole.core.ports.audience import Audience, AudienceRow, RefusedRow, SourceRow
from petiole.testing.zoo.mutant import breaks


@breaks(Audience.name, "What to call the source")
def has_no_name(audience: Audience) -> str:
    del audience
    return ""


@breaks(Audience.columns, "or `None` where each row names its own")
def names_a_column_too_many(audience: Audience) -> Sequence[str]:
    return [*(audience.columns() or ()), "id"]


@breaks(Audience.columns, "is empty")
def finds_nothing_wrong_with_nothing(audience: Audience) -> Sequence[str] | None:
    try:
        return audience.columns()
    except AudienceError:
        return None


@breaks(Audience.rows, "Read every row")
def takes_the_first_row_for_the_heading(audience: Audience) -> Iterator[SourceRow]:
    return islice(audience.rows(), 1, None)


@breaks(Audience.rows, "in order", of=Audience)
def reads_backwards(audience: Audience) -> Iterator[SourceRow]:
    return iter([*audience.rows()][::-1])


@breaks(Audience.rows, "in bounded memory", of=Audience)
def reads_all_at_once(audience: Audience) -> Sequence[SourceRow]:
    return [*audience.rows()]


@breaks(Audience.rows, "`line` counts from 1", of=AudienceRow)
def calls_every_line_the_first(audience: Audience) -> Iterator[SourceRow]:
    return (replace(row, line=1) for row in audience.rows())


@breaks(Audience.rows, "is yielded as refused, and reading goes on")
def skips_a_broken_row(audience: Audience) -> Iterator[SourceRow]:
    return (row for row in audience.rows() if isinstance(row, AudienceRow))


@breaks(Audience.rows, "is yielded as refused, and reading goes on")
def ends_at_a_broken_row(audience: Audience) -> Iterator[SourceRow]:
    for row in audience.rows():
        yield row
        if isinstance(row, RefusedRow):
            return


@breaks(Audience.rows, "the reason repeats no personal data", of=RefusedRow)
def quotes_a_broken_row(audience: Audience) -> Iterator[SourceRow]:
    for row in audience.rows():
        yield replace(row, reason="of sanne@example.org") if isinstance(row, RefusedRow) else row
