"""Listings of configuration sessions, as switches of both shapes give them."""

from typing import Any

import pytest

from automation.platforms.eos.listing import listing_of

OLD: dict[str, Any] = {
    "maxSavedSessions": 1,
    "maxOpenSessions": 5,
    "sessions": {
        "wg-1": {"state": "pendingCommitTimer", "commitBy": 4321.5, "commitUser": "netops", "instances": {}},
        "ops-change": {"state": "pending", "instances": {"2411": {"user": "ops", "terminal": "vty3"}}},
        "done": {"state": "completed", "completedTime": 1700000000.0, "commitUser": "ops", "instances": {}},
    },
}
NEW: dict[str, Any] = {
    "maxSavedSessions": 1,
    "maxOpenSessions": 5,
    "commitTimerSessionName": "wg-1",
    "commitTimerExpireTime": 4321.5,
    "sessions": {
        "wg-1": {"state": "committed", "commitUser": "netops", "instances": {}},
        "ops-change": {"state": "pending", "instances": {"2411": {"user": "ops", "terminal": "vty3"}}},
        "done": {"state": "completed", "completedTime": 1700000000.0, "commitUser": "ops", "instances": {}},
    },
}


@pytest.mark.parametrize("answer", [OLD, NEW], ids=["before 4.32", "since 4.32"])
def test_both_shapes_say_the_same(answer: dict[str, Any]) -> None:
    listing = listing_of(answer)
    assert (listing.timed, listing.due) == ("wg-1", 4321.5)
    assert listing.pending == ("ops-change",)
    assert listing.whose("ops-change") == "'ops-change' of ops"
    assert listing.whose("elsewhere") == "'elsewhere'"
    assert listing.states["done"] == "completed"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"sessions": {}},
        {"sessions": {}, "commitTimerSessionName": "", "commitTimerExpireTime": 0},
        {"sessions": {}, "commitTimerSessionName": None},
    ],
)
def test_no_timer_runs(answer: dict[str, Any]) -> None:
    assert listing_of(answer).timed is None


def test_a_session_that_others_are_in_is_theirs() -> None:
    answer = {"sessions": {"a": {"state": "pending", "instances": {"1": {"terminal": "vty1"}, "2": {"user": "ops"}}}}}
    assert listing_of(answer).whose("a") == "'a' of ops"
