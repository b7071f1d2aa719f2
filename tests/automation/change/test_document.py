"""YAML into plain data in which every value knows its line."""

from textwrap import dedent

import pytest

from automation.change.document import Document, read_document


def read(text: str) -> Document:
    return read_document("change.yaml", dedent(text))


def test_scalars_are_text_but_for_variables() -> None:
    document = read(
        """\
        ticket: 0042
        count: 7
        on: yes
        variables:
          vlan: 10
          store: 0042
          ratio: 1.5
          up: true
          off: NO
          none:
          quoted: "10"
          list: [1, a, {b: 2}]
        """
    )

    assert document.values == {
        "ticket": "0042",
        "count": "7",
        "on": "yes",
        "variables": {
            "vlan": 10,
            "store": "0042",
            "ratio": 1.5,
            "up": True,
            "off": "NO",
            "none": None,
            "quoted": "10",
            "list": [1, "a", {"b": 2}],
        },
    }


@pytest.mark.parametrize("empty", ["", "~", "null", "# a comment"])
def test_a_field_without_a_value_is_not_there(empty: str) -> None:
    assert read(f"title: t\nmode: {empty}\n").values == {"title": "t"}


def test_quotes_make_text_of_anything() -> None:
    assert read("a: ''\nb: 'null'\nc: |\n  x\n  y\n").values == {"a": "", "b": "null", "c": "x\ny\n"}


def test_every_value_knows_its_line() -> None:
    document = read(
        """\
        # a comment
        title: t

        checks:
          - name: a
            command: b
          - {name: c}
        variables:
          x:
            y: 1
        """
    )

    assert document.lines == {
        ("title",): 2,
        ("checks",): 4,
        ("checks", "0"): 5,
        ("checks", "0", "name"): 5,
        ("checks", "0", "command"): 6,
        ("checks", "1"): 7,
        ("checks", "1", "name"): 7,
        ("variables",): 8,
        ("variables", "x"): 9,
        ("variables", "x", "y"): 10,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a", "b"), 2),
        (("a", "missing"), 1),
        (("a", "b", "deeper", "still"), 2),
        (("nowhere",), 0),
        ((), 0),
    ],
)
def test_what_has_no_line_has_that_of_what_is_around_it(path: tuple[str, ...], line: int) -> None:
    assert read("a:\n  b: 1\n").line(path) == line


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", 1, "the file is empty", "wavegate change new writes one to begin with"),
        ("a\n", 1, "a change is a map of fields: title, ticket, team and so on", ""),
        ("[a]\n", 1, "a change is a map of fields: title, ticket, team and so on", ""),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here twice", "the first is on line 1"),
        ("a:\n  b: 1\n  b: 2\n", 3, "'b' stands here twice", "the first is on line 2"),
        ("a: 1\n<<: {b: 2}\n", 2, "merge keys (<<) are not read", "repeat the fields"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be text", ""),
        ("a: 1\n...\n---\nb: 2\n", 3, "a second document begins here", "one file is one document: remove the ---"),
        ("a: !!set {x}\n", 1, "tags such as 'tag:yaml.org,2002:set' are not read", None),
        ("a: *nothing\n", 1, "the alias *nothing has no anchor before it", ""),
        ("a:\n\t- b\n", 2, "the YAML is broken: found character that cannot start any token", None),
        ("a: [1, 2\nb: 3\n", 2, None, ""),
        ("a: " + "[" * 30 + "]" * 30, 1, "maps and lists are nested more than 24 deep", ""),
    ],
    ids=[
        "empty", "text", "list", "twice", "twice below", "merge", "key", "two", "tag", "alias", "tab", "open", "deep"
    ],
)  # fmt: skip
def test_what_is_no_document_is_told(text: str, line: int, message: str | None, hint: str | None) -> None:
    problem = read_document("change.yaml", text).problems[0]

    assert (problem.file, problem.line) == ("change.yaml", line)
    assert message is None or problem.message == message
    assert hint is None or problem.hint == hint


def test_reading_goes_on_after_what_is_wrong() -> None:
    document = read("a: 1\na: 2\n? {b: 1}\n: x\nc: 3\n<<: {d: 4}\ne: 5\n")

    assert document.values == {"a": "1", "c": "3", "e": "5"}
    assert [problem.line for problem in document.problems] == [2, 3, 6]


def test_aliases_repeat_what_they_name() -> None:
    document = read("a: &x {b: 1}\nc: *x\n")

    assert document.values == {"a": {"b": "1"}, "c": {"b": "1"}}


def test_aliases_that_unfold_without_end_are_stopped() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )

    problems = read_document("change.yaml", text).problems

    assert [problem.message for problem in problems] == ["the aliases of this file unfold to far more than it says"]
