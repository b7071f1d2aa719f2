"""How a command ends, as the shell sees it."""

from enum import IntEnum


class Exit(IntEnum):
    """What an exit code means. The same in every command, in --help and in the guides."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNDECIDED = 3
    WAITING = 4
    INTERRUPTED = 130


#: The end of every help page.
EPILOG = (
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not decided in time or the log cannot be reached, "
    "4 waiting for somebody, 130 interrupted."
)
