"""Estates of branch sites: realistic startup configs by site and role."""
