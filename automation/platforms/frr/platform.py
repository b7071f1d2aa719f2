"""The platform `frr`."""

from datetime import timedelta

from automation.config.vendor import Vendor
from automation.config.vendors.frr import FRR
from automation.platforms.contract import Abilities, Endpoint, Limits, Session
from automation.platforms.frr.deadman import COMMAND, LONGEST, DeadMan
from automation.platforms.frr.session import FrrSession
from automation.platforms.shell import Shell
from automation.platforms.ways import way_to
from events.values import UndoRank

_LABEL = r"wg-[0-9a-f]{16}"


class VtyShell(Shell):
    """vtysh's command line: wide, so that what is sent comes back in one piece. It knows no width of its own."""

    preparation = ("terminal length 0",)

    def establish_connection(self, width: int = 4000, height: int = 1000) -> None:
        """Logs in, with strict host keys, and asks for a terminal."""
        super().establish_connection(width, height)


class Frr:
    """FRRouting 8.4 or later through vtysh over SSH, prepared as docs/guides/frr.md says."""

    name = "frr"
    vendor: Vendor = FRR
    abilities = Abilities(
        atomic=False,
        candidate=False,
        lock=False,
        merge=True,
        replace=False,
        confirm_elsewhere=True,
        undo=(UndoRank.DEAD_MAN, UndoRank.NONE),
        timer_step=timedelta(seconds=1),
        timer_longest=LONGEST,
    )
    commands = (
        r"terminal length 0",
        r"show running-config",
        r"configure terminal",
        r"exit",
        r"end",
        r"write memory",
        rf"{COMMAND} status",
        rf"{COMMAND} startup",
        rf"{COMMAND} arm [1-9]\d{{0,3}} {_LABEL}",
        rf"{COMMAND} confirm {_LABEL}",
        rf"{COMMAND} revert {_LABEL}",
    )

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        """See the contract."""
        way = way_to(device, via, limits)
        shell = VtyShell(device, way, limits)
        try:
            shell.open()
        except BaseException:
            shell.disconnect()
            way.close()
            raise
        return FrrSession(shell, DeadMan(device, way, limits, shell.remote_conn_pre), way, device.name, limits)
