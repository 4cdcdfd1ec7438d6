"""Broken sources of engagements."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from petiole.core.domain.engagement import EngagementKind, Origin
from petiole.core.errors import DeliveryError
from petiole.core.ports.engagement_source import EngagementPage, EngagementSource
from petiole.testing.zoo.mutant import breaks


@breaks(EngagementSource.pull, "what happened since a moment", seen_by="test_everything_is_fetched")
def leaves_complaints_out(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    for page in source.pull(checkpoint, since=since):
        kept = [each for each in page.engagements if each.kind is not EngagementKind.COMPLAINT]
        yield replace(page, engagements=kept)


@breaks(EngagementSource.pull, "what happened since a moment", seen_by="test_everything_is_fetched")
def takes_local_times_for_utc(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    for page in source.pull(checkpoint, since=since):
        shifted = [
            replace(each, occurred_at=each.occurred_at + timedelta(hours=1))
            for each in page.engagements
        ]
        yield replace(page, engagements=shifted)


@breaks(EngagementSource.pull, "Fetch page by page, in bounded memory")
def fetches_all_in_one_page(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    pages = list(source.pull(checkpoint, since=since))
    every = [each for page in pages for each in page.engagements]
    yield replace(pages[-1], engagements=every)


@breaks(EngagementSource.origin, "What to call this way of fetching")
def calls_the_way_something_else(source: EngagementSource) -> Origin:
    return Origin(f"other-{source.origin}")


@breaks(EngagementSource.pull, "Changes nothing on the platform", of=EngagementSource)
class fetches_everything_once:
    def __init__(self) -> None:
        self.fetched = False

    def __call__(
        self, source: EngagementSource, checkpoint: str | None, *, since: datetime
    ) -> Iterator[EngagementPage]:
        for page in source.pull(checkpoint, since=since):
            yield replace(page, engagements=()) if self.fetched else page
        self.fetched = True


@breaks(
    EngagementSource.pull,
    "Goes on after `checkpoint`",
    seen_by="test_pull_goes_on_after_any_page",
)
def leaves_a_page_out_when_it_goes_on(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    pages = source.pull(checkpoint, since=since)
    if checkpoint is not None:
        next(pages)
    yield from pages


@breaks(
    EngagementSource.pull,
    "Goes on after `checkpoint`",
    seen_by="test_pull_goes_on_after_any_page",
)
def begins_again_each_time(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    del checkpoint
    return source.pull(None, since=since)


@breaks(
    EngagementSource.pull,
    "nothing is left out",
    seen_by="test_what_comes_later_is_fetched_by_the_next_pull",
)
class takes_the_first_end_for_the_last:
    def __init__(self) -> None:
        self.ends: set[str] = set()

    def __call__(
        self, source: EngagementSource, checkpoint: str | None, *, since: datetime
    ) -> Iterator[EngagementPage]:
        place = checkpoint
        if checkpoint not in self.ends:
            for page in source.pull(checkpoint, since=since):
                yield page
                place = page.checkpoint
        self.ends.add(place or "")


@breaks(EngagementSource.pull, "A page is asked for only after the one before was stored")
def asks_for_every_page_at_once(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    yield from list(source.pull(checkpoint, since=since))


@breaks(
    EngagementSource.pull,
    "DeliveryError: as a sink does",
    seen_by="test_trouble_is_told_as_a_sink_tells_it",
)
def takes_a_trouble_for_the_end(
    source: EngagementSource, checkpoint: str | None, *, since: datetime
) -> Iterator[EngagementPage]:
    try:
        yield from source.pull(checkpoint, since=since)
    except DeliveryError:
        return


@breaks(
    EngagementSource.pull,
    "what was fetched before counts",
    seen_by="test_pull_goes_on_after_a_trouble",
)
class loses_the_page_before_a_trouble:
    def __init__(self) -> None:
        self.cut = False

    def __call__(
        self, source: EngagementSource, checkpoint: str | None, *, since: datetime
    ) -> Iterator[EngagementPage]:
        pages = source.pull(checkpoint, since=since)
        if self.cut:
            next(pages)
        try:
            yield from pages
        except DeliveryError:
            self.cut = True
            raise
