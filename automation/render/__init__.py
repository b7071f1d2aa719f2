"""Templates into text: Jinja in a sandbox, over plain data, with everything counted. Knows nothing of changes."""
