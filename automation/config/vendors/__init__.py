"""The configuration languages that are known, each as data."""
