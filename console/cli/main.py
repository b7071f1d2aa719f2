"""What the shell calls. Imports next to nothing itself, so that Ctrl-C ends cleanly from the first moment on."""

import importlib
import sys

_INTERRUPTED = 130


def main() -> None:
    """Runs the command that the arguments name."""
    try:
        app = importlib.import_module("console.cli.app")
        app.assembled(sys.argv[1:])(prog_name="wavegate")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was sent\n")
        sys.exit(_INTERRUPTED)
