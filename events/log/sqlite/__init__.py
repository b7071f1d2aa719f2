"""The log in SQLite files: the embedded default, for several processes of one machine."""
