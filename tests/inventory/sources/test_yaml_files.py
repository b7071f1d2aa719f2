"""YAML as it is read: its form, its lines, and what would make it grow without end."""

import hashlib
from collections.abc import Callable, Mapping

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.sources.files import Format, SourceFile
from inventory.sources.records import Kind, Record
from inventory.sources.yaml_events import MAX_DEPTH, MAX_SCALAR
from inventory.sources.yaml_files import field_lines, read_yaml

Refused = Callable[[Mapping[str, str]], list[str]]


def source(text: str | bytes) -> SourceFile:
    content = text.encode() if isinstance(text, str) else text
    return SourceFile(name="e.yaml", format=Format.YAML, content=content, digest=hashlib.sha256(content).hexdigest())


def problems(text: str | bytes) -> list[str]:
    reading = read_yaml(source(text))
    return [str(problem) for problem in (*reading.gaps, *reading.problems)]


def record(text: str) -> Record:
    reading = read_yaml(source(text))
    assert not reading.gaps
    assert not reading.problems
    [found] = reading.records
    return found


def variables(text: str) -> object:
    return record(f"devices:\n  d:\n    variables:\n{text}").fields["variables"]


def test_fields_are_text_and_variables_have_types() -> None:
    found = record("devices:\n  d: {port: 22, labels: {a: true}, variables: {a: 22, b: '22', c: [true, ~, 1.5, x]}}\n")
    assert found.kind is Kind.DEVICE
    assert found.name == "d"
    assert found.fields == {
        "port": "22",
        "labels": {"a": "true"},
        "variables": {"a": 22, "b": "22", "c": [True, None, 1.5, "x"]},
    }


def test_a_field_without_a_value_is_not_there() -> None:
    assert record("devices:\n  d:\n    via:\n    os_version: ~\n    role: ''\n").fields == {"role": ""}


def test_every_variable_has_its_line() -> None:
    found = record("# first\ndevices:\n  d:\n    variables:\n      a: 1\n\n      b:\n        - 2\n      c: 3\n")
    assert found.origin.line == 3
    assert found.origin.variable_lines == (5, 7, 9)


def test_scopes_of_variables_are_records() -> None:
    found = record("variables:\n  regions:\n    emea: {ntp: 10.0.0.1, mtu: 1500}\n")
    assert (found.kind, found.name) == (Kind.REGION, "emea")
    assert found.fields == {"variables": {"ntp": "10.0.0.1", "mtu": 1500}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("      a: |\n        x\n        y\n", {"a": "x\ny\n"}, id="block"),
        pytest.param("      a: >-\n        x\n        y\n", {"a": "x y"}, id="folded"),
        pytest.param("      a: {b: {c: [1, {d: e}]}}\n", {"a": {"b": {"c": [1, {"d": "e"}]}}}, id="nested"),
        pytest.param("      a: &x [1, 2]\n      b: *x\n", {"a": [1, 2], "b": [1, 2]}, id="alias"),
        pytest.param("      a: &x 7\n      b: [*x, *x]\n", {"a": 7, "b": [7, 7]}, id="alias of a scalar"),
        pytest.param(
            "      a: &x {b: &y [1]}\n      c: [*x, *y]\n", {"a": {"b": [1]}, "c": [{"b": [1]}, [1]]}, id="two"
        ),
        pytest.param("      a: &x 1\n      b: &x 2\n      c: *x\n", {"a": 1, "b": 2, "c": 2}, id="anchor set anew"),
    ],
)
def test_shapes_of_values(text: str, expected: object) -> None:
    assert variables(text) == expected


def test_an_anchor_may_be_text_in_one_place_and_a_number_in_another() -> None:
    found = record("devices:\n  d:\n    os_version: &v 17\n    variables: {major: *v}\n")
    assert found.fields == {"os_version": "17", "variables": {"major": 17}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "sties: {}\n", "e.yaml:1: there is no section 'sties'; did you mean 'sites'?", id="mistyped section"
        ),
        pytest.param(
            "a: 1\n",
            "e.yaml:1: there is no section 'a'; sections are sites, devices, jump_hosts, credentials or variables",
            id="unknown section",
        ),
        pytest.param(
            "- a\n",
            "e.yaml:1: the file must be a map with sites, devices, jump_hosts, credentials or variables;"
            " there is a list here",
            id="a list",
        ),
        pytest.param(
            "sites: [hq]\n",
            "e.yaml:1: sites must be a map from names to what they are; there is a list here",
            id="a section that is a list",
        ),
        pytest.param(
            "variables: {site: {}}\n",
            "e.yaml:1: variables can be of regions, countries and roles, not of 'site';"
            " variables of one site or device stand in its own record",
            id="variables of a site",
        ),
        pytest.param(
            "variables: {region: {}}\n",
            "e.yaml:1: variables can be of regions, countries and roles, not of 'region'; did you mean 'regions'?",
            id="mistyped scope",
        ),
        pytest.param(
            "devices:\n  d:\n    role: a\n    role: b\n",
            "e.yaml:4: 'role' stands here twice; the first is on line 3",
            id="a field twice",
        ),
        pytest.param(
            "devices:\n  d: {variables: {a: {b: 1, b: 2}}}\n",
            "e.yaml:2: 'b' stands here twice; the first is on line 2",
            id="twice in a variable",
        ),
        pytest.param("devices:\n  ? [a]\n  : {}\n", "e.yaml:2: a key must be text; there is a list here", id="odd key"),
        pytest.param(
            "devices:\n  d:\n    <<: {role: a}\n",
            "e.yaml:3: merge keys (<<) are not read; repeat the fields, or put what is common into variables of a"
            " region, country or role",
            id="merge key",
        ),
        pytest.param(
            "devices:\n  d: {variables: 3}\n",
            "e.yaml:2: variables of device 'd' must be a map from names to values; there is a single value here",
            id="variables that are none",
        ),
        pytest.param(
            "devices:\n  d: {role: !!python/name:os.system ''}\n",
            "e.yaml:2: tags such as 'tag:yaml.org,2002:python/name:os.system' are not read; write the value without it;"
            " secrets are referred to as env:NAME or file:/path",
            id="tag",
        ),
        pytest.param(
            "sites: {}\n---\nsites: {}\n",
            "e.yaml:2: a second document begins here; one file is one document: remove the ---",
            id="two documents",
        ),
        pytest.param("devices:\n  d: *x\n", "e.yaml:2: the alias *x has no anchor before it", id="unknown alias"),
        pytest.param(
            "devices:\n  d: &x {labels: *x}\n", "e.yaml:2: the alias *x has no anchor before it", id="alias of itself"
        ),
        pytest.param(
            "sites:\n\thq: {}\n",
            "e.yaml:2: the YAML is broken: found character that cannot start any token; indent with spaces, not tabs",
            id="tab",
        ),
        pytest.param(
            "sites: {\n", "e.yaml:2: the YAML is broken: did not find expected node content", id="never closed"
        ),
        pytest.param(
            "sites:\n  a: 'b\n", "e.yaml:3: the YAML is broken: found unexpected end of stream", id="quote never closed"
        ),
        pytest.param(
            "# ä\nsites: \x07\n", "e.yaml:2: the YAML is broken: control characters are not allowed", id="control"
        ),
        pytest.param(b"# fine\nsites: \xff\n", "e.yaml:2: this is not UTF-8 text; save it as UTF-8", id="not UTF-8"),
    ],
)  # fmt: skip
def test_form_is_judged_with_its_line(text: str | bytes, expected: str) -> None:
    assert problems(text) == [expected]


def test_what_is_skipped_takes_nothing_along() -> None:
    reading = read_yaml(source("other: &x {a: [1, {b: c}]}\n? {k: v}\n: [1]\ndevices:\n  d: {role: r}\n"))
    assert [record.name for record in reading.records] == ["d"]


def test_aliases_that_unfold_without_end_are_stopped() -> None:
    """Ten levels of ten aliases each are ten thousand million values."""
    levels = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 11))
    text = f"devices:\n  d: &l0 {{role: x}}\n{levels}"
    assert any("unfold to far more than it says" in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"sites: {'[' * 5_000}", id="lists, never closed"),
        pytest.param("devices: {d: {variables: {a: " + "[" * 60 + "]" * 60 + "}}}", id="lists"),
        pytest.param("devices: {d: {variables: {a: " + "{a: " * 60 + "1" + "}" * 60 + "}}}", id="maps"),
        pytest.param("devices: {d: " + "&a [" * 60 + "]" * 60 + "}", id="anchors"),
        pytest.param(
            "devices:\n  d:\n    variables:\n      a0: &a0 [1]\n"
            + "".join(f"      a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60)),
            id="aliases in aliases",
        ),
    ],
)
def test_depth_is_bounded(text: str) -> None:
    assert any(f"maps and lists are nested more than {MAX_DEPTH} deep" in problem for problem in problems(text))


def test_one_value_is_bounded() -> None:
    assert problems(f"sites:\n  hq: {'x' * (MAX_SCALAR + 1)}\n") == [
        f"e.yaml:2: a single value is longer than {MAX_SCALAR} characters"
    ]


def test_lines_are_found_by_their_keys() -> None:
    devices = "devices:\n  d:\n    role: r\n    variables:\n      a:\n        b: 1\n"
    assert field_lines(source(f"{devices}variables:\n  roles:\n    r:\n      c: 2\n")) == {
        ("devices",): 1,
        ("devices", "d"): 2,
        ("devices", "d", "role"): 3,
        ("devices", "d", "variables"): 4,
        ("devices", "d", "variables", "a"): 5,
        ("devices", "d", "variables", "a", "b"): 6,
        ("variables",): 7,
        ("variables", "roles"): 8,
        ("variables", "roles", "r"): 9,
        ("variables", "roles", "r", "c"): 10,
    }


names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
words = st.sampled_from(
    ["no", "NO", "on", "~", "null", "true", "12:30", "0042", "1e5", "1.5", "10", "0x1f", "- a", "*a", ""]
)
decimals = st.integers(-9_999, 9_999).map(lambda number: number / 8)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), decimals, texts, words)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=12
)


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(names, trees, max_size=4))
def test_what_pyyaml_writes_is_read_as_it_was(values: dict[str, object]) -> None:
    """PyYAML quotes whatever YAML 1.1 would take for something else, so both understand the same."""
    text = yaml.safe_dump({"devices": {"d": {"variables": values}}}, allow_unicode=True)
    assert record(text).fields.get("variables", {}) == values


@settings(deadline=None, derandomize=True)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="devics: {}[]&*a-|>'\"\n\t#!?<%~\\\x00\u00e4", max_size=80)))
@example(b"\xef\xbb\xbfsites:")
@example("? ")
@example("devices: {&a : *a}")
@example("%YAML 9.9\n---\n")
def test_any_bytes_are_read_or_refused(content: str | bytes) -> None:
    """Whatever stands in a file ends in records and problems with lines, never in an exception."""
    reading = read_yaml(source(content))
    for problem in (*reading.gaps, *reading.problems):
        assert problem.file == "e.yaml"
        assert 0 <= problem.line <= len(content) + 2
