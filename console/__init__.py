"""Where people look and decide: the command line."""
