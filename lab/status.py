"""What the lab tells about a device from outside."""

from pydantic import BaseModel, ConfigDict

from lab.estate import Platform
from lab.faults import Fault


class DeviceStatus(BaseModel):
    """A device as it is now. `sessions` counts open connections, `up` is false while it restarts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    platform: Platform
    address: str
    port: int
    hostname: str
    up: bool
    sessions: int
    faults: tuple[Fault, ...] = ()
