"""What a suite says that was given no adapter: once, not once for each of its tests."""

from typing import Never

import pytest

_TOLD = pytest.StashKey[bool]()


def missing(request: pytest.FixtureRequest, fixture: str) -> Never:
    """Fail the first test of a suite for want of a fixture, and skip the others."""
    suite = request.node.getparent(pytest.Class)
    if suite.stash.get(_TOLD, False):
        pytest.skip(f"{suite.name} has no `{fixture}`, as told before")
    suite.stash[_TOLD] = True
    pytest.fail(
        f"{suite.name}: override the fixture `{fixture}` with one that gives your adapter",
        pytrace=False,
    )
