"""The names of files on an IOS device."""

import re

from lab.ios.device import IosDevice

FLASH = "bootflash:"
_RUNNING = re.compile(r"(?:system:)?/?running-config")
_STARTUP = re.compile(r"(?:nvram:)?/?startup-config")


def is_running(name: str) -> bool:
    """Whether the name means the running configuration."""
    return _RUNNING.fullmatch(name) is not None


def is_startup(name: str) -> bool:
    """Whether the name means the startup configuration."""
    return _STARTUP.fullmatch(name) is not None


def in_flash(name: str) -> str:
    """The name of a file within flash, without the file system."""
    return re.sub(r"^(?:bootflash|flash0?|disk0|harddisk|unix|slot0|usb0):/*", "", name)


def contents(device: IosDevice, name: str) -> str | None:
    """What a file holds, or None where there is no such file."""
    if is_running(name):
        return device.text(device.running)
    if is_startup(name):
        return device.text(device.startup)
    file = device.flash.get(in_flash(name))
    return file.text if file else None
