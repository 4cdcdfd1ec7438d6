"""Killed anywhere, again and again: after each death the sums are right, in the end all is well."""

import random
from collections import Counter

import pytest

from tests.crash.story import Lane, Stage
from tests.crash.victim import Doom, run
from tests.crash.witness import Arrival, Twin, check_end, check_order, repeated, under_way

SEEDS = range(4)
DEATHS = 3
MOST_PASSES = 60
"""A story comes by a few hundred points."""


@pytest.mark.parametrize("lane", [Lane.BATCH, Lane.CAMPAIGN])
@pytest.mark.parametrize("seed", SEEDS)
def test_sums_are_right_after_each_of_many_deaths(
    stage: Stage, twin: Twin, seed: int, lane: Lane
) -> None:
    chance = random.Random(seed)
    story = stage(lane, max_in_flight=chance.choice([1, 4]))
    not_settled = Counter[Arrival]()

    for _ in range(DEATHS):
        run(Doom(point=None, passes=chance.randint(1, MOST_PASSES)), story.live)
        not_settled.update(under_way(story))
    survived = run(None, story.live)

    assert survived == 0
    check_end(story, twin)
    check_order(story, twin.arrivals)
    for arrival, times in repeated(twin.arrivals).items():
        assert times <= not_settled[arrival]
