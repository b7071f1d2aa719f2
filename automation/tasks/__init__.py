"""Nornir tasks: the unit of work of a push, and engineers' own."""
