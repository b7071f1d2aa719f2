"""Change files: read, checked, packed into bundles, opened, rendered for devices, validated against an estate."""
