"""The push protocol: seven steps that bring one order to one device, or leave the device as it was."""
