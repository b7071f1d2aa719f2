"""``python -m console.cli``: the same as ``wavegate``."""

from console.cli.main import main

main()
