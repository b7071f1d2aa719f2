"""The ``wavegate`` command: one module for each group of commands, all of them thin."""
