"""What every source of engagements promises."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from petiole.core.domain.engagement import EngagementKind
from petiole.core.domain.identity import Identifier
from petiole.core.errors import Unavailable
from petiole.core.ports.engagement_source import EngagementPage, EngagementSource
from petiole.testing.contracts.override import missing
from petiole.testing.contracts.troubles import ERRORS, TroubledContract, meets
from petiole.testing.promises import keeps
from petiole.testing.stands import EngagementSourceStand, Trouble

MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
HOUR = timedelta(hours=1)
SINCE = MOMENT - 6 * HOUR
PEOPLE = 60
MOST_OF_A_PAGE = 1_000
# Fetching reads only, so a lost request and a lost answer are the same: nothing is in doubt.
TROUBLES = (
    Trouble.UNREACHABLE,
    Trouble.UNAVAILABLE,
    Trouble.BUSY,
    Trouble.GIBBERISH,
    Trouble.WRONG_SECRET,
    Trouble.WRONG_ADDRESS,
)
_RECEIVE, _OPEN, _CLICK = EngagementKind.RECEIVE, EngagementKind.OPEN, EngagementKind.CLICK
_USUAL = (
    (_RECEIVE, _OPEN, _CLICK),
    (EngagementKind.BOUNCE,),
    (_RECEIVE,),
    (_RECEIVE, _OPEN),
    (_RECEIVE, EngagementKind.COMPLAINT),
)

Event = tuple[Identifier, EngagementKind, datetime]


def usual_acts(people: int = PEOPLE) -> Mapping[int, Collection[EngagementKind]]:
    """What made-up people do with a mail."""
    return {number: _USUAL[number % len(_USUAL)] for number in range(1, people + 1)}


def events(
    stand: EngagementSourceStand,
    acts: Mapping[int, Collection[EngagementKind]],
    at: datetime = MOMENT,
) -> set[Event]:
    """What a source should tell of it."""
    return {(stand.identifier(number), kind, at) for number in acts for kind in acts[number]}


def told(pages: Iterable[EngagementPage]) -> set[Event]:
    """What pages tell."""
    return {
        (each.identifier, each.kind, each.occurred_at)
        for page in pages
        for each in page.engagements
    }


class EngagementSourceContract(TroubledContract):
    """`ports.engagement_source`: override `stand`; its clock shows the day of `MOMENT`."""

    @pytest.fixture
    def stand(self, request: pytest.FixtureRequest) -> EngagementSourceStand:
        missing(request, "stand")

    @keeps(EngagementSource, "Fetches what happened on one connection's account")
    @keeps(EngagementSource.pull, "what happened since a moment", "nothing is left out")
    def test_everything_is_fetched(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())

        pages = list(stand.source.pull(None, since=SINCE))

        assert told(pages) == events(stand, usual_acts())
        assert [page.refused for page in pages if page.refused] == []

    @keeps(EngagementSource.pull, "Fetch page by page, in bounded memory")
    def test_no_page_holds_everything(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())

        sizes = [len(page.engagements) for page in stand.source.pull(None, since=SINCE)]

        assert len([size for size in sizes if size]) > 1
        assert max(sizes) <= MOST_OF_A_PAGE

    @keeps(EngagementSource.origin, "What to call this way of fetching")
    def test_every_engagement_tells_the_way(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())

        pages = list(stand.source.pull(None, since=SINCE))

        found = {each.origin for page in pages for each in page.engagements}
        assert found == {stand.source.origin} != {""}

    @keeps(EngagementSource, "Changes nothing on the platform")
    def test_fetching_changes_nothing(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())

        first = told(stand.source.pull(None, since=SINCE))

        assert told(stand.source.pull(None, since=SINCE)) == first

    @keeps(EngagementSource.pull, "Goes on after `checkpoint`", "nothing is left out")
    def test_pull_goes_on_after_any_page(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())
        pages = list(stand.source.pull(None, since=SINCE))

        for count, page in enumerate(pages[:-1], start=1):
            rest = list(stand.source.pull(page.checkpoint, since=SINCE))

            assert told(pages[:count]) | told(rest) == events(stand, usual_acts())
            assert len(rest) < len(pages)

    @keeps(EngagementSource.pull, "Goes on after `checkpoint`", "nothing is left out")
    def test_what_comes_later_is_fetched_by_the_next_pull(
        self, stand: EngagementSourceStand
    ) -> None:
        stand.happen(MOMENT, usual_acts())
        *_, last = stand.source.pull(None, since=SINCE)
        stand.happen(MOMENT + HOUR, usual_acts(3))

        pages = list(stand.source.pull(last.checkpoint, since=SINCE))

        assert told(pages) >= events(stand, usual_acts(3), MOMENT + HOUR)

    @keeps(EngagementSource.pull, "A page is asked for only after the one before was stored")
    def test_first_page_comes_before_the_others_are_asked_for(
        self, stand: EngagementSourceStand
    ) -> None:
        stand.happen(MOMENT, usual_acts())
        pages = stand.source.pull(None, since=SINCE)

        assert any(page.engagements for page in pages)
        asked = stand.calls
        assert any(page.engagements for page in pages)

        assert stand.calls > asked

    @keeps(EngagementSource.pull, "DeliveryError: as a sink does")
    @meets(*TROUBLES, tells_the_rest=True)
    def test_trouble_is_told_as_a_sink_tells_it(
        self, stand: EngagementSourceStand, trouble: Trouble
    ) -> None:
        stand.happen(MOMENT, usual_acts(3))
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]):
            list(stand.source.pull(None, since=SINCE))

    @keeps(EngagementSource.pull, "what was fetched before counts")
    @keeps(EngagementSource.pull, "A page may bring again what an earlier one brought")
    def test_pull_goes_on_after_a_trouble(self, stand: EngagementSourceStand) -> None:
        stand.happen(MOMENT, usual_acts())
        pages = stand.source.pull(None, since=SINCE)
        before = [next(page for page in pages if page.engagements)]
        stand.meet(Trouble.UNAVAILABLE)

        with pytest.raises(Unavailable):
            list(pages)
        after = list(stand.source.pull(before[-1].checkpoint, since=SINCE))

        assert told([*before, *after]) == events(stand, usual_acts())
