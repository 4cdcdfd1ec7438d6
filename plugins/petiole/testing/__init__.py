"""The kit for those who write adapters: what every port promises, as tests to run against yours.

from petiole.testing.contracts.profile_sink import ProfileSinkContract

class TestAcmeSink(ProfileSinkContract):
    @pytest.fixture
    def stand(self) -> SinkStand:
        return AcmeStand()
"""

import pytest

# The assertions of the contracts explain themselves when they fail, as those in test files do.
pytest.register_assert_rewrite("petiole.testing.contracts")
