"""The platform `eos`."""

from collections.abc import Mapping
from datetime import timedelta

from napalm.base.exceptions import UnsupportedVersion
from napalm.eos import EOSDriver

from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.platforms.contract import (
    Abilities,
    AnswerTimeoutError,
    Endpoint,
    Limits,
    LoginUnusableError,
    RefusedCommandError,
    Session,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.eos.session import EosSession, refused
from automation.platforms.eos.wire import EapiRefusedError, Wire
from automation.platforms.links import where
from automation.platforms.ways import Way, way_to
from events.values import UndoRank

_LABEL = r"wg-[0-9a-f]{16}u?"


class Eos:
    """Arista EOS 4.23 or later, over eAPI."""

    name = "eos"
    vendor: Vendor = EOS
    abilities = Abilities(
        atomic=True,
        candidate=True,
        lock=False,
        merge=True,
        replace=True,
        confirm_elsewhere=True,
        undo=(UndoRank.TIMER,),
        timer_step=timedelta(seconds=1),
        timer_longest=timedelta(hours=23, minutes=59, seconds=59),
    )
    commands = (
        r"enable",
        r"show version",
        r"show running-config",
        r"show startup-config",
        r"show configuration sessions detail",
        rf"show session-config named {_LABEL}",
        rf"configure session {_LABEL}",
        r"rollback clean-config",
        r"end",
        rf"configure session {_LABEL} commit( timer \d\d:\d\d:\d\d)?",
        rf"configure session {_LABEL} abort",
        rf"no configure session {_LABEL}",
        r"write memory",
    )

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        """See the contract."""
        if device.login.password is None:
            raise LoginUnusableError(f"credentials {device.credential!r} have no password, which eAPI needs")
        way = way_to(device, via, limits)
        try:
            return EosSession(_opened(device, way, limits), way, device.name)
        except (SessionLostError, AnswerTimeoutError) as error:
            way.close()
            raise UnreachableError(str(error)) from error
        except BaseException:
            way.close()
            raise


def _opened(device: Endpoint, way: Way, limits: Limits) -> EOSDriver:
    login = device.login
    arguments: Mapping[str, object] = {
        "transport": Wire,
        "device": device,
        "way": way,
        "limits": limits,
        "enable_password": login.enable_secret.get_secret_value() if login.enable_secret else "",
        # It would wait up to ten seconds, and take sessions of other labels of ours for somebody else's.
        "lock_disable": True,
    }
    password = login.password.get_secret_value() if login.password else ""
    seconds = limits.answer.total_seconds()
    driver = EOSDriver(device.address, login.username, password, timeout=seconds, optional_args=dict(arguments))
    try:
        driver.open()
    except EapiRefusedError as error:
        raise refused(error, device.name) from error
    except UnsupportedVersion as error:
        raise RefusedCommandError(f"{where(device)} runs EOS {error}; 4.23 or later is needed") from error
    return driver
