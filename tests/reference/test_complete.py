"""complete/server.py, as a program that strangers talk to over plain sockets.

Where a test needs a limit to be reached, the limit is made small in the copy that runs. Most
tests run twice: as on Linux, where a message goes out at once if it can, and as elsewhere, where
every message goes through an outbox and a writer thread.
"""

import ast
import random
import select
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

import psutil
import pytest
from conftest import DEADLINE, REFERENCE, Guest
from test_reference_text import changes, code, text

STAMP = "[%Y-%m-%d %H:%M:%S] "
UNKNOWN = "Perintah tidak dikenal. Yang ada: /list, /pm, /kick"
NOT_TEXT = "Itu bukan teks UTF-8."
ELSEWHERE = {'sys.platform == "linux"': "False"}  # a system that cannot send without waiting
MANY = ["Alice", "Bob", "Charlie", "Dini", "Eko"]


@pytest.fixture
def begin(start):
    """Starts the server, with changes to its text or its environment."""

    def run(changed=None, **environment):
        server = start("complete", changed, **({"CHAT_ADMIN_PASSWORD": ""} | environment))
        server.stamp = STAMP
        return server

    return run


@pytest.fixture(params=["linux", "elsewhere"])
def system(request):
    """What has to be changed so that it runs as on Linux, and as elsewhere."""
    return ELSEWHERE if request.param == "elsewhere" else {}


@pytest.fixture
def server(begin, system):
    """The server as it is."""
    return begin(system)


@pytest.fixture
def small(begin, system):
    """The same, with so little room for everybody that all buffers can be filled in a moment."""
    return begin(
        {
            "max_outbox = 1_000_000": "max_outbox = 200_000",
            "SO_KEEPALIVE, 1)": "SO_SNDBUF, 20_000)",
        }
        | system
    )


def fence(speaker, *guests):
    """Say something; when all these guests see that next, nothing else has reached them."""
    name = speaker.name
    speaker.send(f"{name}: pagar")
    for guest in (speaker, *guests):
        guest.sees(f"{name}: pagar")


def join(server, *names):
    """Let guests come in, and note their names."""
    guests = server.join(*names)
    for name, guest in zip(names, guests, strict=True):
        guest.name = name
    return guests


def say_hello(*guests):
    """All of them say something, and all of them see it."""
    for speaker in guests:
        speaker.send(f"{speaker.name}: halo")
        for guest in guests:
            guest.sees(f"{speaker.name}: halo")


def narrow(server):
    """A guest whose side of the connection holds little that was not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    connection.connect(("127.0.0.1", server.port))
    guest = Guest(connection, STAMP)
    server.guests.append(guest)
    guest.gets("NICK")
    return guest


def last_words(guest):
    """All lines up to the end of the connection, which may be a RST."""
    lines = []
    try:
        while (line := guest.line()) is not None:
            lines.append(line)
    except ConnectionError:
        pass
    return lines


# What folder_a does


def test_the_conversation_of_the_seed(server):
    say_hello(*join(server, "Alice", "Bob", "Charlie"))


def test_the_log_of_the_seed(server):
    guest = server.connect()
    number = guest.socket.getsockname()[1]
    assert server.prints("Terhubung") == f"Terhubung dengan ('127.0.0.1', {number})"
    guest.send("Alice")
    assert server.prints("") == "Username Alice"


def test_everybody_sees_the_same_stamp_and_it_is_the_time(server):
    before = datetime.now()
    alice, bob = join(server, "Alice", "Bob")
    alice.send("Alice: jam berapa?")
    line = alice.line()
    assert bob.line() == line
    bob.leave()
    notice = alice.line()
    after = datetime.now()
    seconds = [before + timedelta(seconds=n) for n in range((after - before).seconds + 2)]
    stamps = [second.strftime(STAMP) for second in seconds]
    assert line in [f"{stamp}Alice: jam berapa?" for stamp in stamps]
    assert notice in [f"{stamp}Bob keluar!" for stamp in stamps]


def test_everybody_sees_the_same_order(server):
    guests = join(server, *MANY)
    for number in range(40):
        for guest in guests:
            guest.send(f"{guest.name}: {number}")
    seen = [[guest.message() for _ in range(200)] for guest in guests]
    assert all(messages == seen[0] for messages in seen)
    for name in MANY:
        own = [message for message in seen[0] if message.startswith(name)]
        assert own == [f"{name}: {number}" for number in range(40)]


@pytest.mark.parametrize("size", [1, 1024])
def test_lines_are_cut_from_the_stream_however_it_comes(begin, system, size):
    server = begin({"client.recv(1024)": f"client.recv({size})"} | system)
    zoe = server.connect()
    zoe.raw("Zoë\r\nZoë: satu\nZoë:  dua \r\nZoë: ti".encode())
    zoe.gets("NICK")
    zoe.sees("Zoë Bergabung!", "Zoë: satu", "Zoë:  dua ")
    zoe.raw("ga 😀\n".encode())
    zoe.sees("Zoë: tiga 😀")


def test_a_line_of_twenty_thousand_characters_of_four_bytes(server):
    alice, bob = join(server, "Alice", "Bob")
    alice.send("Alice: " + "😀" * 20_000)
    for guest in (bob, alice):
        guest.sees("Alice: " + "😀" * 20_000)


def test_a_silent_guest_keeps_nobody_out(server):
    dini = server.connect()
    alice, bob = join(server, "Alice", "Bob")
    dini.gets("NICK")
    dini.raw(b"Di")
    say_hello(alice, bob)
    dini.raw(b"ni\n")
    for guest in (dini, alice, bob):
        guest.sees("Dini Bergabung!")


def fin(guest):
    """Leave with everything read."""
    guest.leave()


def fin_with_data_unread(guest):
    """Leave with something unread, of which the kernel makes a RST."""
    assert select.select([guest.socket], [], [], DEADLINE)[0]
    guest.close()


def rst(guest):
    """Crash."""
    guest.crash()


LEAVING = pytest.mark.parametrize("leaving", [fin, fin_with_data_unread, rst])


@LEAVING
def test_leaving_is_announced_once_and_disturbs_nobody(server, leaving):
    alice, bob, charlie = join(server, "Alice", "Bob", "Charlie")
    alice.send("Alice: kamu pergi?")
    for guest in (alice, charlie):
        guest.sees("Alice: kamu pergi?")
    leaving(bob)
    for guest in (alice, charlie):
        guest.sees("Bob keluar!")
    say_hello(alice, charlie)
    server.keeps(threads=3)


@LEAVING
def test_who_leaves_before_giving_a_username_is_announced_to_nobody(server, leaving):
    (alice,) = join(server, "Alice")
    guest = server.connect()
    if leaving is not fin_with_data_unread:
        guest.gets("NICK")
    leaving(guest)
    server.keeps(threads=2)
    fence(alice)


def test_the_name_before_a_message_is_the_one_that_the_server_knows(server):
    alice, bob = join(server, "Alice", "Bob")
    for line, shown in {
        "Alice: halo": "Alice: halo",
        " ALICE : halo": "Alice: halo",
        "Alice: Alice: halo": "Alice: Alice: halo",
        "Alice:  dua  spasi ": "Alice:  dua  spasi ",
        "halo": "Alice: halo",
        "Alice": "Alice: Alice",
        "catatan: beli kopi": "Alice: catatan: beli kopi",
        "Bob: aku Bob": "Alice: Bob: aku Bob",
        "Bob keluar!": "Alice: Bob keluar!",
        "[2031-01-02 03:04:05] Bob: halo": "Alice: [2031-01-02 03:04:05] Bob: halo",
        "PM dari Bob: rahasia": "Alice: PM dari Bob: rahasia",
        "NICK": "Alice: NICK",
    }.items():
        alice.send(line)
        for guest in (alice, bob):
            guest.sees(shown)


def test_an_empty_line_says_nothing(server):
    alice, bob = join(server, "Alice", "Bob")
    alice.raw(b"\n  \n\r\n")
    fence(alice, bob)


# Usernames

REFUSED = {
    "": "Username tidak boleh kosong.",
    " \t ": "Username tidak boleh kosong.",
    "x" * 21: "Username paling panjang 20 karakter.",
    "x" * 50_000: "Username paling panjang 20 karakter.",
    "Budi Santoso": "Username tidak boleh berisi spasi.",
    "Budi\tSantoso": "Username tidak boleh berisi spasi.",
    "Budi\u00a0Santoso": "Username tidak boleh berisi spasi.",
    "Bu\x07di": "Username tidak boleh berisi karakter yang tidak terlihat.",
    "\x1b[31mBudi": "Username tidak boleh berisi karakter yang tidak terlihat.",
    "Bu\rdi": "Username tidak boleh berisi spasi.",
    "Bu\u200bdi": "Username tidak boleh berisi karakter yang tidak terlihat.",
    "\u202eBudi": "Username tidak boleh berisi karakter yang tidak terlihat.",
    "Alice": "Username itu sedang dipakai.",
    "aLiCe": "Username itu sedang dipakai.",
    " Alice ": "Username itu sedang dipakai.",
    "Ａｌｉｃｅ": "Username itu sedang dipakai.",
    "zoe\u0308": "Username itu sedang dipakai.",
}


def test_refused_usernames_are_told_why_and_asked_again(server):
    alice, zoe = join(server, "Alice", "Zo\u00eb")
    alice.sees("Zoë Bergabung!")
    guest = server.connect()
    guest.gets("NICK")
    for name, reason in REFUSED.items():
        guest.send(name)
        guest.gets(reason, "NICK")
    guest.raw(b"\xff\xfeBudi\n")
    guest.gets(NOT_TEXT, "NICK")
    fence(alice, zoe)  # which the guest does not see
    alice.send("/list")
    alice.gets("Online: Alice, Zoë")
    guest.send("Budi")
    for one in (guest, alice, zoe):
        one.sees("Budi Bergabung!")


@pytest.mark.parametrize("name", ["x" * 20, "😀" * 20, "Zoë", "O'Brien:", "李明", "1", "/list"])
def test_other_usernames_are_fine(server, name):
    guest = server.connect()
    guest.send(f"  {name}\t")
    guest.gets("NICK")
    guest.sees(f"{name} Bergabung!")
    guest.send(f"{name}: halo")
    guest.sees(f"{name}: halo")


def test_a_username_is_free_again_however_its_owner_left(server):
    admin, bob = join(server, "admin", "Bob")
    bob.leave()
    admin.sees("Bob Bergabung!", "Bob keluar!")
    for way in ("crash", "kick"):
        (bob,) = join(server, "Bob")
        if way == "crash":
            bob.crash()
        else:
            admin.send("/kick Bob")
        admin.sees("Bob Bergabung!", "Bob keluar!")
    (bob,) = join(server, "BOB")
    admin.sees("BOB Bergabung!")
    say_hello(admin, bob)


def test_one_of_twenty_gets_the_name_that_all_ask_for_at_once(begin, system):
    """Between the check and the adding everybody else has time to check as well, if they may."""
    slow = {"        clients.append(client)\n": "        time.sleep(0.05); clients.append(client)\n"}
    server = begin(slow | system)
    guests = [server.connect() for _ in range(20)]
    for guest in guests:
        guest.gets("NICK")
    for guest in guests:
        guest.send("Rebutan")
    answers = {guest: guest.line() for guest in guests}
    winners = [guest for guest in guests if answers[guest].endswith("] Rebutan Bergabung!")]
    assert len(winners) == 1
    for guest in guests:
        if guest not in winners:
            assert answers[guest] == "Username itu sedang dipakai."
            guest.gets("NICK")
    winners[0].send("/list")
    winners[0].gets("Online: Rebutan")


def test_who_gives_no_username_in_time_has_to_go(begin, system):
    server = begin({"login_seconds = 60": "login_seconds = 0.3"} | system)
    (alice,) = join(server, "Alice")
    silent, dripping = server.connect(), server.connect()
    silent.gets("NICK", "Waktu habis: 0.3 detik tanpa username.")
    assert silent.line() is None
    dripping.gets("NICK")
    limit = time.monotonic() + DEADLINE
    while not select.select([dripping.socket], [], [], 0.01)[0]:
        dripping.raw(b"x")  # never silent, and never ready
        assert time.monotonic() < limit
    assert last_words(dripping) == ["Waktu habis: 0.3 detik tanpa username."]
    server.keeps(threads=2)
    say_hello(alice)  # who has been here for longer than that


# /pm


def test_a_private_message_is_for_one_person_alone(server):
    alice, bob, charlie = join(server, "Alice", "Bob", "Charlie")
    alice.sees("Bob Bergabung!", "Charlie Bergabung!") if False else None
    alice.send("/pm Bob /pm ini  rahasia: 😀 ")
    bob.gets("PM dari Alice: /pm ini  rahasia: 😀 ")
    alice.gets("PM untuk Bob: /pm ini  rahasia: 😀 ")
    fence(alice, bob, charlie)
