"""The seeds of a run: `--seed 12345` replays one world, and -s shows its story."""

import pytest

CHUNK = 50
CHUNKS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="replay one world of the simulation")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" in metafunc.fixturenames:
        seed = metafunc.config.getoption("--seed", None)
        starts = range(0, CHUNK * CHUNKS, CHUNK)
        chunks = [range(at, at + CHUNK) for at in starts]
        if seed is not None:
            chunks = [range(seed, seed + 1)]
        names = [f"{chunk.start}-{chunk.stop - 1}" for chunk in chunks]
        metafunc.parametrize("seeds", chunks, ids=names)
