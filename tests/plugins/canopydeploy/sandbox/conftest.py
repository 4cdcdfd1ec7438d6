import pytest

from tests.plugins.canopydeploy.sandbox.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
