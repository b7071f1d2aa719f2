"""The configuration of a simulated device: a tree of lines, and the grammar that says which lines there are."""
