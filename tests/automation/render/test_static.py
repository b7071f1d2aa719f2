"""What a template tells about itself without being rendered."""

import pytest

from automation.render.static import outline

TOO_DEEP = "expressions are nested too deep, or numbers are too long"


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("{% include 'a.j2' %}", [("a.j2", 1, False)]),
        ("\n{% include 'a.j2' ignore missing %}", [("a.j2", 2, True)]),
        ("{% include ['a.j2', 'b.j2'] %}", [("a.j2", 1, True), ("b.j2", 1, True)]),
        ("{% import 'a.j2' as a %}{% from 'b.j2' import b %}", [("a.j2", 1, False), ("b.j2", 1, False)]),
        ("{% extends 'a.j2' %}", [("a.j2", 1, False)]),
        ("{% if x %}{% include 'a.j2' %}{% endif %}", [("a.j2", 1, False)]),
    ],
    ids=["include", "optional", "choice", "imports", "extends", "inside"],
)
def test_names_what_it_takes_in(source: str, taken: list[tuple[str, int, bool]]) -> None:
    found = outline("t.j2", source)

    assert [(one.path, one.line, one.optional) for one in found.taken] == taken
    assert not found.failures


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("{{ row.a }}{{ row['b'] }}", {"row": {"a", "b"}}),
        ("{{ row.a }}{{ row[x] }}", {"row": None, "x": None}),
        ("{% for k, v in row.items() %}{% endfor %}", {"row": {"items"}, "k": None, "v": None}),
        ("{{ row | length }}", {"row": None}),
        ("{{ row.a.b }}", {"row": {"a"}}),
    ],
)
def test_knows_what_it_reads(source: str, parts: dict[str, set[str] | None]) -> None:
    assert outline("t.j2", source).parts == parts


def test_knows_the_names_it_uses() -> None:
    assert outline("t.j2", "{% set a = b %}{{ a }}{{ device.name }}").uses == {"a", "b", "device"}


@pytest.mark.parametrize(
    ("source", "line", "message", "hint"),
    [
        ("a\n{{ x | uper }}", 2, "there is no filter 'uper'", "did you mean 'upper'?"),
        ("{{ x is definde }}", 1, "there is no test 'definde'", "did you mean 'defined'?"),
        ("{% include x %}", 1, "which template is taken in here cannot be told beforehand", None),
        ("{% include [x, 'a.j2'] %}", 1, "which template is taken in here cannot be told beforehand", None),
        ("a\n{{ x }", 2, "unexpected '}'", ""),
        ("{% nonsense %}", 1, "Encountered unknown tag 'nonsense'.", ""),
        ("\n{% autoescape true %}x{% endautoescape %}", 2, "autoescape has no use in configuration", ""),
        ("{{ " + "(" * 900 + "x" + ")" * 900 + " }}", 0, TOO_DEEP, ""),
        ("{{ " + "x + " * 3000 + "x }}", 0, TOO_DEEP, ""),
        ("{{ " + "9" * 5000 + " }}", 0, TOO_DEEP, ""),
        ("{% for a in x %}" * 25 + "{% endfor %}" * 25, 0, "blocks or expressions are nested too deep", None),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", 1, None, ""),
    ],
)  # fmt: skip
def test_tells_what_is_wrong(source: str, line: int, message: str | None, hint: str | None) -> None:
    failure = outline("t.j2", source).failures[0]

    assert (failure.template, failure.line) == ("t.j2", line)
    assert message is None or failure.message == message
    assert hint is None or failure.hint == hint


def test_tells_everything_at_once() -> None:
    found = outline("t.j2", "{{ a | uper }}\n{{ b is ip }}\n{% include c %}\n{{ d | lover }}")

    assert sorted(failure.line for failure in found.failures) == [1, 2, 3, 4]


def test_shows_the_line() -> None:
    assert outline("t.j2", "\n   ntp {{ a | uper }}  ").failures[0].expression == "ntp {{ a | uper }}"
