"""How many batches a runner holds beside those that it sends."""

import pytest

from petiole.host.pacing import batches_ahead


@pytest.mark.parametrize(
    ("at_once", "max_profiles", "ahead"),
    [
        (8, 100, 56),  # 64 together
        (8, 1, 56),
        (25, 100, 50),  # but always twice as many as are sent
        (4, 2_000, 8),
        (2, 800, 6),  # 6,400 messages together
        (2, 10_000, 4),
    ],
)
def test_as_many_stand_ready_as_cost_little_memory(
    at_once: int, max_profiles: int, ahead: int
) -> None:
    assert batches_ahead(at_once, max_profiles) == ahead
