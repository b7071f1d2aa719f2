"""The platforms that there are, by the names that inventories use."""

from collections.abc import Mapping
from types import MappingProxyType

from automation.platforms.contract import Platform
from automation.platforms.eos.platform import Eos
from automation.platforms.frr.platform import Frr
from automation.platforms.ios.platform import Ios
from automation.platforms.ports import PORTS

__all__ = ["PORTS", "platforms"]


def platforms() -> Mapping[str, Platform]:
    """Every platform by its name; the names are those of :data:`PORTS`."""
    every: tuple[Platform, ...] = (Eos(), Frr(), Ios())
    return MappingProxyType({platform.name: platform for platform in every})
