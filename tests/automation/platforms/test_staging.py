"""Lines that wait to be entered: kept by label, given out once, and only where they would be undone."""

from datetime import timedelta

import pytest

from automation.platforms.contract import LineRejectedError, RefusedCommandError
from automation.platforms.ios.entering import Entry, entries
from automation.platforms.staging import StagedLines

LABEL, OTHER = "wg-00000000000000aa", "wg-00000000000000bb"
TIMER = timedelta(minutes=2)


@pytest.fixture
def staged() -> StagedLines[Entry]:
    made = StagedLines("branch-1", "ios", entries)
    made.put(LABEL, ["vlan 77", " name GUESTS"], replace=False)
    return made


@pytest.mark.parametrize(
    ("timer", "armed"), [(TIMER, LABEL), (None, None), (None, OTHER)], ids=["armed", "no timer", "another's timer"]
)
def test_they_are_given_once(staged: StagedLines[Entry], timer: timedelta | None, armed: str | None) -> None:
    assert staged.take(LABEL, timer=timer, armed=armed) == entries(["vlan 77", " name GUESTS"])
    with pytest.raises(RefusedCommandError, match=f"branch-1: nothing is staged under {LABEL}"):
        staged.take(LABEL, timer=timer, armed=armed)


@pytest.mark.parametrize("armed", [None, OTHER])
def test_they_stay_where_nothing_would_undo_them(staged: StagedLines[Entry], armed: str | None) -> None:
    with pytest.raises(RefusedCommandError, match=f"branch-1: no undo is armed for {LABEL}"):
        staged.take(LABEL, timer=TIMER, armed=armed)
    assert staged.take(LABEL, timer=TIMER, armed=LABEL)


def test_others_under_the_same_label_take_their_place(staged: StagedLines[Entry]) -> None:
    staged.put(LABEL, ["vlan 78"], replace=False)
    assert staged.take(LABEL, timer=None, armed=None) == entries(["vlan 78"])


def test_dropped_ones_are_gone_and_others_are_not(staged: StagedLines[Entry]) -> None:
    staged.put(OTHER, ["vlan 78"], replace=False)
    staged.drop(LABEL)
    staged.drop(LABEL)
    with pytest.raises(RefusedCommandError, match="nothing is staged"):
        staged.take(LABEL, timer=None, armed=None)
    assert staged.take(OTHER, timer=None, armed=None) == entries(["vlan 78"])


@pytest.mark.parametrize(
    ("lines", "replace", "error", "said"),
    [
        (["vlan 78"], True, RefusedCommandError, "branch-1: replacing the whole configuration is not offered on ios"),
        (["end"], False, LineRejectedError, "refused a line"),
    ],
)
def test_what_is_refused_changes_nothing(
    staged: StagedLines[Entry], lines: list[str], replace: bool, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        staged.put(LABEL, lines, replace=replace)
    assert staged.take(LABEL, timer=None, armed=None) == entries(["vlan 77", " name GUESTS"])
