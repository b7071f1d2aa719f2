"""Which boot of the machine this is: monotonic times of different boots have nothing to do with each other."""

from pathlib import Path

_SOURCE = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The kernel's id of this boot; empty where the system has none.

    Without it, times of an earlier boot are still told by lying further ahead than any session reaches, or run out
    within one session.
    """
    try:
        return _SOURCE.read_text(encoding="ascii").strip()
    except OSError:
        return ""
