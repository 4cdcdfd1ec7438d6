"""The one thing to override for all suites about what is stored."""

import pytest

from petiole.testing.contracts.override import missing
from petiole.testing.stands import Store, StoreStand


class StoreContract:
    """Override `stand`; each test gets a fresh one."""

    @pytest.fixture
    def stand(self, request: pytest.FixtureRequest) -> StoreStand:
        missing(request, "stand")

    @pytest.fixture
    def store(self, stand: StoreStand) -> Store:
        return stand.open()
