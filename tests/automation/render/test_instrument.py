"""Where the counting stands in a template, and that nobody can write, hide or leave it out."""

from collections import Counter

import pytest
from jinja2 import TemplateAssertionError, nodes
from jinja2.sandbox import SandboxedEnvironment

from automation.render.errors import RenderError
from automation.render.filters import FILTERS
from automation.render.instrument import HOOKS, instrument
from automation.render.sandbox import Sandbox
from automation.render.static import outline
from automation.render.templates import Templates


def hooks(source: str) -> Counter[str]:
    """How often each hook stands in a template."""
    tree = instrument(Sandbox().parse(source))
    return Counter(found.name for found in tree.find_all(nodes.Filter) if found.name in HOOKS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("text", {"=output": 1}),
        ("{{ a }}{{ b }}", {"=output": 1}),
        ("{% for x in y %}{% endfor %}", {"=tick": 1, "=loop": 1}),
        ("{% for x in y if x %}{% endfor %}", {"=tick": 2, "=loop": 1}),
        ("{% for x in y recursive %}{% endfor %}", {"=tick": 1, "=loop": 1, "=enter": 1, "=leave": 1}),
        ("{% macro m() %}{% endmacro %}", {"=enter": 1, "=leave": 1}),
        ("{% call m() %}{% endcall %}", {"=enter": 1, "=leave": 1}),
        ("{% block b %}{% endblock %}", {"=enter": 1, "=leave": 1}),
        ("{% set a = b ~ c ~ d %}", {"=join": 1}),
        ("{% set a = b == c < d %}", {"=look": 3}),
        ("{% set a = b == 1 %}", {"=look": 1}),
        ("{% set a = 'x' in b %}", {"=look": 1}),
        ("{% set a = b[1:2] %}", {"=look": 1}),
        ("{% set a = b[1] %}", {}),
        ("{% set a = [1, 2] %}", {}),
        ("{% set a = [" + "1," * 20 + "] %}", {"=look": 1}),
        ("{% set a = (" + "1," * 20 + ") %}", {"=look": 1}),
        ("{% set a = {" + ",".join(f"'{n}': 1" for n in range(20)) + "} %}", {"=look": 1}),
        ("{% for x in y %}{% for z in x ~ y %}{{ z }}{% endfor %}{% endfor %}",
         {"=tick": 2, "=loop": 2, "=join": 1, "=output": 1}),
    ],
)  # fmt: skip
def test_counts_stand_where_something_grows(source: str, expected: dict[str, int]) -> None:
    assert hooks(source) == Counter(expected)


def test_targets_of_assignments_are_left_alone() -> None:
    names = ", ".join(f"a{n}" for n in range(20))
    values = ", ".join(str(n) for n in range(20))

    assert Templates({"t.j2": f"{{% set {names} = {values} %}}{{{{ a19 }}}}"}).render("t.j2", {}) == "19"


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_no_template_can_write_a_hook(name: str) -> None:
    assert outline("t.j2", f"{{{{ 1 | {name} }}}}").failures
    assert name not in FILTERS


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_no_template_can_name_a_hook(name: str) -> None:
    # map() takes a filter's name as a text: one that gives depth back would undo the counting
    with pytest.raises(RenderError, match=f"there is no filter '{name}'"):
        Templates({"t.j2": f"{{{{ [1] | map('{name}') | first }}}}"}).render("t.j2", {})


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("{% autoescape true %}x{% endautoescape %}", 1, "autoescape has no use in configuration"),
        ("a\nb\n{% autoescape false %}\n{% endautoescape %}", 3, "autoescape has no use in configuration"),
    ],
)
def test_what_is_no_use_is_refused(source: str, line: int, message: str) -> None:
    with pytest.raises(TemplateAssertionError) as caught:
        instrument(Sandbox().parse(source))

    assert (caught.value.lineno, caught.value.message) == (line, message)


def test_imports_see_what_their_template_sees() -> None:
    tree = instrument(
        Sandbox().parse("{% import 'a' as a %}{% from 'b' import c %}{% import 'd' as d without context %}")
    )

    assert [node.with_context for node in tree.find_all((nodes.Import, nodes.FromImport))] == [True] * 3  # type: ignore[attr-defined] # both have it


@pytest.mark.parametrize(
    "source",
    [
        "a\n{% for x in [1, 2, 3] if x > 1 %}\n {{ x ~ 'y' }}\n{% else %}\nnone\n{% endfor %}\n",
        "{% for x in [] %}{{ x }}{% else %}none{% endfor %}",
        "{% macro m(a, b=2) %}{{ a }}{{ b }}{{ kwargs.c }}{% endmacro %}{{ m(1, c=3) }}",
        "{% set x = [1, 2, 3] %}{{ x[1:][0] }}{{ x[-1] }}{{ 2 in x and 'y' or 'n' }}",
        "{% for a in [[1, 2], [3]] recursive %}{{ a if a is number else loop(a) }};{% endfor %}",
        "{% for a, b in [(1, 2), (3, 4)] %}{{ loop.revindex }}{{ a * b }}{{ '.' if loop.last }}{% endfor %}",
        "{% set n = namespace(a=1) %}{% for x in [1, 2] %}{% set n.a = n.a + x %}{% endfor %}{{ n.a }}",
        "{% filter upper %}a{% if 1 < 2 <= 2 %}b{% endif %}{% endfilter %}",
        "{% block a %}{% block b scoped %}x{% endblock %}{% endblock %}{{ self.b() }}",
        "{% set x %}{% for i in range(3) %}{{ i }}{% endfor %}{% endset %}{{ x | reverse }}",
        "{{ ['b', 'a'] | sort | join(', ') }} {{ [3, 1] | max }} {{ [1, 2] | map('string') | join('-') }}",
        "  {%- if true -%}  x  {%- endif -%}  ",
        "{% raw %}{{ not me }}{% endraw %}",
    ],
)
def test_the_text_is_jinjas_own(source: str) -> None:
    # given an environment of Jinja's own with the same settings, and nothing of ours
    plain = SandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)

    assert Templates({"t.j2": source}).render("t.j2", {}) == plain.from_string(source).render()
