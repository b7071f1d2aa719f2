"""Arista EOS over eAPI, with NAPALM: named configuration sessions and the switch's own commit timer."""
