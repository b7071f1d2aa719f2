"""What runs: coordinator, device worker, projector, and their loops."""
