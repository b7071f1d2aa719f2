"""Devices that live in this process: for tests of everything above a platform, and for simulation."""
