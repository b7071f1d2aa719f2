"""The routers' base system: this Debian, prepared once with the very installer that an operator uses."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.frr.errors import FrrLabError
from lab.frr.machine import Machine
from lab.frr.namespaces import Network, run

INSTALLER = Path(__file__).parents[2] / "deploy" / "frr"
USER = "wavegate"
# --command-log-always is the daemons' own accounting: no configuration line can switch it off.
_INSTALL = f"""\
sed -i 's/^ospfd=no/ospfd=yes/; s/^vrrpd=no/vrrpd=yes/' /etc/frr/daemons
echo 'frr_global_options="--command-log-always --log syslog --log-level informational"' >>/etc/frr/daemons
sh /srv/wavegate/install.sh --user {USER} --key /srv/wavegate/worker.pub --allow-password
chpasswd </srv/wavegate/password
rm -r /srv/wavegate
"""


class InstallerError(FrrLabError):
    """The installer of the router's side is not where a checkout has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A base system: `lower` is what an overlay is mounted over; the key and the password log in as `wavegate`."""

    lower: str
    key_file: Path
    password: str
    version: str


def build_image(folder: Path, password: str) -> Image:
    """Install Wavegate's side of a router into `folder`. Raises BootError with the installer's complaint."""
    if not (INSTALLER / "install.sh").exists():
        raise InstallerError(f"{INSTALLER}/install.sh is missing: run the lab from a checkout of Wavegate")
    network = Network()
    machine = Machine("image", folder, network, rc=_INSTALL)
    try:
        key = _lay_out(machine.disk, folder, password)
        machine.start()
        machine.wait_until_booted()
    finally:
        machine.power_off()
        network.close()
    return Image(lower=f"{machine.disk}:/", key_file=key, password=password, version=frr_version())


def frr_version() -> str:
    """The installed FRR's version, such as 8.4.4."""
    said = run(["/usr/lib/frr/zebra", "--version"])
    return said.split()[2]


def new_host_key(disk: Path) -> str:
    """Make a host key on a machine's disk; returns its public half (`ssh-ed25519 AAAA…`)."""
    key = disk / "etc" / "ssh" / "lab_host_key"
    key.parent.mkdir(parents=True, exist_ok=True)
    return _new_key(key)


def _lay_out(disk: Path, folder: Path, password: str) -> Path:
    source = disk / "srv" / "wavegate"
    shutil.copytree(INSTALLER, source, ignore=shutil.ignore_patterns("__pycache__"))
    _new_key(folder / "worker")
    shutil.copy(folder / "worker.pub", source / "worker.pub")
    (source / "password").write_text(f"{USER}:{password}\n", encoding="utf-8")
    (source / "password").chmod(0o600)
    return folder / "worker"


def _new_key(path: Path) -> str:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)])
    kind, key, *_ = path.with_name(path.name + ".pub").read_text(encoding="ascii").split()
    return f"{kind} {key}"
