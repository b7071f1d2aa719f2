"""Which platforms there are and where each is managed, for whoever needs no driver of theirs."""

from collections.abc import Mapping
from types import MappingProxyType

#: The TCP port on which each platform is managed unless an inventory says otherwise.
PORTS: Mapping[str, int] = MappingProxyType({"eos": 443, "frr": 22, "ios": 22})
