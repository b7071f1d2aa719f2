"""From files to records: which files an estate is made of, and how YAML and CSV are read with their lines."""
