"""What an unquoted scalar means."""

import pytest

from inventory.sources.scalars import Scalar, typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("0", 0), ("10", 10), ("-3", -3),
        ("+3", 3), ("0x1f", 31), ("1.5", 1.5), ("-0.25", -0.25),
    ],
)  # fmt: skip
def test_what_has_a_type(text: str, expected: Scalar) -> None:
    found = typed(text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "text",
    [
        "no", "NO", "yes", "on", "off", "y", "12:30", "1:2:3", "2024-01-01", "0042", "00", "007.5", "1e5", "1_000",
        "0o17", ".5", "5.", ".inf", ".nan", "1.2.3", "10.0.0.1", "0x", "-", "+", ".", "1" * 20, "1" * 5000, "nULL",
        "tRUE",
    ],
)  # fmt: skip
def test_what_stays_text(text: str) -> None:
    assert typed(text) == text
