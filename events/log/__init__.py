"""The log: one contract and its adapters."""
