"""The device worker: takes orders, carries them out through Nornir, reports what it saw."""
