"""What a template says about itself before it is rendered: which others it takes in, what it uses, what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import TemplateSyntaxError, nodes

from automation.render.errors import Failure
from automation.render.filters import FILTERS, TESTS
from automation.render.sandbox import Sandbox, Sources
from inventory.problems import Suggester

_TakingIn = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Another template that one takes in. ``optional``: it may be missing (``ignore missing``)."""

    path: str
    line: int
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One template, not rendered.

    ``uses`` are the names that it reads, ``parts`` for each name what is read of it (``row.vlan``); a name that is used
    in another way has None there.
    """

    taken: tuple[Taken, ...] = ()
    uses: frozenset[str] = frozenset()
    parts: Mapping[str, frozenset[str] | None]
    failures: tuple[Failure, ...] = ()


def outline(path: str, source: str) -> Outline:
    """Looks at a template; everything that is wrong with it is in ``failures``. Never raises for what is in it."""
    try:
        return _outline(_plain().parse(source, path, path), path, source)
    except TemplateSyntaxError as error:
        return _broken(path, source, error.lineno, error.message or "this is no template")
    except (RecursionError, ValueError, OverflowError):
        return _broken(path, source, 0, "expressions are nested too deep, or numbers are too long")


def _outline(tree: nodes.Template, path: str, source: str) -> Outline:
    taken, failures = _taken(tree, path)
    failures += _unknown(tree, path)
    return Outline(
        taken=tuple(taken),
        uses=frozenset(name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"),
        parts=_parts(tree),
        failures=tuple(_with_line(failure, source) for failure in failures or _not_compiled(path, source)),
    )


def line_of(source: str, line: int) -> str:
    """A line of a template as messages show it."""
    lines = source.splitlines()
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return text if len(text) <= 120 else text[:120] + "..."


@cache
def _plain() -> Sandbox:
    return Sandbox()


def _broken(path: str, source: str, line: int, message: str) -> Outline:
    failure = Failure(template=path, line=line, message=message)
    return Outline(parts={}, failures=(_with_line(failure, source),))


def _with_line(failure: Failure, source: str) -> Failure:
    return replace(failure, expression=line_of(source, failure.line))


def _taken(tree: nodes.Template, path: str) -> tuple[list[Taken], list[Failure]]:
    taken: list[Taken] = []
    failures: list[Failure] = []
    for node in _taking_in(tree):
        names = _names(node.template)
        if names is None:
            message = "which template is taken in here cannot be told beforehand"
            hint = "write its path in quotes; a choice between several is made with if"
            failures.append(Failure(template=path, line=node.lineno, message=message, hint=hint))
        optional = bool(getattr(node, "ignore_missing", False)) or len(names or ()) > 1
        taken += [Taken(path=name, line=node.lineno, optional=optional) for name in names or ()]
    return taken, failures


def _taking_in(tree: nodes.Template) -> list[_TakingIn]:
    found: list[_TakingIn] = [*tree.find_all(nodes.Extends), *tree.find_all(nodes.Include)]
    return [*found, *tree.find_all(nodes.Import), *tree.find_all(nodes.FromImport)]


def _names(node: nodes.Expr) -> list[str] | None:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, nodes.List | nodes.Tuple):
        found = [_names(item) for item in node.items]
        return None if None in found else [name for names in found for name in names or ()]
    return None


def _unknown(tree: nodes.Template, path: str) -> Iterator[Failure]:
    for kind, known, what in ((nodes.Filter, FILTERS, "filter"), (nodes.Test, TESTS, "test")):
        for node in tree.find_all(kind):
            if node.name not in known:
                hint = Suggester().hint(node.name, known) or f"there are {', '.join(sorted(known))}"
                yield Failure(template=path, line=node.lineno, message=f"there is no {what} {node.name!r}", hint=hint)


def _parts(tree: nodes.Template) -> dict[str, frozenset[str] | None]:
    found: dict[str, set[str]] = {}
    of_parts: set[int] = set()
    for owner, part in _accesses(tree):
        found.setdefault(owner.name, set()).add(part)
        of_parts.add(id(owner))
    whole = {name.name for name in tree.find_all(nodes.Name) if id(name) not in of_parts}
    return {name: None if name in whole else frozenset(parts) for name, parts in found.items()} | dict.fromkeys(whole)


def _accesses(tree: nodes.Template) -> Iterator[tuple[nodes.Name, str]]:
    """Every ``name.part`` and ``name["part"]``."""
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name):
            yield attribute.node, attribute.attr
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name) and isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            yield item.node, item.arg.value


def _not_compiled(path: str, source: str) -> list[Failure]:
    """What only shows when Python code is made of it."""
    sandbox = Sandbox(Sources({path: source}))
    try:
        sandbox.get_template(path)
    except TemplateSyntaxError as error:
        return [Failure(template=path, line=error.lineno, message=error.message or "this is no template")]
    except (SyntaxError, RecursionError, ValueError, MemoryError):
        message = "blocks or expressions are nested too deep"
        return [Failure(template=path, message=message, hint="Python allows 20 loops within each other")]
    return []
