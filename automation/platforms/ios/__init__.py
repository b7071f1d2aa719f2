"""Cisco IOS and IOS-XE over SSH, with netmiko: the revert timer where a local archive is set, else `reload in`."""
