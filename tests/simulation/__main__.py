"""Replay one world, or try new ones for as long as you like.

python -m tests.simulation 12345            tells the whole story of one seed
python -m tests.simulation --minutes 10     tries seeds until one fails, or time is up
"""

import argparse
import sys
import time

from tests.simulation.setup import drawn
from tests.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    if given.seed is not None:
        return replay(given.seed)
    return soak(given.minutes)


def replay(seed: int) -> int:
    try:
        story = World(drawn(seed), show=_say).run()
    except Exception:
        _say(f"seed {seed} fails")
        raise
    _say(f"seed {seed} is fine; its story is {story.digest}")
    return 0


def soak(minutes: float) -> int:
    began, seeds = time.monotonic(), 0
    seed = first = time.time_ns() // 1_000_000
    while time.monotonic() - began < minutes * 60:
        try:
            World(drawn(seed)).run()
        except Exception as error:
            _say(f"\nseed {seed} fails: {error}\nreplay it: python -m tests.simulation {seed}")
            raise
        seed, seeds = seed + 1, seeds + 1
        if seeds % 100 == 0:
            _say(f"{seeds} seeds from {first} on are fine")
    _say(f"{seeds} seeds from {first} on are fine")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
