"""What templates cannot reach, and what they cannot use up."""

from collections.abc import Callable
from threading import Thread

import pytest

from automation.render.budget import Allowance, budget, spending
from automation.render.errors import Failure, RenderError
from automation.render.templates import Templates


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ device.__class__ }}",
        "{{ servers.__class__.__mro__ }}",
        "{{ ''.format }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{a}'.format_map(device) }}",
        "{{ ''['format'] }}",
        "{{ ['{0.__class__}'.format] | map('list') }}",
        "{{ device | attr('__class__') }}",
        "{{ servers | map(attribute='__class__') | list | join }}",
        "{{ servers | map('attr', '__class__') | join }}",
        "{{ self.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ namespace.__init__ }}",
        "{{ namespace(a=1).__class__ }}",
        "{{ namespace(a=1)._Namespace__attrs }}",
        "{{ range.__self__ }}",
        "{{ range.__globals__ }}",
        "{{ cycler }}",
        "{{ lipsum.__globals__ }}",
        "{{ joiner() }}",
        "{{ dict(a=1) }}",
        "{{ get_flashed_messages }}",
        "{% macro m() %}{% endmacro %}{{ m._func }}",
        "{% macro m() %}{% endmacro %}{{ m.name }}",
        "{% macro m() %}{{ caller.__init__ }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% for x in servers %}{{ loop._iterator }}{% endfor %}",
        "{% for x in servers %}{{ loop.cycle.__self__ }}{% endfor %}",
        "{% for x in servers %}{{ loop._undefined }}{% endfor %}",
        "{% block b %}{{ super }}{% endblock %}",
        "{% block b %}{{ self.b._stack }}{% endblock %}",
        "{{ (1).__class__ }}",
        "{{ (1).to_bytes(9) }}",
        "{{ mtu.real }}",
        "{{ device.update(x=1) }}",
        "{{ device.pop('name') }}",
        "{{ servers.append(1) }}",
        "{{ servers.sort() }}",
        "{{ 'x' | xmlattr }}",
        "{{ 'x' | safe }}",
        "{{ servers | random }}",
        "{{ device | tojson }}",
        "{{ servers() }}",
        "{{ 'x'() }}",
        "{{ missing.__class__ }}",
        "{{ missing.anything }}",
        "{{ missing['x'] }}",
        "{{ missing() }}",
        "{% set x.y = 1 %}",
        "{% set servers.y = 1 %}",
        "{% autoescape true %}x{% endautoescape %}",
        "{% do servers.append(1) %}",
        "{% debug %}",
        "{% trans %}x{% endtrans %}",
    ],
)
def test_reaches_nothing(fails: Callable[[str], Failure], source: str) -> None:
    failure = fails(source)

    assert failure.template == "t.j2"
    assert failure.line == 1
    assert "object at 0x" not in str(failure)


@pytest.mark.parametrize(
    "source",
    [
        "{% set n = namespace(a=1) %}{{ 'y' if n.__class__ is defined }}",
        "{% import 'm.j2' as m %}{{ m.__name__ }}",
        "{% import 'm.j2' as m %}{{ 'y' if m._body_stream is defined }}",
        "{% import 'm.j2' as m %}{{ m }}",
        "{% import 'm.j2' as m %}{{ m.m.name }}",
    ],
)
def test_what_templates_make_has_no_inside(source: str) -> None:
    with pytest.raises(RenderError, match=r"has no '\w+' in templates|cannot be written into configuration"):
        Templates({"t.j2": source, "m.j2": "{% macro m() %}{% endmacro %}"}).render("t.j2", {})


BIG = "x" * 1000
MANY_CALLS = (
    "{% macro m(n) %}{% for i in range(99) %}{% endfor %}{% endmacro %}"
    "{% for a in range(9999) %}{% set x = m(a) %}{% endfor %}"
)
DOUBLED = "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
ADDING = "{% for a in range(9999) %}{% for c in range(99) %}{% set b = 1 + 1 %}{% endfor %}{% endfor %}"
CAPTURED = (
    "{% set n = namespace(x='x') %}"
    "{% for a in range(99) %}{% set x %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = x %}{% endfor %}"
)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "more than 500000 steps"),
        ("{% for a in range(9999) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}", "500000 steps"),
        ("{% for a in range(9999) %}{% if 'x' in range(9999) %}{% endif %}{% endfor %}", "500000 steps"),
        ("{% for a in range(9999) %}{% if servers == range(9999) %}{% endif %}{% endfor %}", "500000 steps"),
        ("{% for a in range(9999) %}{% set b = range(9999)[1:] %}{% endfor %}", "500000 steps"),
        ("{% for a in range(9999) %}{% set b = range(9999) | sort %}{% endfor %}", "500000 steps"),
        ("{% for a in range(9999) %}{% set b = [" + "1," * 2000 + "] %}{% endfor %}", "500000 steps"),
        (ADDING, "500000 steps"),
        (MANY_CALLS, "500000 steps"),
        (DOUBLED + "{{ 'y' if n.x == 1 else 'n' }}", "500000 steps"),
        ("{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}", "steps"),
        ("{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}", "8000000"),
        ("{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}", "8000000"),
        ("{% set n = namespace(x='xx') %}{% for a in range(99) %}{% set n.x = n.x.replace('x', n.x) %}{% endfor %}",
         "8000000"),
        ("{% set n = namespace(x='xx') %}{% for a in range(99) %}{% set n.x = n.x | replace('x', n.x) %}{% endfor %}",
         "8000000"),
        ("{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = '%s%s' % (n.x, n.x) %}{% endfor %}",
         "8000000"),
        ("{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = [n.x, n.x] | join %}{% endfor %}",
         "8000000"),
        (CAPTURED, "8000000"),
        ("{% set x %}{% for a in range(9999) %}" + BIG + "{% endfor %}{% endset %}", "8000000 characters"),
        ("{% macro m() %}{% for a in range(9999) %}" + BIG + "{% endfor %}{% endmacro %}{{ m() }}", "8000000"),
        ("{% filter upper %}{% for a in range(9999) %}" + BIG + "{% endfor %}{% endfilter %}", "8000000"),
        ("{% for a in range(9999) %}" + BIG + "{% endfor %}", "the text has more than 2000000 characters"),
        ("{{ 'x' * 10 ** 9 }}", "8000000"),
        ("{{ [1] * 10 ** 9 }}", "8000000"),
        ("{{ 10 ** 10 ** 10 }}", "256 bits"),
        ("{{ 2 ** 99 ** 9 }}", "256 bits"),
        ("{% set n = namespace(x=3) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}", "256 bits"),
        ("{{ (-8) ** 0.5 }}", "256 bits"),
        ("{{ range(10 ** 9) }}", "a range has 10000 numbers at most"),
        ("{{ '%999999999d' % 1 }}", "wider than 200"),
        ("{{ '%.999999999f' % 1 }}", "wider than 200"),
        ("{{ '%9999999999999999999d' | format(1) }}", "wider than 200"),
        ("{{ 'x'.zfill(10 ** 9) }}", "wider than 200"),
        ("{{ 'x'.ljust(10 ** 9) }}", "wider than 200"),
        ("{{ 'x'.rjust(10 ** 9) }}", "wider than 200"),
        ("{{ 'x'.center(10 ** 9) }}", "wider than 200"),
        ("{{ 'x' | indent(10 ** 9) }}", "wider than 200"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "more than 30 deep"),
        ("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "more than 30 deep"),
        ("{% block a %}{{ self.a() }}{% endblock %}", "more than 30 deep"),
        ("{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}", "more than 30 deep"),
        ("{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}", "more than 30 deep"),
    ],
)  # fmt: skip
def test_uses_up_nothing(fails: Callable[[str], Failure], source: str, message: str) -> None:
    assert message in fails(source).message


def test_every_text_method_is_bounded_or_no_longer_than_its_text(text: Callable[[str], str]) -> None:
    source = (
        "{{ 'a-b'.split('-')|join('+') }} {{ 'ab'.upper() }} {{ ' x '.strip() }} {{ 'a,b'.partition(',')[2] }} "
        "{{ '7'.zfill(3) }} {{ 'ab'.replace('a', 'c') }} {{ ','.join(['x', 'y']) }} {{ 'abc'.find('c') }} "
        "{{ 'ab'.removeprefix('a') }} {{ 'y' if 'ab'.startswith('a') else 'n' }}"
    )

    assert text(source) == "a+b AB x b 007 cb x,y 2 b y"


def test_the_same_steps_are_counted_every_time() -> None:
    # given a template that needs all but one of its steps
    source = "{% from 'm.j2' import count %}{% for a in range(50) %}{{ count(a) }}{% endfor %}"
    sources = {"t.j2": source, "m.j2": "{% macro count(a) %}{{ a + 1 }}{% endmacro %}"}

    def passes(steps: int) -> bool:
        try:
            Templates(sources, Allowance(steps=steps)).render("t.j2", {})
        except RenderError:
            return False
        return True

    least = next(steps for steps in range(2000) if passes(steps))
    exact = Templates(sources, Allowance(steps=least))

    # then the tenth rendering needs what the first one does
    assert {exact.render("t.j2", {}) for _ in range(10)} == {"".join(map(str, range(1, 51)))}


def test_a_rendering_leaves_nothing_to_the_next() -> None:
    # given a counter in an imported template, which Jinja would keep
    sources = {
        "t.j2": "{% import 'm.j2' as m %}{{ m.next() }}{{ m.next() }}",
        "m.j2": "{% set n = namespace(x=0) %}{% macro next() %}{% set n.x = n.x + 1 %}{{ n.x }}{% endmacro %}",
    }
    templates = Templates(sources)

    assert [templates.render("t.j2", {}) for _ in range(3)] == ["12", "12", "12"]


def test_data_is_a_copy() -> None:
    servers = ["a"]
    templates = Templates({"t.j2": "{% set servers = servers + ['b'] %}{{ servers | join }}"})

    assert templates.render("t.j2", {"servers": servers}) == "ab"
    assert servers == ["a"]


def test_a_live_object_is_no_data() -> None:
    with pytest.raises(TypeError, match=r"^device\.session is Thread and no plain data$"):
        Templates({"t.j2": ""}).render("t.j2", {"device": {"session": Thread()}})


def test_threads_have_a_budget_each() -> None:
    # given an allowance that is enough for one rendering and not for two
    templates = Templates({"t.j2": "{% for a in range(400) %}{{ a }}{% endfor %}"}, Allowance(steps=900))
    texts: list[str] = []
    threads = [Thread(target=lambda: texts.append(templates.render("t.j2", {}))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == ["".join(map(str, range(400)))] * 8


def test_a_budget_ends_with_its_rendering() -> None:
    with spending(Allowance()) as outer:
        with spending(Allowance()) as inner:
            assert budget() is inner
        assert budget() is outer
    with pytest.raises(LookupError):
        budget()
