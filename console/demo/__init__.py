"""The whole of it on simulated devices over real SSH and HTTPS: a change, a device that is hurt, a roll-back."""
