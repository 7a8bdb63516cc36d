"""The server of the lesson before: one client at a time."""

import select

import pytest


@pytest.fixture(params=["lumps", "pieces"])
def server(request, start):
    """pertemuan_3, reading in lumps, or in pieces so small that every line and letter is cut."""
    changes = {"client.recv(1024)": "client.recv(1)"} if request.param == "pieces" else {}
    return start("pertemuan_3", changes)


def test_what_one_client_says_is_printed_and_answered(server):
    alice = server.connect()
    number = alice.socket.getsockname()[1]
    assert server.prints("") == f"Terhubung dengan ('127.0.0.1', {number})"
    alice.gets("NICK")
    alice.raw("Alice\r\nAlice: Halo, é😀!\r\nAlice: ".encode() + b"\xff\n/list\nAlice: setengah")
    for line in ("Username Alice", "Alice: Halo, é😀!", "Alice: �", "/list"):
        assert server.prints("") == line
    alice.gets("Alice Bergabung!", "Alice: Halo, é😀!", "Alice: �", "/list")
    alice.leave()
    assert server.prints("") == f"Terputus dari ('127.0.0.1', {number})"


def test_everybody_else_waits_until_the_first_has_left(server):
    (alice,) = server.join("Alice")
    bob, charlie = server.connect(), server.connect()
    bob.send("Bob")
    bob.send("Bob: ada orang?")
    alice.send("Alice: Halo!")
    alice.gets("Alice: Halo!")
    assert select.select([bob.socket, charlie.socket], [], [], 0)[0] == []
    alice.leave()
    bob.gets("NICK", "Bob Bergabung!", "Bob: ada orang?")
    bob.crash()
    charlie.gets("NICK")


@pytest.mark.parametrize("named", [False, True])
def test_it_survives_every_way_of_leaving(server, named):
    for way in ("crash", "leave", "close"):
        guest = server.connect()
        if named:
            guest.send("Bob")
        if way != "close":  # which leaves with NICK unread
            guest.gets("NICK")
        else:
            assert select.select([guest.socket], [], [], 60)[0]
        getattr(guest, way)()
    server.join("Alice")


def test_ctrl_c_ends_it_while_it_waits_and_while_it_serves(start):
    start("pertemuan_3").stop()
    server = start("pertemuan_3")
    (alice,) = server.join("Alice")
    server.stop()
    assert alice.line() is None
