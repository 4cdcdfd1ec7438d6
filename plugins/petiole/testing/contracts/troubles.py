"""Which error tells of which trouble, and which troubles a suite has tests for."""

from collections.abc import Callable, Collection
from inspect import getattr_static
from typing import ClassVar, TypeVar

import pytest

from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Timeout,
    Unavailable,
)
from petiole.testing.stands import Trouble

ERRORS: dict[Trouble, type[DeliveryError]] = {
    Trouble.UNREACHABLE: Timeout,
    Trouble.UNAVAILABLE: Unavailable,
    Trouble.BUSY: Throttled,
    Trouble.LOST_ANSWER: Ambiguous,
    Trouble.LOST_REQUEST: Ambiguous,
    Trouble.GIBBERISH: Ambiguous,
    Trouble.WRONG_SECRET: InvalidCredentials,
    Trouble.WRONG_ADDRESS: EndpointRefused,
    Trouble.REFUSED_CONTENT: MalformedRequest,
}

Test = TypeVar("Test", bound=Callable[..., object])

NO_SECRET = "override the fixture `secret` with the one that the adapter was given"
_MARK = "_petiole_meets"
_TELLS = "_petiole_tells_the_rest"


def meets(*troubles: Trouble | None, tells_the_rest: bool = False) -> Callable[[Test], Test]:
    """Run a test for each of these that the suite's platform can make; `None` is no trouble.

    With `tells_the_rest`, one more is skipped, which names those that it cannot make.
    """

    def mark(test: Test) -> Test:
        setattr(test, _MARK, troubles)
        setattr(test, _TELLS, tells_the_rest)
        return test

    return mark


class TroubledContract:
    """A suite that lets its adapter meet troubles.

    `troubles` are those that the platform can make. There are no tests for the others, but one that
    is skipped and names them.
    """

    troubles: ClassVar[Collection[Trouble]] = tuple(Trouble)

    @pytest.fixture
    def secret(self) -> str:
        """Give the token or password that the adapter of `stand` works with."""
        return ""

    @pytest.fixture
    def named_secret(self, secret: str) -> None:
        """Skip where there is none."""
        if not secret:
            pytest.skip(NO_SECRET)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make the tests."""
        wanted: Collection[Trouble | None] | None = getattr(metafunc.function, _MARK, None)
        if wanted is None:
            return
        made = [each for each in wanted if each is None or each in self.troubles]
        rest = [each for each in wanted if each and each not in made]
        if "named_secret" in metafunc.fixturenames and not self._names_its_secret():
            made = made[:1]  # one test that is skipped says as much as many
        parameters = [pytest.param(each, id=str(each)) for each in made]
        if rest and (getattr(metafunc.function, _TELLS) or not made):
            names = ", ".join(rest)
            skipped = pytest.mark.skip(reason=f"the platform cannot make these: {names}")
            parameters.append(pytest.param(None, id="the rest", marks=skipped))
        metafunc.parametrize("trouble", parameters)

    @classmethod
    def _names_its_secret(cls) -> bool:
        return getattr_static(cls, "secret") is not vars(TroubledContract)["secret"]
