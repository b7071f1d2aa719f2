"""The estate file of a lab: which devices it has, what they are and how they start."""

import ipaddress
import json
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lab.errors import EstateFileError


class Platform(Enum):
    """What a device runs."""

    IOS = "ios"
    EOS = "eos"


_PORTS = {Platform.IOS: 2222, Platform.EOS: 8443}
_VERSIONS = {Platform.IOS: "17.09.04a", Platform.EOS: "4.30.5M"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Credentials(_Model):
    """A user that is configured before the startup config is loaded, with all rights; `enable` is the enable secret.

    With `remote` an AAA server knows the user and the configuration does not, so that there is no secret in it.
    """

    username: str = Field(min_length=1, pattern=r"^\S+$")
    password: str = Field(min_length=1, pattern=r"^\S+$")
    enable: str | None = Field(default=None, min_length=1, pattern=r"^\S+$")
    remote: bool = False


class DeviceSpec(_Model):
    """One device.

    `address` is in 127.0.0.0/8. `startup` is the startup config as text, `startup_file` a file that holds it, relative
    to the estate file. `reboot_seconds` is how long a restart takes. `legacy_crypto` (ios) leaves only
    diffie-hellman-group14-sha1 and an ssh-rsa host key. `user_mode` (ios) makes the user of `credentials` begin in
    user mode, so that `enable` is needed.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    platform: Platform
    address: str
    port: int = Field(default=2222, ge=1, le=65535)
    version: str = ""
    model: str = ""
    serial: str = ""
    credentials: Credentials | None = None
    startup: str = ""
    startup_file: Path | None = None
    reboot_seconds: float = Field(default=2.0, ge=0)
    legacy_crypto: bool = False
    user_mode: bool = False

    @field_validator("address")
    @classmethod
    def _is_loopback(cls, value: str) -> str:
        return _loopback(value)

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("platform") in {"ios", "eos", *Platform}:
            platform = Platform(data["platform"])
            data = {"port": _PORTS[platform], "version": _VERSIONS[platform]} | data
        return data

    @model_validator(mode="after")
    def _one_startup(self) -> Self:
        if self.startup and self.startup_file:
            raise ValueError("give either startup or startup_file, not both")
        return self


class JumpSpec(_Model):
    """A jump host: an SSH server that only forwards connections to devices of the lab, as many as `connections`."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    address: str
    port: int = Field(default=2222, ge=1, le=65535)
    username: str
    password: str
    connections: int = Field(default=10, ge=1)

    @field_validator("address")
    @classmethod
    def _is_loopback(cls, value: str) -> str:
        return _loopback(value)


class Estate(_Model):
    """A whole lab. `minute` is how many seconds a vendor's minute lasts, so that tests need not wait."""

    devices: tuple[DeviceSpec, ...]
    jump_hosts: tuple[JumpSpec, ...] = ()
    minute: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        everything: tuple[DeviceSpec | JumpSpec, ...] = (*self.devices, *self.jump_hosts)
        for what, values in (
            ("name", [each.name for each in everything]),
            ("address and port", [f"{each.address} port {each.port}" for each in everything]),
        ):
            twice = [value for value, count in Counter(values).items() if count > 1]
            if twice:
                raise ValueError(f"more than one device or jump host has the {what} {', '.join(twice)}")
        return self


def _loopback(value: str) -> str:
    address = ipaddress.ip_address(value)
    if address.version != 4 or not address.is_loopback:
        raise ValueError(f"{value} is not in 127.0.0.0/8; the lab listens on loopback addresses only")
    return str(address)


def load_estate(path: Path) -> Estate:
    """The lab that a YAML or JSON file describes; raises EstateFileError naming every entry that is wrong."""
    try:
        text = path.read_text()
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        estate = Estate.model_validate(data)
        devices = [_with_startup(path, device) for device in estate.devices]
    except OSError as error:
        raise EstateFileError(path, error.strerror or str(error)) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())
        raise EstateFileError(path, wrong) from error
    except (yaml.YAMLError, ValueError) as error:
        raise EstateFileError(path, str(error).replace("\n", " ")) from error
    return estate.model_copy(update={"devices": tuple(devices)})


def _with_startup(path: Path, device: DeviceSpec) -> DeviceSpec:
    if device.startup_file is None:
        return device
    startup = (path.parent / device.startup_file).read_text()
    return device.model_copy(update={"startup": startup, "startup_file": None})
