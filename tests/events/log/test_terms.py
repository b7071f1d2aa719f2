"""The times that the log keeps to, and what its errors say about themselves."""

from datetime import timedelta

import pytest

from events.log import contract
from events.log.contract import LogError, Topic
from events.log.terms import Terms
from events.log.topics import TABLE


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def test_a_lease_is_shorter_than_the_session_by_the_margin() -> None:
    assert Terms(session=seconds(6), margin=seconds(1.5)).lease_s == 4.5


@pytest.mark.parametrize(
    ("session", "margin", "deadline", "complaint"),
    [
        (6, 6, 1, "margin"),
        (6, 0, 1, "margin"),
        (0, 0, 1, "margin"),
        (6, 1, 0, "deadline"),
    ],
    ids=["no lease", "no margin", "no session", "no deadline"],
)
def test_terms_under_which_nothing_could_work_are_refused(
    session: float, margin: float, deadline: float, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Terms(session=seconds(session), margin=seconds(margin), deadline=seconds(deadline))


def test_the_table_has_every_topic_once_and_only_control_stays_out_of_transactions() -> None:
    assert [rule.topic for rule in TABLE] == list(Topic)
    assert [rule.topic for rule in TABLE if not rule.transactional] == [Topic.CONTROL]
    assert {rule.topic: rule.partitions(7) for rule in TABLE if rule.partitions(7) != 1} == {
        Topic.ORDERS: 7,
        Topic.REPORTS: 7,
    }


def test_errors_have_one_root_and_say_whether_to_try_again() -> None:
    errors = {
        value.__name__: value.retriable
        for value in vars(contract).values()
        if isinstance(value, type) and issubclass(value, LogError)
    }

    assert errors == {
        "LogError": False,
        "LogUnavailableError": True,
        "LogFullError": True,
        "RecordTooLargeError": False,
        "FencedError": False,
        "LogMismatchError": False,
    }
