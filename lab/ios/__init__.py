"""A simulated IOS-XE 17 device: its command line over SSH."""
