"""The router's side of Wavegate's FRR platform: a fenced vtysh, and a dead-man that brings a configuration back.

Runs on a plain Debian router with nothing but Python's standard library, FRR and sshd, as an account that has no shell.
"""
