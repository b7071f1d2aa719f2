"""Secrets as devices store them."""

import pytest

from lab.config.hashes import Logins, matches, new_sha512, new_type9, sha512, type9

# As `openssl passwd -6` computes it, and the example of type 9 that hashcat publishes.
SHA512 = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
TYPE9 = ("cisco", "$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM")


def test_sha512_is_that_of_openssl() -> None:
    assert sha512("Hello world!", "saltstring") == SHA512


def test_type9_is_that_of_hashcat() -> None:
    clear, stored = TYPE9

    assert type9(clear, stored.split("$")[2]) == stored


@pytest.mark.parametrize(
    ("clear", "stored", "right"),
    [
        ("Hello world!", SHA512, True),
        ("hello world!", SHA512, False),
        (*TYPE9, True),
        ("Cisco", TYPE9[1], False),
        ("in clear", "in clear", True),
        ("in clear", "in  clear", False),
        ("$9$x", "$9$x", True),
        ("x", "", False),
    ],
)
def test_matches(clear: str, stored: str, right: bool) -> None:
    assert matches(clear, stored) is right


def test_the_salt_is_as_long_as_the_vendors() -> None:
    assert len(new_type9("x", lambda length: "a" * length).split("$")[2]) == 14
    assert len(new_sha512("x", lambda length: "a" * length).split("$")[2]) == 16


def test_a_login_that_was_right_is_remembered_for_what_is_stored_alone() -> None:
    logins = Logins(b"key")

    assert logins.right(*TYPE9)
    assert logins.right(*TYPE9)
    assert not logins.right("wrong", TYPE9[1])
    assert not logins.right("cisco", SHA512)
