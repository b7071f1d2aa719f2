"""A simulated EOS switch: eAPI over HTTPS."""
