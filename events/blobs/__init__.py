"""Blobs: what is too large or too secret for a record, named there by its address."""
