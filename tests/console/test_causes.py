"""Every cause is explained, in the console and in the guide alike."""

from pathlib import Path

import pytest

from console.causes import EXPLAINED, advice
from events.values import Cause

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "operations.md"


def test_every_cause_is_explained() -> None:
    assert set(EXPLAINED) == set(Cause)


@pytest.mark.parametrize("cause", list(Cause))
def test_in_whole_sentences(cause: Cause) -> None:
    for text in (EXPLAINED[cause].means, EXPLAINED[cause].do):
        assert text[0].isupper() or text.startswith("wavegate ")
        assert text.endswith(".")
    assert advice(cause.value) == EXPLAINED[cause].do


@pytest.mark.parametrize("unknown", [None, "", "of-newer-software"])
def test_no_advice_about_nothing(unknown: str | None) -> None:
    assert advice(unknown) == ""


def test_the_guide_has_the_same_table() -> None:
    rows = {f"| `{cause.value}` | {text.means} | {text.do} |" for cause, text in EXPLAINED.items()}
    missing = rows - set(GUIDE.read_text().splitlines())
    assert not missing
