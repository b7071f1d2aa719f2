"""Templates that nobody wrote: what the counting sandbox renders is what Jinja renders, to the byte."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from automation.render.errors import RenderError
from automation.render.templates import Templates

NAMES = {"a": 3, "b": "text", "c": [1, 2, 3], "d": {"x": 1, "y": "z"}, "e": [{"n": "p", "v": 2}, {"n": "q", "v": 1}]}

numbers = st.recursive(
    st.sampled_from(["a", "1", "c[0]", "d.x", "c | length", "e[1].v", "c | max", "c | sum"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
    max_leaves=4,
)
words = st.recursive(
    st.sampled_from(
        ["b", "'w'", "d.y", "d['y']", "b[1:]", "b | upper", "c | join('-')", "e | map(attribute='n') | list | last"]
    ),
    lambda inner: st.builds("({} ~ {})".format, inner, inner | numbers),
    max_leaves=4,
)
conditions = st.one_of(
    st.builds("{} {} {}".format, numbers, st.sampled_from(["<", "==", "!=", ">="]), numbers),
    st.builds("{} in {}".format, words, words),
    st.builds("not ({} == {})".format, words, words),
    st.sampled_from(["b is string", "nope is defined", "a is number and c", "2 in c or false", "a is divisibleby(3)"]),
)
outputs = st.builds("{{{{ {} }}}}".format, numbers | words) | st.sampled_from([" ", "x", "\n", "  y\n", "{# note #}"])


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map("".join)
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, conditions, body, body),
        st.builds("{{% for i in c %}}{}{{{{ i }}}}{{% endfor %}}\n".format, body),
        st.builds("{{% for i in c if i > 1 %}}\n{}{{{{ 'l' if loop.last }}}}{{% endfor %}}".format, body),
        st.builds("{{% set s %}}{}{{% endset %}}{{{{ s | trim }}}}".format, body),
        st.builds("{{% macro m(p, q=2) %}}{}{{{{ p }}}}{{{{ q }}}}{{% endmacro %}}{{{{ m(1) }}}}".format, body),
        st.builds("{{% filter lower %}}{}{{% endfilter %}}".format, body),
        st.builds("{{% with w = a %}}{}{{{{ w }}}}{{% endwith %}}".format, body),
    )


templates = st.recursive(outputs, _blocks, max_leaves=8)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates)
def test_the_same_as_jinja_or_refused(source: str) -> None:
    plain = SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    try:
        ours = Templates({"t.j2": source}).render("t.j2", NAMES)
    except RenderError:
        # stricter than Jinja: true and false are not written, loop is only there in loops
        return
    assert ours == plain.from_string(source).render(NAMES)


@pytest.mark.parametrize("source", ["{{ (b ~ (a + 1)) }}", "{% for i in c %}{{ loop.index }}{{ i }}{% endfor %}\n"])
def test_most_of_them_are_rendered(source: str) -> None:
    assert Templates({"t.j2": source}).render("t.j2", NAMES)
