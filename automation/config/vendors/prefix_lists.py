"""Prefix lists of one line a rule: the numbers that devices give to rules which have none."""

import re
from collections.abc import Iterable

from automation.config.tree import Line, Tree

_RULE = re.compile(r"^(?P<list>ipv?6? prefix-list \S+)(?: seq (?P<seq>\d+))? (?P<rule>(?:permit|deny) .+)$")


def numbered(change: Tree, running: Tree, rule: re.Pattern[str] = _RULE) -> Tree:
    """The change with the numbers that the device will give: the one that a rule has, else five past the last.

    ``rule`` matches a line that is a rule of a list, with groups ``list``, ``seq`` and ``rule``.
    """
    known: dict[str, dict[str, int]] = {}
    for found in _rules(running, rule):
        known.setdefault(found["list"], {})[found["rule"]] = int(found["seq"] or 0)
    return Tree(tuple(_with_number(line, known, rule) for line in change))


def _rules(tree: Tree, rule: re.Pattern[str]) -> Iterable[re.Match[str]]:
    return (match for match in map(rule.match, (line.positive for line in tree)) if match)


def _with_number(line: Line, known: dict[str, dict[str, int]], rule: re.Pattern[str]) -> Line:
    match = rule.match(line.positive)
    if match is None:
        return line
    rules = known.setdefault(match["list"], {})
    if match["seq"] is None and line.negated and match["rule"] not in rules:
        return line
    number = int(match["seq"] or rules.get(match["rule"]) or max(rules.values(), default=0) + 5)
    rules[match["rule"]] = number
    no = "no " if line.negated else ""
    return Line(f"{no}{match['list']} seq {number} {match['rule']}")
