"""What comes out of templates, and how they tell what is wrong."""

from collections.abc import Callable

import pytest

from automation.render.errors import Failure, RenderError
from automation.render.templates import Templates


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("interface Vlan{{ row.vlan }}\n mtu {{ mtu }}\n", "interface Vlan10\n mtu 1500\n"),
        ("a\n{% for s in servers %}\n ntp {{ s }}\n{% endfor %}\nb\n", "a\n ntp 192.0.2.1\n ntp 192.0.2.2\nb\n"),
        ("a\n  {% if enabled %}\n b\n  {% endif %}\nc\n", "a\n b\nc\n"),
        ("{# a note #}\nx\n", "x\n"),
        ("{{ row.items }}", "a column called items"),
        ("{% for k, v in device.items() if v is none %}{{ k }}{% endfor %}", "os_version"),
        ("{% for k, v in row | dictsort %}{{ k }}={{ v }};{% endfor %}", "items=a column called items;vlan=10;"),
        ("{% for l, who in [{'l': 1}, {'l': 1}, {'l': 2}] | groupby('l') %}{{ l }}x{{ who|length }} {% endfor %}",
         "1x2 2x1 "),
        ("{% for s in servers %}{{ loop.index }}/{{ loop.length }}{{ ', ' if not loop.last }}{% endfor %}", "1/2, 2/2"),
        ("{% for s in servers %}{{ loop.cycle('a', 'b') }}{% endfor %}", "ab"),
        ("{% for s in [1, 1, 2] %}{{ s if loop.changed(s) }}{% endfor %}", "12"),
        ("{% for s in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for x in [1, [2, [3]]] recursive %}{{ x if x is number else loop(x) }}{% endfor %}", "123"),
        ("{% set n = namespace(x=0) %}{% for s in servers %}{% set n.x = n.x + 1 %}{% endfor %}{{ n.x }}", "2"),
        ("{% macro m(a, b='y') %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call m('x') %}z{% endcall %}", "xyz"),
        ("{% with a = 1 %}{{ a }}{% endwith %}{% set b, c = 2, 3 %}{{ b }}{{ c }}", "123"),
        ("{% filter upper %}{{ servers | first }}a{% endfilter %}", "192.0.2.1A"),
        ("{% set x | upper %}ab{% endset %}{{ x }}", "AB"),
        ("{{ 7 // 2 }} {{ 7 % 2 }} {{ -mtu }} {{ 2 ** 10 }}", "3 1 -1500 1024"),
        ("{{ 'same' if [1] + [2] == [1, 2] }}{{ '-' * 3 }}", "same---"),
        ("{{ servers[0][-1] }}{{ servers[-1][:3] }}", "1192"),
        ("{{ 'x' if row.nope is defined else 'y' }}{{ 'x' if nope is undefined }}", "yx"),
        ("{{ 'a' 'b' ~ mtu }}", "ab1500"),
        ("{{ ratio }}", "0.5"),
        ("{{ [] | first | default('none') }}", "none"),
        ("{% if psk is defined %}there{% endif %}", "there"),
        ("a\tb\n", "a\tb\n"),
        ("Zürich\n", "Zürich\n"),
    ],
)  # fmt: skip
def test_renders(text: Callable[[str], str], source: str, expected: str) -> None:
    assert text(source) == expected


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("{{ noc_prefx }}", "'noc_prefx' is not defined", "did you mean 'noc_prefix'?"),
        ("{{ row.vlam }}", "row has no 'vlam'", "did you mean 'vlan'?"),
        ("{{ row['vlam'] }}", "row has no 'vlam'", "did you mean 'vlan'?"),
        ("{{ device.labels.x }}", "the value has no 'x'", "there are no values"),
        ("{{ servers[2] }}", "a list has no '2'", ""),
        ("{% for u in users %}{{ u.level }}{% endfor %}", "the value has no 'level'", "there are name"),
        ("{{ users | map(attribute='level') | join }}", "the value has no 'level'", "there are name"),
        ("{% if nope %}{% endif %}", "'nope' is not defined", ""),
        ("{% for x in nope %}{% endfor %}", "'nope' is not defined", ""),
        ("{{ nope ~ 'x' }}", "'nope' is not defined", ""),
        ("{{ nope + 1 }}", "'nope' is not defined", ""),
        ("{{ 'x' in nope }}", "'nope' is not defined", ""),
        ("{{ nope | upper }}", "'nope' is not defined", ""),
        ("{% for x in [nope] %}{{ x | ip_network }}{% endfor %}", "'nope' is not defined", ""),
        ("{{ 'x'.replace('x', nope) }}", "'nope' is not defined", ""),
        ("{{ device.os_version }}", "nothing (null) cannot be written into configuration", None),
        ("{{ enabled }}", "true or false cannot be written into configuration", None),
        ("{{ servers }}", "a list cannot be written into configuration", "use a loop, or the filter join"),
        ("{{ device }}", "a map cannot be written into configuration", "use a loop, or the filter join"),
        ("{{ 'x' ~ servers }}", "a list cannot be written into configuration", None),
        ("{{ servers | join(nothing) }}", "this cannot be computed", None),
        ("{{ [enabled] | join }}", "true or false cannot be written into configuration", None),
        ("{% for x in 'abc' %}{% endfor %}", "a loop goes over a list or a map, and this is text", "split it first"),
        ("{{ 'a' + 1 }}", "text + a number means nothing", "text is put together with ~"),
        ("{{ servers - 1 }}", "a list - a number means nothing", ""),
        ("{{ 1 / 0 }}", "this cannot be computed", ""),
        ("{{ servers | sort(attribute='x') }}", "text has no 'x'", None),
        ("{{ 'x'.uper() }}", "text has no 'uper' in templates", "did you mean 'upper'?"),
        ("{{ 'x'.split(1) }}", "the method split of text does not work so", ""),
        ("{{ row.items() }}", "text cannot be called", "leave the parentheses out"),
        ("{{ range }}", "a function cannot be written into configuration", None),
        ("{{ servers | first | uper }}", "No filter named 'uper'.", ""),
        ("{{ x }", "unexpected '}'", ""),
        ("{% for x in servers %}", None, ""),
        ("{% include 'other.j2' %}", "there is no template 'other.j2'", None),
        ("a\u00a0b", "the rendered text has the character U+00A0 in it, which no configuration has", None),
        ("a\x1bb", "the rendered text has the character U+001B in it, which no configuration has", None),
    ],
)  # fmt: skip
def test_says_what_is_wrong(
    fails: Callable[[str], Failure], source: str, message: str | None, hint: str | None
) -> None:
    failure = fails(source)

    assert message is None or failure.message == message
    assert hint is None or failure.hint == hint


@pytest.mark.parametrize(
    "source",
    [
        "{{ psk }}",
        "{{ psk ~ '' }}",
        "{{ psk + 'x' }}",
        "{{ psk | upper }}",
        "{{ psk | default('x') }}",
        "{{ psk[0] }}",
        "{{ psk.upper() }}",
        "{{ '%s' % psk }}",
        "{{ [psk] | join }}",
        "{% if psk == 'x' %}{% endif %}",
        "{{ {'a': psk}.values() | first }}",
    ],
)
def test_a_reference_to_a_secret_is_good_for_nothing(fails: Callable[[str], Failure], source: str) -> None:
    failure = fails(source)

    assert failure.message == "'psk' is a reference to a secret (env:STORE_PSK), which no template gets"
    assert "leave the line out" in failure.hint


def test_a_reference_within_a_map_is_named_by_its_place(fails: Callable[[str], Failure]) -> None:
    assert fails("{{ snmp.community }}").message.startswith("'snmp.community' is a reference to a secret (file:/run/")


@pytest.mark.parametrize(
    ("sources", "place", "expression"),
    [
        ({"t.j2": "a\nb\n x {{ nope }}\n"}, ("t.j2", 3), "x {{ nope }}"),
        ({"t.j2": "a\n{% include 'i.j2' %}", "i.j2": "\n\n{{ nope }}"}, ("i.j2", 3), "{{ nope }}"),
        ({"t.j2": "{% from 'm.j2' import m %}\n{{ m() }}", "m.j2": "{% macro m() %}\n{{ nope }}{% endmacro %}"},
         ("m.j2", 2), "{{ nope }}{% endmacro %}"),
        ({"t.j2": "{% extends 'b.j2' %}{% block x %}\n{{ nope }}{% endblock %}", "b.j2": "{% block x %}{% endblock %}"},
         ("t.j2", 2), "{{ nope }}{% endblock %}"),
        ({"t.j2": "{% extends 'b.j2' %}", "b.j2": "a\n{{ nope }}"}, ("b.j2", 2), "{{ nope }}"),
        ({"t.j2": "a\n\n{% for x in [1] %}\n{% if x %}\n{{ nope }}\n{% endif %}{% endfor %}"},
         ("t.j2", 5), "{{ nope }}"),
        ({"t.j2": "{{ nope }}" + "y" * 200}, ("t.j2", 1), "{{ nope }}" + "y" * 110 + "..."),
    ],
    ids=["line", "include", "macro", "block", "extends", "nested", "long"],
)  # fmt: skip
def test_says_where(sources: dict[str, str], place: tuple[str, int], expression: str) -> None:
    with pytest.raises(RenderError) as caught:
        Templates(sources).render("t.j2", {})

    failure = caught.value.failure
    assert (failure.template, failure.line) == place
    assert failure.expression == expression
    assert failure.missing == "nope"


def test_an_error_says_everything_in_one_line() -> None:
    with pytest.raises(RenderError) as caught:
        Templates({"templates/ios.j2": "ntp server {{ ntp_sever }}"}).render("templates/ios.j2", {"ntp_server": "x"})

    error = caught.value.on("ber-r1")
    assert str(error) == (
        "ber-r1: templates/ios.j2:1: 'ntp_sever' is not defined, in: ntp server {{ ntp_sever }}; "
        "did you mean 'ntp_server'?"
    )
    assert not error.retriable


def test_templates_share_what_they_see() -> None:
    # an imported template sees the same names as the one that imports it, in whatever way it is taken in
    sources = {
        "t.j2": "{% include 'i.j2' %}{% import 'i.j2' as i %}{{ i.m() }}{% from 'i.j2' import m %}{{ m() }}",
        "i.j2": "{% macro m() %}<{{ name }}>{% endmacro %}",
    }

    assert Templates(sources).render("t.j2", {"name": "x"}) == "<x><x>"


def test_blocks_are_inherited() -> None:
    sources = {
        "t.j2": "{% extends 'b.j2' %}{% block a %}{{ super() }}2{% endblock %}",
        "b.j2": "{% block a %}1{% endblock %}{{ self.a() }}",
    }

    assert Templates(sources).render("t.j2", {}) == "1212"
