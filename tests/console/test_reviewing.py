"""Numbers in a plan's review read as people say them."""

import pytest

from console.reviewing import in_waves, sizes


@pytest.mark.parametrize(
    ("waves", "told"),
    [
        ([1], "one wave of 1 device"),
        ([6], "one wave of 6 devices"),
        ([1, 1], "waves of 1 + 1 devices"),
        ([1, 5, 20], "waves of 1 + 5 + 20 devices"),
    ],
)
def test_waves(waves: list[int], told: str) -> None:
    assert in_waves(waves) == told


@pytest.mark.parametrize(("devices", "told"), [([1], "1 device"), ([3], "3 devices"), ([3, 1], "3, 1 devices")])
def test_sizes(devices: list[int], told: str) -> None:
    assert sizes(devices, ", ") == told
