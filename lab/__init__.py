"""An estate of simulated devices on real sockets; stands alone, imports no other room.

`Lab` runs an estate inside this process, `LabClient` speaks to one that `python -m lab run` runs; both are a
`LabHandle`. `docs/guides/lab.md` tells the rest.
"""
