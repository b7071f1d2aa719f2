"""Ways out of template sandboxes that have been found elsewhere, and none of which is one here."""

import os
from pathlib import Path

import pytest
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.tests import TESTS as DEFAULT_TESTS

from automation.render.errors import RenderError
from automation.render.filters import FILTERS, TESTS
from automation.render.sandbox import GLOBALS
from automation.render.static import outline
from automation.render.templates import Templates

#: From advisories (CVE-2016-10745, CVE-2019-10906, CVE-2024-22195, CVE-2024-34064, CVE-2024-56201, CVE-2024-56326,
#: CVE-2025-27516) and from the collections that attackers use.
PAYLOADS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__.__subclasses__() }}",
    "{{ ().__class__.__bases__[0].__subclasses__()[40]('/etc/passwd').read() }}",
    "{{ config.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').popen('id').read() }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context.environment.globals }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ url_for.__globals__.os.popen('id').read() }}",
    "{{ request.application.__globals__.__builtins__.__import__('os') }}",
    "{{ request['__cl' 'ass__'] }}",
    "{{ ''|attr('__class__')|attr('__mro__')|attr('__getitem__')(1) }}",
    "{{ ''|attr(['_'*2, 'class', '_'*2]|join) }}",
    "{{ ''['__cl' ~ 'ass__'] }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ device['__class__'] }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(device) }}",
    "{{ '%(x)s'.format_map({'x': ''}) }}",
    "{{ ('a{x.__class__}b'|string).format(x=1) }}",
    "{% set f = 'a{0.__class__}'.format %}{{ f(1) }}",
    "{{ ['{0.__class__}'.format]|map('first')|first }}",
    "{{ {'a': '{0.__class__}'.format}.a(1) }}",
    "{{ dict(a='{0.__class__}'.format).a(1) }}",
    "{{ namespace(f='{0.__class__}'.format).f(1) }}",
    "{% macro m(f) %}{{ f(1) }}{% endmacro %}{{ m('{0.__class__}'.format) }}",
    "{% for f in ['{0.__class__}'.format] %}{{ f(1) }}{% endfor %}",
    "{{ [1]|map(attribute='__class__')|first }}",
    "{{ [device]|map(attribute='__class__.__mro__')|first }}",
    "{{ [device]|sort(attribute='__class__') }}",
    "{{ [device]|groupby('__class__') }}",
    "{{ [device]|selectattr('__class__')|list }}",
    "{{ [device]|sum(attribute='__class__') }}",
    "{{ [device]|unique(attribute='__class__')|list }}",
    "{{ [device]|max(attribute='__class__') }}",
    "{{ device|xmlattr }}",
    "{{ {'a onload': 1}|xmlattr }}",
    "{{ device|pprint }}",
    "{{ device|tojson }}",
    "{{ 'x'|urlize }}",
    "{{ device.__dict__ }}",
    "{{ device.keys.__self__ }}",
    "{{ device.keys.__call__() }}",
    "{{ device.keys.function }}",
    "{{ ''.join.value }}",
    "{{ range.__call__(3) }}",
    "{{ range.__wrapped__ }}",
    "{{ loop.__init__.__globals__ }}",
    "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._recurse }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop._recurse.__globals__ }}{% endfor %}",
    "{% block a %}{{ self.a.__globals__ }}{% endblock %}",
    "{% block a %}{{ self.a._context }}{% endblock %}",
    "{% macro m() %}{{ varargs.__class__ }}{{ kwargs.__class__ }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "{% import 't.j2' as t %}{{ t.__dict__ }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.popen('id') }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ caller.__globals__ }}",
    "{{ nope.__class__ }}",
    "{{ nope|default(nope.__init__) }}",
    "{{ (nope|default('')).__class__ }}",
    "{{ undefined.__init__.__globals__ }}",
    "{{ missing._fail_with_undefined_error() }}",
    "{{ missing._undefined_exception }}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_way_out(payload: str) -> None:
    with pytest.raises(RenderError) as caught:
        Templates({"t.j2": payload}).render("t.j2", {"device": {"name": "r1"}})

    shown = str(caught.value.failure.message) + caught.value.failure.detail
    assert "root:" not in shown
    assert "uid=" not in shown
    assert "<class" not in shown


@pytest.mark.parametrize("name", sorted(set(DEFAULT_FILTERS) - set(FILTERS)))
def test_jinjas_other_filters_are_not_there(name: str) -> None:
    [failure] = outline("t.j2", f"{{{{ 'x' | {name} }}}}").failures

    assert failure.message == f"there is no filter {name!r}"


@pytest.mark.parametrize("name", sorted(name for name in set(DEFAULT_TESTS) - set(TESTS) if name.isidentifier()))
def test_jinjas_other_tests_are_not_there(name: str) -> None:
    [failure] = outline("t.j2", f"{{{{ 'x' is {name} }}}}").failures

    assert failure.message == f"there is no test {name!r}"


@pytest.mark.parametrize("name", sorted(set(DEFAULT_NAMESPACE) - set(GLOBALS)))
def test_jinjas_other_globals_are_not_there(name: str) -> None:
    with pytest.raises(RenderError, match=f"'{name}' is not defined"):
        Templates({"t.j2": f"{{{{ {name} }}}}"}).render("t.j2", {})


@pytest.mark.parametrize("name", ["os", "sys", "open", "eval", "exec", "getattr", "__builtins__", "__import__"])
def test_pythons_names_are_not_there(name: str) -> None:
    with pytest.raises(RenderError, match=f"'{name}' is not defined"):
        Templates({"t.j2": f"{{{{ {name} }}}}"}).render("t.j2", {})


def test_a_template_cannot_read_a_file_or_the_environment(tmp_path: Path) -> None:
    secret = tmp_path / "secret.j2"
    secret.write_text("s3cret")
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for name in ("secret.j2", str(secret), "./secret.j2"):
            with pytest.raises(RenderError, match="there is no template"):
                Templates({"t.j2": f"{{% include '{name}' %}}"}).render("t.j2", {})
    finally:
        os.chdir(here)
