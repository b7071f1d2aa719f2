"""The platforms: how each is read, staged, committed, confirmed, undone and saved, behind one contract."""
