"""The coordinator: the one writer of facts and orders. It decides; what it decides with is pure."""
