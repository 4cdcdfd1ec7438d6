"""Replay one world, or try new ones for as long as you like.

python -m tests.simulation 12345            tells the whole story of one seed
python -m tests.simulation --minutes 10     tries seeds until one fails, or time is up
"""

import argparse
import logging
import sys
import time
import traceback

from tests.simulation.setup import drawn
from tests.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--minutes", type=float, default=10.0)
    logging.disable()  # the story tells it all
    given = parser.parse_args()
    if given.seed is not None:
        return replay(given.seed)
    return soak(given.minutes)


def replay(seed: int) -> int:
    """Tell the story of one world."""
    try:
        story = World(drawn(seed), show=_say).run()
    except Exception:  # noqa: BLE001 - whatever breaks a world is told
        traceback.print_exc()
        _say(f"seed {seed} fails")
        return 1
    _say(f"seed {seed} is fine; its story is {story.digest}")
    return 0


def soak(minutes: float) -> int:
    """Try one world after the other, from a seed that the clock gives."""
    ends_at = time.monotonic() + minutes * 60
    seeds, first = 0, time.time_ns() // 1_000_000
    while time.monotonic() < ends_at:
        seed = first + seeds
        try:
            World(drawn(seed)).run()
        except Exception:  # noqa: BLE001 - whatever breaks a world is told
            traceback.print_exc()
            _say(f"seed {seed} fails; replay it: python -m tests.simulation {seed}")
            return 1
        seeds += 1
        if seeds % 100 == 0:
            _say(f"{seeds} worlds from seed {first} on are fine")
    _say(f"{seeds} worlds from seed {first} on are fine")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
