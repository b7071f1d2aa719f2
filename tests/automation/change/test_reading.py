"""A change file's text into its model: what is right is kept, what is wrong is told, both at once."""

import pytest

from automation.change.reading import Understood, understand

RIGHT = {
    "title": "t",
    "ticket": "T-1",
    "team": "a",
    "select": '"*"',
    "config": "{ios: i.j2}",
    "approvals": "[{area: b}]",
}


A_NAME = "must be 1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
NO_PATTERN = "checks.0.matches '[' must be a regular expression: unterminated character set at position 0"
NO_PLATFORM = "checks.0.platforms (a list) must have at least 1"


def read(**fields: str) -> Understood:
    """The right file with fields over it; an empty one is left out."""
    text = "".join(f"{name}: {value}\n" for name, value in {**RIGHT, **fields}.items() if value)
    return understand("change.yaml", text)


def messages(understood: Understood) -> list[str]:
    return [problem.message for problem in understood.problems]


def test_what_is_right_is_understood() -> None:
    found = read()

    assert found.entry is not None
    assert not found.problems
    assert not found.broken
    assert found.entry.config == {"ios": "i.j2"}


@pytest.mark.parametrize("field", ["title", "ticket", "team", "select", "approvals"])
def test_what_is_missing_is_told_and_the_rest_is_kept(field: str) -> None:
    found = read(**{field: ""})

    assert messages(found) == [f"{field} is missing"]
    assert found.broken == {field}
    assert found.entry is not None
    assert found.entry.config == {"ios": "i.j2"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "'  '", "title '  ' must be one line of at most 200 characters that can be printed"),
        ("title", "x" * 201, f"title '{'x' * 60}...' must be one line of at most 200 characters that can be printed"),
        ("title", '"a\\tb"', "title 'a\\tb' must be one line of at most 200 characters that can be printed"),
        ("title", '"a\\x1b[31m"', "title 'a\\x1b[31m' must be one line of at most 200 characters that can be printed"),
        ("ticket", "{a: b}", "ticket (a map) must be text"),
        ("team", "-x", f"team '-x' {A_NAME}"),
        ("team", "x" * 64, f"team '{'x' * 60}...' {A_NAME}"),
        ("select", "x" * 2001, f"select '{'x' * 60}...' must have at most 2000"),
        ("config", "i.j2", "config 'i.j2' must be a map"),
        ("config", "{}", "config (a map) must have at least 1"),
        ("config", "{ios: {a: b}}", "config.ios (a map) must be text"),
        ("mode", "MERGE", "mode 'MERGE' must be merge or replace"),
        ("task", "a-b", "task 'a-b' must be a name: letters, digits and underscores"),
        ("data", "[a]", "data (a list) must be text"),
        ("variables", "[a]", "variables must be a map"),
        ("variables", "{9a: 1}", "variables.9a must be a name: letters, digits and underscores"),
        ("checks", "{a: b}", "checks (a map) must be a list"),
        ("checks", "[a]", "checks.0 'a' must be a map of fields"),
        ("checks", "[{name: a}]", "checks.0.command is missing"),
        ("checks", "[{name: a, command: show x, matches: ''}]", "checks.0.matches '' must not be empty"),
        ("checks", "[{name: a, command: show x, matches: '['}]", NO_PATTERN),
        ("checks", "[{name: a, command: show x, lacks: x, platforms: []}]", NO_PLATFORM),
        ("checks", "[{name: a, command: show x, lacks: x, if: y}]", "there is no field 'checks.0.if'"),
        ("checks_within", "soon", "checks_within 'soon' must be a time span such as 500ms, 10s, 5m or 2h"),
        ("strategy", "fast", "strategy 'fast' must be a map of fields"),
        ("strategy", "{canary: 1.5}", "strategy.canary '1.5' must be a whole number"),
        ("strategy", "{canary: 1001}", "strategy.canary '1001' must be at most 1000"),
        ("strategy", "{waves: [" + "50%, " * 41 + "]}", "strategy.waves (a list) must have at most 40"),
        ("strategy", "{max_unhealthy: 0}", "strategy.max_unhealthy '0' must be at least 1"),
        ("strategy", "{bake: -5m}", "strategy.bake '-5m' must be a time span such as 500ms, 10s, 5m or 2h"),
        ("approvals", "[{area: 'a b'}]", f"approvals.0.area 'a b' {A_NAME}"),
        ("approvals", "[{count: 1}]", "approvals.0.area is missing"),
        ("approvals", "[{area: a, count: 11}]", "approvals.0.count '11' must be at most 10"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_wrong_is_told(field: str, value: str, message: str) -> None:
    found = read(**{field: value})

    assert message in messages(found), messages(found)
    assert field in found.broken


@pytest.mark.parametrize(
    ("written", "meant"),
    [("tittle", "title"), ("Title", "title"), ("check", "checks"), ("approval", "approvals"), ("selector", "select")],
)
def test_a_field_that_nobody_knows_is_guessed(written: str, meant: str) -> None:
    found = read(**{written: "x"})

    [problem] = found.problems
    assert problem.message == f"there is no field '{written}'"
    assert problem.hint == f"did you mean '{meant}'?"


def test_a_field_that_nobody_can_guess_gets_a_list() -> None:
    [problem] = read(colour="red").problems

    assert problem.hint.startswith(
        "fields are title, ticket, team, select, config, task, mode, keep, data, variables, checks"
    )


def test_a_wrong_field_does_not_hide_another() -> None:
    found = read(title="", team="a b", colour="red", checks_within="soon", approvals="[]")

    assert sorted(found.broken) == ["approvals", "checks_within", "colour", "team", "title"]
    assert len(found.problems) == 5
    assert found.entry is not None


def test_where_nothing_is_right_there_is_nothing() -> None:
    assert understand("change.yaml", "").entry is None
    assert understand("change.yaml", "- a\n").entry is None


def test_a_value_of_a_variable_is_never_shown() -> None:
    # it may be a secret that was written out
    assert "hunter2" not in str(read(variables="{9password: hunter2}").problems)
