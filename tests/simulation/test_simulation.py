"""Whatever happens, in whatever order: nothing is lost, order holds, the sums add up."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.repository import ROOT
from tests.simulation.mutants import MUTANTS
from tests.simulation.setup import drawn
from tests.simulation.world import World

ENOUGH = 40
"""Worlds in which a mutant must be found out; most need one."""


def test_world_keeps_every_promise(seeds: range) -> None:
    show = print if len(seeds) == 1 else None

    for seed in seeds:
        try:
            World(drawn(seed), show=show).run()
        except Exception as error:
            raise AssertionError(
                f"seed {seed}: {error}\nreplay it: python -m tests.simulation {seed}"
            ) from error


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_found_out(name: str) -> None:
    found = None

    for seed in range(ENOUGH):
        try:
            World(replace(drawn(seed), in_memory=True), variation=MUTANTS[name]).run()
        except Exception as error:  # noqa: BLE001 - some break something before they are blamed
            found = error
            break

    assert found is not None


@pytest.mark.parametrize("in_memory", [True, False])
def test_same_seed_tells_the_same_story(in_memory: bool) -> None:  # noqa: FBT001 - pytest hands it in
    setup = replace(drawn(14), in_memory=in_memory)

    stories = [World(setup).run().lines for _ in range(2)]

    assert stories[0] == stories[1]
    assert len(stories[0]) > 20


def test_other_seed_tells_another_story() -> None:
    first, second = (World(drawn(seed)).run().digest for seed in (14, 15))

    assert first != second


def test_seed_tells_the_same_story_in_another_process() -> None:
    digest = World(drawn(16)).run().digest

    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "16"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.splitlines()[-1] == f"seed 16 is fine; its story is {digest}"
