"""The platform `ios`."""

import re
from datetime import timedelta

from automation.config.vendor import Vendor
from automation.config.vendors.ios import IOS
from automation.platforms.contract import (
    Abilities,
    AnswerTimeoutError,
    Endpoint,
    Limits,
    LoginRefusedError,
    Session,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.ios.session import IosSession
from automation.platforms.links import where
from automation.platforms.shell import Reply, Shell, UnexpectedQuestionError
from automation.platforms.ways import way_to
from events.values import UndoRank

_LABEL = r"wg-[0-9a-f]{16}"


class Ios:
    """Cisco IOS and IOS-XE over SSH."""

    name = "ios"
    vendor: Vendor = IOS
    abilities = Abilities(
        atomic=False,
        candidate=False,
        lock=False,
        merge=True,
        replace=False,
        confirm_elsewhere=True,
        undo=(UndoRank.TIMER, UndoRank.DEAD_MAN),
        timer_step=timedelta(minutes=1),
        timer_longest=timedelta(minutes=120),
        dead_man_restarts=True,
    )
    commands = (
        r"terminal width 511",
        r"terminal length 0",
        r"enable",
        r"show running-config",
        r"show startup-config",
        r"show archive",
        r"show archive config rollback timer",
        r"show reload",
        r"show clock",
        r"show configuration lock",
        r"configure terminal( revert timer \d{1,3})?",
        rf"reload in \d{{1,3}} wavegate {_LABEL}",
        r"end",
        r"configure confirm",
        r"configure revert now",
        r"reload cancel",
        r"reload",
        r"write memory",
    )

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        """See the contract."""
        way = way_to(device, via, limits)
        shell = Shell(device, way, limits)
        try:
            shell.open()
            _enable(shell, device)
        except (SessionLostError, AnswerTimeoutError) as error:
            shell.disconnect()
            way.close()
            raise UnreachableError(str(error)) from error
        except BaseException:
            shell.disconnect()
            way.close()
            raise
        return IosSession(shell, way, device.name, device.login.username, limits)


def _enable(shell: Shell, device: Endpoint) -> None:
    """Gets all rights, where the login does not begin with them.

    Raises:
        LoginRefusedError: the device does not grant them.
    """
    secret = device.login.enable_secret
    replies = (Reply(question=re.compile("assword"), answer=secret.get_secret_value(), secret=True),) if secret else ()
    if shell.privileged:
        return
    try:
        if shell.ask("enable", replies=replies).privileged:
            return
    except UnexpectedQuestionError as error:
        raise LoginRefusedError(f"{where(device)} wants an enable secret, and none is among the credentials") from error
    raise LoginRefusedError(f"{where(device)} refused the enable secret (credentials {device.credential!r})")
