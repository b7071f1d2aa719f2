"""The immutable tree of lines."""

import pytest

from lab.config.tree import EMPTY, Node


def line(text: str, rank: int = 0) -> Node:
    return Node(text=text, key=text.split(maxsplit=1)[0], rank=(rank, ()))


def test_a_line_takes_the_place_of_the_one_with_its_key() -> None:
    before = EMPTY.put((), line("a 1")).put((), line("b 1"))

    after = before.put((), line("a 2"))

    assert [node.text for node in after.children] == ["a 2", "b 1"]
    assert [node.text for node in before.children] == ["a 1", "b 1"]


def test_lines_are_kept_by_rank_and_then_as_they_come() -> None:
    tree = EMPTY
    for node in (line("c", 2), line("a", 1), line("b", 2), line("d", 0)):
        tree = tree.put((), node)

    assert [node.text for node in tree.children] == ["d", "a", "c", "b"]


def test_a_line_that_changes_its_rank_moves() -> None:
    tree = EMPTY.put((), line("a 1", 0)).put((), line("b", 1)).put((), line("a 2", 2))

    assert [node.text for node in tree.children] == ["b", "a 2"]


def test_edits_share_what_they_do_not_change() -> None:
    before = EMPTY.put((), line("a")).put((), line("b")).put(("a",), line("x"))

    after = before.put(("b",), line("y"))

    assert after.child("a") is before.child("a")
    assert after != before


def test_finds_drops_and_walks() -> None:
    tree = EMPTY.put((), line("a")).put(("a",), line("x 1")).put(("a", "x"), line("deep"))

    assert tree.at(("a", "x", "deep")) is not None
    assert tree.at(("a", "nowhere", "deep")) is None
    assert [(path, node.text) for path, node in tree.walk()] == [
        ((), "a"),
        (("a",), "x 1"),
        (("a", "x"), "deep"),
    ]
    assert tree.drop(("a",), "x").at(("a",)) == line("a")


@pytest.mark.parametrize("act", [lambda tree: tree.put(("z",), line("x")), lambda tree: tree.drop(("z",), "x")])
def test_a_section_that_is_not_there_cannot_be_edited(act: object) -> None:
    with pytest.raises(KeyError):
        act(EMPTY)  # type: ignore[operator]
