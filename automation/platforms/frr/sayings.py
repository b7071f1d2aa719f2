"""What vtysh says, and what it means. After FRR 8.4: docs/guides/frr.md."""

import re

#: A line that was taken is answered with nothing, but for these, which change nothing about it.
_HARMLESS = re.compile(
    r"This command is deprecated\b|"
    r"Please, use \"(?:no )?ip ospf passive\" on an interface instead\.$|"
    r"Static Route to \S+ not installed currently\b|"
    r"For this router-id change to take effect, use \"clear ip ospf process\" command$|"
    r"% OSPF: Reference bandwidth is changed\.$|Please ensure reference bandwidth is consistent across all routers$|"
    r"The route-map '[^']*' does not exist\.$|"
    r"Graceful restart configuration changed, reset all peers to take effect$|"
    r"Please be aware that removing the password is a security risk\b"
)
SAVED = "[OK]"
NO_SPACE = re.compile(r"no space left", re.IGNORECASE)
#: Where vtysh's own heading ends and the configuration begins.
_BEGINNING = re.compile(r"^frr version ", re.MULTILINE)
#: vtysh's ping never ends by itself.
ENDLESS = re.compile(r"ping(?: |$)")


def refusal(said: str) -> str:
    """What a line was answered with, unless that is harmless; empty where the line was taken."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return "" if all(_HARMLESS.match(line) for line in lines) else "\n".join(lines)


def configuration(said: str) -> str:
    """A configuration without what vtysh says before it."""
    found = _BEGINNING.search(said)
    return said[found.start() :] if found else said
