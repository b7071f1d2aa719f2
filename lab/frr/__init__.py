"""Sites of real FRR routers, each a small Debian machine of its own, in namespaces.

`FrrLab` in `lab.frr.lab` builds them; `python -m lab.frr` does it by hand.
"""
