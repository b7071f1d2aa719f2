"""Configuration text: read into trees, normalised, compared, merged, redacted, digested. Pure."""
