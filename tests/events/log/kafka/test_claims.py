"""What members of a Kafka group claim, and who is to own what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log.contract import Partition, Topic
from events.log.holdings import Holdings
from events.log.kafka.claims import Claims

ORDERS = [Partition(Topic.ORDERS, number) for number in range(6)]


def claiming() -> Claims:
    return Claims(ORDERS, Holdings())


def test_numbers_stand_for_partitions() -> None:
    holdings = Holdings()
    claims = Claims(ORDERS, holdings)

    claims.gain(frozenset({1, 2, 4}))
    claims.lose(frozenset({2}))

    assert claims.owned() == {1, 4}
    assert holdings.partitions == {ORDERS[1], ORDERS[4]}


@pytest.mark.parametrize(
    ("claims", "given_to"),
    [
        ({"a": {}}, {"a": [0, 1, 2, 3, 4, 5]}),
        ({"a": {0, 1, 2, 3, 4, 5}, "b": {}}, {"a": [0, 1, 2], "b": []}),
        ({"a": {0, 1, 2}, "b": {}}, {"a": [0, 1, 2], "b": [3, 4, 5]}),
        ({"a": {0, 1, 2}, "b": {3, 4, 5}, "c": {}}, {"a": [0, 1], "b": [3, 4], "c": []}),
        ({"a": {0, 1, 2}, "z": {0, 1, 2}}, {"a": [3, 4, 5], "z": []}),
    ],
    ids=[
        "alone",
        "what is to move is free for a round",
        "what is free is given",
        "a third waits for both",
        "what two claim goes to neither",
    ],
)
def test_shares(claims: dict[str, set[int]], given_to: dict[str, list[int]]) -> None:
    shares = claiming().share({member: frozenset(numbers) for member, numbers in claims.items()})

    assert {member: sorted(numbers) for member, numbers in shares.items()} == given_to


@given(claims=st.dictionaries(st.sampled_from("abcd"), st.frozensets(st.integers(0, 5)), min_size=1))
def test_nobody_is_given_what_another_claims(claims: dict[str, frozenset[int]]) -> None:
    shares = claiming().share(claims)

    given_out = [number for numbers in shares.values() for number in numbers]
    assert len(given_out) == len(set(given_out))
    for member, numbers in shares.items():
        for number in numbers:
            assert not any(number in claimed for other, claimed in claims.items() if other != member)


@given(members=st.lists(st.sampled_from("abcd"), min_size=1, unique=True), data=st.data())
def test_a_few_rounds_settle_a_group_whatever_was_claimed(members: list[str], data: st.DataObject) -> None:
    """A round as Kafka plays it: everybody claims what it has, and has afterwards what it was given."""
    has = {member: data.draw(st.frozensets(st.integers(0, 5))) for member in members}

    for _ in range(5):
        has = {member: frozenset(numbers) for member, numbers in claiming().share(has).items()}

    sizes = [len(numbers) for numbers in has.values()]
    assert sum(sizes) == 6
    assert max(sizes) - min(sizes) <= 1
    assert frozenset().union(*has.values()) == frozenset(range(6))
