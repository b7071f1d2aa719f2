"""Whatever stands in a bundle, it is a change or it is refused, with nothing else happening."""

from collections.abc import Mapping
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.change.bundle import Bundle
from automation.change.errors import BundleError, ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle

TEXT = dedent(
    """\
    title: t
    ticket: T-1
    team: a
    select: role in (router),region=emea
    config: {ios: i.j2}
    data: d.csv
    variables: {a: 1, b: [x, {c: y}]}
    checks: [{name: n, command: show x, matches: y}]
    checks_within: 30s
    strategy: {canary: 1, waves: [10%, 5], bake: 5m}
    approvals: [{area: b}]
    """
)
TEMPLATE = "{% for x in b %}{{ a + 1 }} {{ row.c | upper }}{% endfor %}{% include 'k.j2' ignore missing %}"
TABLE = "site,c\nber-1,x\n"


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """A text with a few of its parts replaced by something else."""
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        odd = st.sampled_from(
            [":", "[", "{", "}", "- ", "&a ", "*a", "!!x ", "\t", "'", '"', "null", "{{", "%}", "\x00"]
        )
        text = text[:start] + draw(st.one_of(st.text(max_size=6), odd)) + text[end:]
    return text


def opened(files: Mapping[str, str]) -> Change | str:
    encoded = {path: text.encode("utf-8", "replace") for path, text in files.items()}
    try:
        return open_bundle(Bundle(files=encoded).encode())
    except (BundleError, ChangeError) as error:
        return str(error)


def test_what_is_spoilt_is_right_to_begin_with() -> None:
    found = opened({"change.yaml": TEXT.replace("[10%, 5]", "[10%]"), "i.j2": TEMPLATE, "d.csv": TABLE})

    assert isinstance(found, Change), found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoilt(TEXT), spoilt(TEMPLATE), spoilt(TABLE))
def test_a_spoilt_change_is_a_change_or_refused(change: str, template: str, table: str) -> None:
    found = opened({"change.yaml": change, "i.j2": template, "d.csv": table})

    assert isinstance(found, Change) or found.startswith(("the change cannot be used", "the bundle", "a bundle"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_bundle_or_refused(content: bytes) -> None:
    with pytest.raises((BundleError, ChangeError)):
        open_bundle(content)
