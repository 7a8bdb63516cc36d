"""What a client sends depends on how the server speaks."""

import pytest

from autograder.dialect import OUR_DIALECT, Dialect


def test_our_own_protocol():
    assert OUR_DIALECT.greets
    assert OUR_DIALECT.chat("Alice", "Halo semua!") == "Alice: Halo semua!"
    assert OUR_DIALECT.encode("Alice: Halo é 😀") == "Alice: Halo é 😀\n".encode()


def test_where_the_server_writes_the_name_the_client_does_not():
    assert Dialect(client_writes_name=False).chat("Alice", "Halo") == "Halo"


def test_where_the_server_wants_no_line_ends_there_are_none():
    assert Dialect(wants_line_ends=False).encode("Halo") == b"Halo"


@pytest.mark.parametrize("greeting", ["NICK", "Selamat datang! Siapa namamu? ", "\n"])
def test_whatever_it_says_first_is_a_greeting(greeting):
    assert Dialect(greeting=greeting).greets
    assert not Dialect(greeting="").greets
