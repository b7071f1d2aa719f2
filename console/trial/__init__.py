"""Trying a change: the whole of it, against simulated devices, in an installation that is thrown away."""
