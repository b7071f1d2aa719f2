"""The grammar of selectors: what is read, how it is written again, and how a slip is pointed at."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.selectors import Operator, Selector, SelectorError, Term, Value, parse_selector


def term(key: str, operator: Operator, *values: Value) -> Term:
    return Term(key=key, operator=operator, values=values)


IN, NOT_IN, EXISTS, ABSENT = Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.ABSENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("role=router", [term("role", IN, Value("router"))], id="="),
        pytest.param("role==router", [term("role", IN, Value("router"))], id="=="),
        pytest.param("tier!=lab", [term("tier", NOT_IN, Value("lab"))], id="!="),
        pytest.param(
            "role in (router,switch)", [term("role", IN, Value("router"), Value("switch"))], id="in"
        ),
        pytest.param("role notin (ap)", [term("role", NOT_IN, Value("ap"))], id="notin"),
        pytest.param("pilot", [term("pilot", EXISTS)], id="exists"),
        pytest.param("!pilot", [term("pilot", ABSENT)], id="absent"),
        pytest.param(
            " role in( router , switch ),\n  region = emea,! pilot ",
            [
                term("role", IN, Value("router"), Value("switch")),
                term("region", IN, Value("emea")),
                term("pilot", ABSENT),
            ],
            id="white space does not matter",
        ),
        pytest.param("store-0*-rtr1", [term("name", IN, Value("store-0*-rtr1", is_glob=True))], id="glob of names"),
        pytest.param("!store-9*", [term("name", NOT_IN, Value("store-9*", is_glob=True))], id="all names but these"),
        pytest.param("*", [term("name", IN, Value("*", is_glob=True))], id="everything"),
        pytest.param(
            "name in (a, b-?, [!c]*)",
            [term("name", IN, Value("a"), Value("b-?", is_glob=True), Value("[!c]*", is_glob=True))],
            id="list of names and globs",
        ),
        pytest.param("os_version=17.*", [term("os_version", IN, Value("17.*", is_glob=True))], id="glob of versions"),
        pytest.param('os_version="15.2(7)E3"', [term("os_version", IN, Value("15.2(7)E3"))], id="quoted"),
        pytest.param(r'a="say \"x\" \\ y"', [term("a", IN, Value('say "x" \\ y'))], id="escaped"),
        pytest.param('a="b*"', [term("a", IN, Value("b*"))], id="a quoted star is a star"),
        pytest.param('a=""', [term("a", IN, Value(""))], id="empty value"),
        pytest.param("in in (in,notin)", [term("in", IN, Value("in"), Value("notin"))], id="words of the grammar"),
        pytest.param("example.com/team=a", [term("example.com/team", IN, Value("a"))], id="key with a prefix"),
        pytest.param("timezone=Europe/Berlin", [term("timezone", IN, Value("Europe/Berlin"))], id="slash"),
    ],
)  # fmt: skip
def test_what_is_read(text: str, expected: list[Term]) -> None:
    assert parse_selector(text).terms == tuple(expected)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "a selector must not be empty: * selects every device"),
        ("   ", 4, "a selector must not be empty: * selects every device"),
        ("role=", 6, 'here belongs a value, but the selector ends (the empty value is written "")'),
        ("role=,a=b", 6, "here belongs a value, but there is ','"),
        ("role=a,", 8, "here belongs the name of an attribute or a label, but the selector ends"),
        ("role=a,,b", 8, "here belongs the name of an attribute or a label, but there is ','"),
        ("role a", 6, "after 'role' belongs a comma or one of = != in notin, but there is 'a'"),
        ("role in a", 9, "here belongs '(', but there is 'a'"),
        ("role in ()", 10, "here belongs a value, but there is ')'"),
        ("role in (a b)", 12, "here belongs ',' or ')', but there is 'b'"),
        ("role in (a,)", 12, "here belongs a value, but there is ')'"),
        ("role in (a", 11, "here belongs ',' or ')', but the selector ends"),
        ("role=a b=c", 8, "here belongs ',', but there is 'b'"),
        ("!role=a", 6, "here belongs ',', but there is '='"),
        ("!!role", 2, "here belongs the name of an attribute or a label, but there is '!'"),
        ("-role=a", 1, "here belongs the name of an attribute or a label, but there is '-role'"),
        ('"role"=a', 1, "here belongs the name of an attribute or a label, but there is '\"role\"'"),
        ('a="b', 3, "this quote is never closed"),
        ("a=b[c", 4, "this [ is never closed"),
        ("a=b]c", 4, "there is no [ before this ]"),
        ("a='b'", 3, '"\'" has no meaning here; put values that need it into double quotes'),
        ("mtu>1500", 4, "'>' has no meaning here; put values that need it into double quotes"),
        ("a=b)", 4, "here belongs ',', but there is ')'"),
    ],
)
def test_a_slip_is_pointed_at(text: str, column: int, reason: str) -> None:
    with pytest.raises(SelectorError, match=re.escape(reason)) as caught:
        parse_selector(text)
    assert caught.value.column == column
    assert str(caught.value).splitlines()[-1] == " " * (column + 1) + "^"


def test_the_caret_stands_under_its_line() -> None:
    with pytest.raises(SelectorError) as caught:
        parse_selector("role=router,\nregion=,\ntier=a")
    assert str(caught.value).splitlines()[1:] == ["  region=,", "         ^"]


def test_a_list_of_names() -> None:
    """Names are taken as they are, whatever characters they have."""
    selector = Selector.of_names(["hq-rtr1", "store-*"])
    assert str(selector) == 'name in (hq-rtr1,"store-*")'
    assert parse_selector(str(selector)) == selector


def test_an_empty_list_of_names_is_refused() -> None:
    with pytest.raises(SelectorError, match="a list of names must not be empty"):
        Selector.of_names([])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("role in (router)", "role=router"),
        (" role == router , !pilot ", "role=router,!pilot"),
        ("store-*", "name=store-*"),
        ("!store-*", "name!=store-*"),
        ('a in ("b", c)', "a in (b,c)"),
    ],
)
def test_there_is_one_spelling(text: str, expected: str) -> None:
    assert str(parse_selector(text)) == expected


keys = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,10}[A-Za-z0-9])?", fullmatch=True)
literals = st.one_of(st.text(max_size=12), st.sampled_from(["in", "notin", "a b", '"', "\\", "*", "[", "]"])).map(Value)
globs = st.from_regex(r"[a-z0-9-]{0,3}(\*|\?|\[!?[a-z]+\])[a-z0-9*?-]{0,3}", fullmatch=True).map(
    lambda text: Value(text, is_glob=True)
)
values = st.lists(st.one_of(literals, globs), min_size=1, max_size=4).map(tuple)
terms = st.one_of(
    st.builds(Term, key=keys, operator=st.sampled_from([IN, NOT_IN]), values=values),
    st.builds(Term, key=keys, operator=st.sampled_from([EXISTS, ABSENT])),
)
selectors = st.builds(Selector, terms=st.lists(terms, min_size=1, max_size=4).map(tuple))


@settings(deadline=None, derandomize=True)
@given(selectors)
@example(Selector(terms=(term("a", IN, Value("\n"), Value("'"), Value(",")),)))
def test_what_is_written_is_read_as_the_same(selector: Selector) -> None:
    assert parse_selector(str(selector)) == selector


def parsed_or_refused(text: str) -> Selector | SelectorError:
    try:
        return parse_selector(text)
    except SelectorError as error:
        return error


@settings(deadline=None, derandomize=True)
@given(st.text(alphabet='ab*?[]!=,()" \\in', max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is read is written in the one spelling, which is then read as the same."""
    found = parsed_or_refused(text)
    if isinstance(found, SelectorError):
        assert 1 <= found.column <= len(text) + 1
    else:
        assert parse_selector(str(found)) == found
