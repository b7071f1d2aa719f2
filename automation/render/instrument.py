"""Counts built into a template before it is compiled: in every loop, macro and block, and wherever text or values grow.

Jinja's sandbox bounds what a template can reach and not how long it takes. The counting is put into the parsed
template as filters of names that nobody can write, so no template can shadow, call or leave them out.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar, cast

from jinja2 import TemplateAssertionError, nodes
from jinja2.visitor import NodeTransformer

from automation.render.budget import budget
from automation.render.errors import RefusedError
from automation.render.texts import joined
from automation.render.values import looked_at

Body = TypeVar("Body", nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)
Imported = TypeVar("Imported", nodes.Import, nodes.FromImport)
Literal = nodes.List | nodes.Tuple | nodes.Dict

#: What templates are made of. What is not here (autoescape, extensions) has no use in configuration.
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Extends, nodes.Block, nodes.Include, nodes.Import,
    nodes.FromImport, nodes.For, nodes.If, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.With, nodes.Assign,
    nodes.AssignBlock, nodes.Name, nodes.NSRef, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair,
    nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr, nodes.Slice,
    nodes.Concat, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr,
)  # fmt: skip

#: Literals of fewer items cost nothing worth counting.
_SMALL = 16


def tick(value: object) -> object:
    """Counts one round of a loop."""
    budget().step()
    return value


def enter(value: object) -> object:
    """Counts one call of a macro, block or recursive loop."""
    budget().step()
    budget().enter()
    return value


def leave(value: object) -> object:
    """Ends such a call. It need not happen after an error, which ends the whole rendering."""
    budget().leave()
    return value


def output(characters: int) -> None:
    """Counts the text of the template itself that is put out here."""
    budget().step()
    budget().write(characters)


def look(value: object) -> object:
    """Counts a value that is compared, searched, copied or made here."""
    looked_at(value)
    return value


def loop_over(value: object) -> object:
    """Checks what a loop goes through.

    Raises:
        RefusedError: it is a text, which Python would take apart into characters.
    """
    if isinstance(value, str):
        raise RefusedError("a loop goes over a list or a map, and this is text", "split it first", repr(value[:60]))
    return value


def concatenation(first: object, *others: object) -> str:
    """``a ~ b``."""
    return joined((first, *others))


HOOKS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "=tick": tick,
        "=enter": enter,
        "=leave": leave,
        "=output": output,
        "=look": look,
        "=loop": loop_over,
        "=join": concatenation,
    }
)


def instrument(tree: nodes.Template) -> nodes.Template:
    """The same template, counting.

    Raises:
        TemplateAssertionError: it has something in it that templates do not get.
    """
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise TemplateAssertionError(f"{_called_by_authors(node)} has no use in configuration", _line(node))
    _Counting().visit(tree)
    return tree


def _called_by_authors(node: nodes.Node) -> str:
    return "autoescape" if isinstance(node, nodes.Scope) else type(node).__name__


def _line(node: nodes.Node) -> int:
    return next((inner.lineno for inner in (node, *node.find_all(nodes.Node)) if inner.lineno), 1)


class _Counting(NodeTransformer):
    """Rewrites from the inside out, so that what it adds is not visited again."""

    def get_visitor(self, node: nodes.Node) -> Callable[..., object]:
        return partial(self._rewritten, _REWRITES.get(type(node)))

    def _rewritten(self, rewrite: Callable[..., object] | None, node: nodes.Node) -> object:
        self.generic_visit(node)
        return node if rewrite is None else rewrite(node)


def _for(node: nodes.For) -> nodes.For:
    node.iter = _hook("=loop", node.iter)
    node.body = [_statement("=tick", node), *node.body]
    if node.test is not None:
        # What the condition leaves out costs a round, too.
        node.test = nodes.And(_hook("=tick", nodes.Const(1, lineno=node.lineno)), node.test, lineno=node.lineno)
    return _called(node) if node.recursive else node


def _called(node: Body) -> Body:
    node.body = [_statement("=enter", node), *node.body, _statement("=leave", node)]
    return node


def _output(node: nodes.Output) -> list[nodes.Stmt]:
    size = sum(len(child.data) for child in node.nodes if isinstance(child, nodes.TemplateData))
    return [_statement("=output", node, size), node]


def _import(node: Imported) -> Imported:
    # Jinja keeps the module of an import without context, and with it what its macros have counted in a namespace: the
    # second device would be rendered differently from the first.
    node.with_context = True
    return node


def _concat(node: nodes.Concat) -> nodes.Filter:
    return _hook("=join", node.nodes[0], *node.nodes[1:])


def _compare(node: nodes.Compare) -> nodes.Compare:
    node.expr = _looked_at(node.expr)
    for operand in node.ops:
        operand.expr = _looked_at(operand.expr)
    return node


def _getitem(node: nodes.Getitem) -> nodes.Getitem:
    if isinstance(node.arg, nodes.Slice):
        # Slices are cut by Python itself and not by the environment.
        node.node = _looked_at(node.node)
    return node


def _literal(node: Literal) -> nodes.Expr:
    is_target = isinstance(node, nodes.Tuple) and node.ctx != "load"
    return node if is_target or len(node.items) <= _SMALL else _looked_at(node)


_REWRITES: Mapping[type[nodes.Node], Callable[..., object]] = {
    nodes.For: _for,
    nodes.Macro: _called,
    nodes.CallBlock: _called,
    nodes.Block: _called,
    nodes.Output: _output,
    nodes.Import: _import,
    nodes.FromImport: _import,
    nodes.Concat: _concat,
    nodes.Compare: _compare,
    nodes.Getitem: _getitem,
    nodes.List: _literal,
    nodes.Tuple: _literal,
    nodes.Dict: _literal,
}


def _hook(name: str, value: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", value), name, list(args), [], None, None, lineno=value.lineno)


def _looked_at(value: nodes.Expr) -> nodes.Expr:
    return value if isinstance(value, nodes.Const) else _hook("=look", value)


def _statement(name: str, at: nodes.Node, value: object = None) -> nodes.Stmt:
    return nodes.ExprStmt(_hook(name, nodes.Const(value, lineno=at.lineno)), lineno=at.lineno)
