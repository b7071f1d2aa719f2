"""Operations on text, each against what it should be and against its bounds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.render import texts
from automation.render.budget import Allowance, spending
from automation.render.errors import RefusedError

words = st.text(alphabet="ab -%", max_size=12)


@given(st.lists(words), words)
def test_joining_is_pythons(items: list[str], separator: str) -> None:
    with spending(Allowance()):
        assert texts.joined(items, separator) == separator.join(items)


@given(words, st.text("ab", min_size=1, max_size=2), words, st.integers(-1, 3))
def test_replacing_is_pythons(text: str, old: str, new: str, count: int) -> None:
    with spending(Allowance()):
        assert texts.replaced(text, old, new, count) == text.replace(old, new, count)


@given(words, st.integers(-5, 200))
def test_padding_is_pythons(text: str, width: int) -> None:
    assert texts.padded_left(text, width) == text.rjust(width)
    assert texts.padded_right(text, width) == text.ljust(width)
    assert texts.centred(text, width) == text.center(width)
    assert texts.zero_filled(text, width) == text.zfill(width)


@given(st.integers(-(10**9), 10**9), st.integers(0, 20), st.sampled_from(["", "-", "0", "+", " "]))
def test_formatting_is_pythons(number: int, width: int, flag: str) -> None:
    pattern = f"<%{flag}{width or ''}d>"

    with spending(Allowance()):
        assert texts.formatted(pattern, number) == pattern % number


@pytest.mark.parametrize(
    ("text", "width", "first", "expected"),
    [
        ("a\nb", 2, True, "  a\n  b"),
        ("a\nb", 2, False, "a\n  b"),
        ("a\n\nb\n", 1, True, " a\n\n b\n"),
        ("", 3, True, ""),
        ("a", 0, True, "a"),
    ],
)
def test_indenting_leaves_empty_lines_alone(text: str, width: int, *, first: bool, expected: str) -> None:
    with spending(Allowance()):
        assert texts.indented(text, width, first=first) == expected


@pytest.mark.parametrize(
    ("pattern", "values", "expected"),
    [
        ("%s", "a", "a"),
        ("%s-%s", ("a", 1), "a-1"),
        ("%5s|%-5s|", ("a", "b"), "    a|b    |"),
        ("%03d", 7, "007"),
        ("%+d", 7, "+7"),
        ("%x %X %#x %o", (255, 255, 255, 8), "ff FF 0xff 10"),
        ("%.2f %e %g", (1.005, 1500.0, 0.5), "1.00 1.500000e+03 0.5"),
        ("100%%", (), "100%"),
        ("nothing", (), "nothing"),
    ],
)
def test_formats_that_are_known(pattern: str, values: object, expected: str) -> None:
    with spending(Allowance()):
        assert texts.formatted(pattern, values) == expected


@pytest.mark.parametrize(
    "pattern", ["%", "%q", "%c", "%r", "%a", "%i", "%*d", "%.*f", "%(name)s", "%ld", "%b", "100%", "% %", "%%%"]
)
def test_formats_that_are_not(pattern: str) -> None:
    with spending(Allowance()), pytest.raises(RefusedError, match="has a % that means nothing here"):
        texts.formatted(pattern, (1, 2))


@pytest.mark.parametrize("pattern", ["%201d", "%-999s", "%.201f", "%99999999999999999999d", "%.99999999999999999f"])
def test_formats_that_are_too_wide(pattern: str) -> None:
    with spending(Allowance()), pytest.raises(RefusedError, match="nothing is made wider than 200 characters"):
        texts.formatted(pattern, 1)


@pytest.mark.parametrize(("pattern", "values"), [("%s", ()), ("%s", (1, 2)), ("%d", "a"), ("%x", 1.5)])
def test_formats_that_do_not_fit_their_values(pattern: str, values: object) -> None:
    with spending(Allowance()), pytest.raises(TypeError):
        texts.formatted(pattern, values)


@pytest.mark.parametrize(
    "function", [texts.padded_left, texts.padded_right, texts.centred, texts.zero_filled, texts.indented]
)
@pytest.mark.parametrize(
    ("width", "message"),
    [
        (201, "nothing is made wider than 200 characters"),
        (10**12, "nothing is made wider than 200 characters"),
        ("5", "a width must be a whole number"),
        (2.0, "a width must be a whole number"),
        (True, "a width must be a whole number"),
        (None, "a width must be a whole number"),
    ],
)
def test_widths_are_bounded(function: Callable[..., str], width: object, message: str) -> None:
    with spending(Allowance()), pytest.raises(RefusedError, match=message):
        function("a", width)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: texts.joined(["x" * 10] * 10), 100),
        (lambda: texts.joined(["", "", ""], "y" * 10), 30),
        (lambda: texts.replaced("aaaa", "a", "x" * 25), 104),
        (lambda: texts.repeated("ab", 30), 60),
        (lambda: texts.repeated([1], 70), 70),
        (lambda: texts.indented("a\nb", 20), 43),
    ],
    ids=["join", "separators", "replace", "repeat", "repeat a list", "indent"],
)
def test_what_is_made_is_counted(make: Callable[[], object], size: int) -> None:
    with spending(Allowance(characters=size)):
        assert make()
    with spending(Allowance(characters=size - 1)), pytest.raises(RefusedError, match="characters of text"):
        make()


def test_repeating_less_than_nothing_is_nothing() -> None:
    with spending(Allowance(characters=0)):
        assert texts.repeated("ab", -5) == ""
        assert texts.repeated([1], 0) == []


def test_a_text_is_not_taken_apart() -> None:
    with spending(Allowance()), pytest.raises(RefusedError, match="would take a text apart into its characters"):
        texts.joined("abc", "-")
