"""What exists: sites and devices, selectors, variables, credential references, host keys, the Nornir plugin."""
