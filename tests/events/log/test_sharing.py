"""How partitions are shared out."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log.contract import Partition, Topic
from events.log.sharing import share

PARTITIONS = [Partition(Topic.ORDERS, number) for number in range(12)]


def owners(text: str) -> dict[Partition, str]:
    """One letter for each partition; a dot for one that is free."""
    return {partition: who for partition, who in zip(PARTITIONS, text, strict=False) if who != "."}


def written(shares: dict[Partition, str]) -> str:
    return "".join(shares[partition] for partition in sorted(shares))


@pytest.mark.parametrize(
    ("members", "before", "after"),
    [
        ("a", "............", "aaaaaaaaaaaa"),
        ("ab", "............", "aaaaaabbbbbb"),
        ("ab", "aaaaaaaaaaaa", "aaaaaabbbbbb"),
        ("ba", "aaaaaaaaaaaa", "aaaaaabbbbbb"),
        ("abc", "aaaaaabbbbbb", "aaaaccbbbbcc"),
        ("ac", "aaaabbbbcccc", "aaaaaacccccc"),
        ("abcde", "............", "aaabbbccddee"),
        ("abcde", "eeeddccbbaaa", "eeeddccbbaaa"),
        ("ab", "aaaaaaabbbbb", "aaaaaabbbbbb"),
        ("ab", "xxxxaaaayyyy", "aabbaaaabbbb"),
        ("", "aaaaaaaaaaaa", ""),
    ],
    ids=[
        "one takes all",
        "two share",
        "a newcomer gets half",
        "whatever the order",
        "a third takes from both",
        "who leaves is divided",
        "odd ones go to the first",
        "whoever has the odd ones keeps them",
        "one moves",
        "strangers own nothing",
        "nobody",
    ],
)
def test_shares(members: str, before: str, after: str) -> None:
    assert written(share(PARTITIONS, list(members), owners(before))) == after


@given(
    count=st.integers(1, 40),
    members=st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True),
    data=st.data(),
)
def test_shares_are_even_stable_and_move_no_more_than_they_must(
    count: int, members: list[str], data: st.DataObject
) -> None:
    # given
    partitions = [Partition(Topic.ORDERS, number) for number in range(count)]
    before = data.draw(st.dictionaries(st.sampled_from(partitions), st.sampled_from("abcdefghz")))

    # when
    after = share(partitions, members, before)

    # then
    sizes = Counter(dict.fromkeys(members, 0))
    sizes.update(after.values())
    assert sorted(after) == partitions
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert share(partitions, members, after) == after
    assert share(partitions, members[::-1], after) == after
    had = Counter(owner for owner in before.values() if owner in members)
    even, odd = divmod(count, len(members))
    kept_at_most = sum(sorted((min(had[member], even + 1) for member in members), reverse=True)[:odd]) + sum(
        min(have, even) for have in sorted((had[member] for member in members), reverse=True)[odd:]
    )
    assert sum(before.get(partition) == after[partition] for partition in partitions) == kept_at_most


def act(owned: dict[Partition, str], members: list[str], member: str) -> dict[Partition, str]:
    """What is owned once a member has given up what it should not have, and taken what is free of its share."""
    target = share(PARTITIONS, members, owned)
    kept = {partition: owner for partition, owner in owned.items() if owner != member or target[partition] == member}
    return {partition: member for partition, to in target.items() if to == member} | kept


@given(members=st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True), data=st.data())
def test_members_that_act_one_by_one_settle_whatever_their_order(members: list[str], data: st.DataObject) -> None:
    owned = data.draw(st.dictionaries(st.sampled_from(PARTITIONS), st.sampled_from(members)))

    for member in data.draw(st.permutations(members)) * 4:
        owned = act(owned, members, member)

    assert share(PARTITIONS, members, owned) == owned
