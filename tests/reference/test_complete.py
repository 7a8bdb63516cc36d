"""complete/server.py, as a program that strangers talk to over plain sockets.

Where a test needs a limit to be reached, the limit is made small in the copy that runs. Most
tests run twice: as on Linux, where a message goes out at once if it can, and as elsewhere, where
every message goes through an outbox and a writer thread.
"""

import ast
import random
import select
import socket
import sys
import threading
import time
from datetime import datetime, timedelta

import psutil
import pytest
from conftest import DEADLINE, Guest
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


def together(*guests):
    """The next message, which is the same for all of them."""
    (message,) = {guest.message() for guest in guests}
    return message


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


def test_other_usernames_are_fine(server):
    for name in ["x" * 20, "😀" * 20, "Zoë", "O'Brien:", "李明", "1"]:
        guest = server.connect()
        guest.send(f"  {name}\t")
        guest.gets("NICK")
        guest.sees(f"{name} Bergabung!")
        guest.send(f"{name}: halo")
        guest.sees(f"{name}: halo")
        guest.leave()


def test_a_username_is_free_again_however_its_owner_left(server):
    admin, bob = join(server, "admin", "Bob")
    bob.leave()
    admin.sees("Bob keluar!")
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
    adding = "clients.append(client)"
    server = begin({adding: f"time.sleep(0.05); {adding}"} | system)
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
    for command in ("/pm Bob ", "/pm  BOB   ", "/PM bob ", "  /pm\tBob\t"):
        alice.send(f"{command}/pm ini  rahasia: 😀 ")
        bob.gets("PM dari Alice: /pm ini  rahasia: 😀 ")
        alice.gets("PM untuk Bob: /pm ini  rahasia: 😀 ")
        fence(alice, bob, charlie)


def test_a_private_message_to_oneself(server):
    alice, bob = join(server, "Alice", "Bob")
    alice.send("/pm Alice jangan lupa")
    alice.gets("PM dari Alice: jangan lupa", "PM untuk Alice: jangan lupa")
    fence(alice, bob)


def test_a_private_message_that_goes_wrong_is_seen_by_nobody(server):
    """Bob has just left; somebody with a longer name is there."""
    alice, bobby, bob = join(server, "Alice", "Bobby", "Bob")
    bob.leave()
    for guest in (alice, bobby):
        guest.sees("Bob keluar!")
    for line, answer in {
        "/pm": "Cara pakai: /pm username pesan",
        "/pm ": "Cara pakai: /pm username pesan",
        "/pm Bobby": "Cara pakai: /pm username pesan",
        "/pm  Bobby  ": "Cara pakai: /pm username pesan",
        "/pm Bo rahasia": "Bo tidak online.",
        "/pm Bob rahasia": "Bob tidak online.",
        "/pm Bobby: rahasia": "Bobby: tidak online.",
        "/pm , rahasia": ", tidak online.",
        "/pmBobby rahasia": UNKNOWN,
        "/ pm Bobby rahasia": UNKNOWN,
        "/msg Bobby rahasia": UNKNOWN,
        "//pm Bobby rahasia": UNKNOWN,
    }.items():
        alice.send(line)
        alice.gets(answer)
        fence(alice, bobby)


def test_a_private_message_that_is_no_text_is_seen_by_nobody(server):
    alice, bob = join(server, "Alice", "Bob")
    alice.raw(b"/pm Bob rahasia \xff\n")
    alice.gets(NOT_TEXT)
    fence(alice, bob)


def test_a_private_message_before_the_username_is_no_message(server):
    (bob,) = join(server, "Bob")
    guest = server.connect()
    guest.send("/pm Bob rahasia")
    guest.gets("NICK", "Username tidak boleh berisi spasi.", "NICK")
    fence(bob)


def test_a_slash_inside_a_line_is_only_a_slash(server):
    alice, bob = join(server, "Alice", "Bob")
    for line in ("Alice: /pm Bob halo", "Alice: dan/atau", "Alice: ke /list", "10/10"):
        alice.send(line)
        for guest in (alice, bob):
            guest.sees("Alice: " + line.removeprefix("Alice: "))


# /list


def test_the_list_is_for_the_one_who_asks(server):
    alice, bob = join(server, "Alice", "Bob")
    for command in ("/list", "/LIST", " /list  ", "/list semua"):
        alice.send(command)
        alice.gets("Online: Alice, Bob")
        fence(alice, bob)


def test_the_list_is_right_after_whatever_happens(server):
    admin, bob, charlie = join(server, "admin", "Bob", "Charlie")
    guest = server.connect()
    guest.send("Bob")
    guest.gets("NICK", "Username itu sedang dipakai.", "NICK")
    admin.send("/list")
    admin.gets("Online: admin, Bob, Charlie")
    bob.crash()
    admin.sees("Bob keluar!")
    admin.send("/list")
    admin.gets("Online: admin, Charlie")
    guest.send("Bob")
    admin.sees("Bob Bergabung!")
    admin.send("/list")
    admin.gets("Online: admin, Charlie, Bob")
    charlie.leave()
    admin.sees("Charlie keluar!")
    admin.raw(b"/kick Bob\n/list\n")  # in one lump: nothing happens in between
    admin.sees("Bob keluar!")
    admin.gets("Online: admin")


# /kick


def test_the_admin_kicks_somebody(server):
    admin, charlie = join(server, "admin", "Charlie")
    for command in ("/kick Bob", "/KICK  bob ", " /kick BOB"):
        (bob,) = join(server, "Bob")  # whose name is free again
        for guest in (admin, charlie):
            guest.sees("Bob Bergabung!")
        say_hello(admin, bob, charlie)
        admin.send(command)
        for guest in (admin, charlie):
            guest.sees("Bob keluar!")
        bob.gets("Kamu dikeluarkan oleh admin.")
        assert bob.line() is None
        bob.close()
        server.keeps(threads=3)
        say_hello(admin, charlie)


def test_a_kick_that_goes_wrong_breaks_nothing(server):
    admin, bob = join(server, "admin", "Bob")
    for line, answer in {
        "/kick": "Cara pakai: /kick username",
        "/kick ": "Cara pakai: /kick username",
        "/kick Bob Charlie": "Cara pakai: /kick username",
        "/kick Bo": "Bo tidak online.",
        "/kick Bobby": "Bobby tidak online.",
        "/kick admin": "Kamu tidak bisa mengeluarkan dirimu sendiri.",
        "/kick ADMIN": "Kamu tidak bisa mengeluarkan dirimu sendiri.",
        "/kickBob": UNKNOWN,
        "/foo": UNKNOWN,
        "/": UNKNOWN,
    }.items():
        admin.send(line)
        admin.gets(answer)
        fence(bob, admin)


def test_only_the_admin_kicks(server):
    admin, bob, charlie = join(server, "admin", "Bob", "Charlie")
    for line in ("/kick Charlie", "/kick Bob", "/kick admin", "/kick", "/kick x"):
        bob.send(line)
        bob.gets("Hanya admin yang boleh memakai /kick.")
        fence(bob, admin, charlie)


def test_who_does_not_read_is_kicked_all_the_same(server):
    admin, bob = join(server, "admin", "Bob")
    admin.send("admin: kamu tidur?")
    admin.send("/kick Bob")
    admin.sees("admin: kamu tidur?", "Bob keluar!")
    server.keeps(threads=2)  # and Bob has read nothing yet
    bob.sees("admin: kamu tidur?")
    bob.gets("Kamu dikeluarkan oleh admin.")
    assert bob.line() is None


def test_who_is_far_behind_with_reading_is_kicked_all_the_same(small):
    (admin,) = join(small, "admin")
    bob = narrow(small)
    bob.send("Bob")
    admin.sees("Bob Bergabung!")
    for _ in range(10):  # more than fits into the connection, less than fits into the outbox
        admin.send("admin: " + "x" * 12_000)
        admin.sees("admin: " + "x" * 12_000)
    admin.send("/kick Bob")
    admin.sees("Bob keluar!")
    small.keeps(threads=2)
    say_hello(admin)


def test_who_is_speaking_is_kicked_all_the_same(server):
    admin, bob, charlie = join(server, "admin", "Bob", "Charlie")
    lines = [f"Bob: {number}" for number in range(3000)]
    bob.raw("".join(f"{line}\n" for line in lines[:1000]).encode())
    charlie.sees(lines[0])
    admin.send("/kick Bob")
    try:
        bob.raw("".join(f"{line}\n" for line in lines[1000:]).encode())
    except ConnectionError:
        pass  # he is out already
    seen = [lines[0]]
    while seen[-1] != "Bob keluar!":
        seen.append(charlie.message())
    assert seen[:-1] == lines[: len(seen) - 1]
    while admin.message() != "Bob keluar!":
        pass
    fence(charlie, admin)
    assert last_words(bob)[-1] == "Kamu dikeluarkan oleh admin."
    server.keeps(threads=3)


def test_who_is_kicked_may_finish_the_line(begin, system):
    """A connection that is closed with data unread is reset: then the last words can be lost."""
    server = begin({"goodbye_seconds = 1": "goodbye_seconds = 60"} | system)
    admin, bob = join(server, "admin", "Bob")
    bob.raw(b"Bob: tapi ")
    admin.send("/kick Bob")
    admin.sees("Bob keluar!")
    bob.gets("Kamu dikeluarkan oleh admin.")
    assert bob.line() is None
    bob.raw(b"aku")
    bob.raw(b"belum selesai\n")
    bob.close()
    server.keeps(threads=2)
    fence(admin)


# The password of the admin


def test_without_a_password_the_console_says_so(begin):
    server = begin()
    assert server.prints("") == (
        "CHAT_ADMIN_PASSWORD belum diisi: siapa saja bisa masuk sebagai admin."
    )
    join(server, "admin")


def test_who_takes_the_name_of_the_admin_is_asked_for_the_password(begin, system):
    server = begin(system, CHAT_ADMIN_PASSWORD="kopi  manis é")
    (alice,) = join(server, "Alice")  # who is not asked
    assert "Terhubung" in server.prints("")  # and nothing about a password
    guest = server.connect()
    guest.gets("NICK")
    for name in ("admin", "ADMIN", " Ａdmin "):
        for attempt in ("", "kopi", "kopi  manis é ", "kopi  manis éé", "\x00"):
            guest.send(name)
            guest.gets("PASS")
            guest.send(attempt)
            guest.gets("Password salah.", "NICK")
    guest.send("admin")
    guest.gets("PASS")
    guest.raw(b"\xff\n")
    guest.gets(NOT_TEXT, "NICK")
    fence(alice)
    guest.send("Admin")
    guest.gets("PASS")
    guest.send("kopi  manis é")
    for one in (guest, alice):
        one.sees("Admin Bergabung!")
    guest.send("/kick Alice")
    guest.sees("Alice keluar!")
    late = server.connect()
    late.send("admin")
    late.gets("NICK", "PASS")
    late.send("kopi  manis é")
    late.gets("Username itu sedang dipakai.", "NICK")


def test_the_comparison_does_not_tell_how_much_is_right():
    """That cannot be seen from outside."""
    assert sum("compare_digest(" in line for line in code(text("complete"))) == 1
    assert not any("== password" in line for line in code(text("complete")))


def test_the_client_asks_a_person_for_name_and_password(begin, terminal):
    server = begin(CHAT_ADMIN_PASSWORD="kopi")
    (bob,) = join(server, "Bob")
    person = terminal(stamp=STAMP)
    person.shows("Masukkan username: █")
    person.type("Bob\r")
    person.shows("Masukkan username: Bob", "Username itu sedang dipakai.", "Masukkan username: █")
    person.type("admin\r")
    shown = [
        "Masukkan username: Bob",
        "Username itu sedang dipakai.",
        "Masukkan username: admin",
        "Masukkan password: █",
    ]
    person.shows(*shown)
    person.type("kopi\r")
    bob.sees("admin Bergabung!")
    shown[-1:] = ["Masukkan password: kopi", "admin Bergabung!"]
    person.shows(*shown, ">> █")
    person.type("/kick Bob\r")
    bob.gets("Kamu dikeluarkan oleh admin.")
    person.shows(*shown, ">> /kick Bob", "Bob keluar!", ">> █")


# Strangers


def test_bytes_that_are_no_text_are_answered(server):
    alice, bob = join(server, "Alice", "Bob")
    alice.raw(b"Alice: \xff \xc3(\nAlice: \xed\xa0\x80\n")
    alice.gets(NOT_TEXT, NOT_TEXT)
    fence(alice, bob)


def test_rubbish_harms_nobody(server):
    alice, bob = join(server, "Alice", "Bob")
    rubbish = random.Random(2031).randbytes(50_000).replace(b"\n", b"\xff\n\xff")
    outside, inside = server.connect(), server.connect()
    inside.send("Rubi")
    for guest in (alice, bob):
        guest.sees("Rubi Bergabung!")
    for guest in (outside, inside):
        guest.raw(rubbish + b"\n")
        guest.socket.shutdown(socket.SHUT_WR)
    answers = last_words(outside)
    assert set(answers) == {"NICK", NOT_TEXT}
    assert NOT_TEXT in last_words(inside)
    for guest in (alice, bob):
        guest.sees("Rubi keluar!")
    say_hello(alice, bob)
    server.keeps(threads=3)


def test_a_name_that_would_take_long_to_compare_does_not(begin):
    """To bring so many accents into their order takes seconds, and all threads would wait."""
    server = begin(CHAT_ADMIN_PASSWORD="kopi")
    alice, bob = join(server, "Alice", "Bob")
    name = "a" + "\u0301\u0323" * 22_000
    for _ in range(40):
        alice.send(f"/pm {name} hai")
        alice.gets(f"{name} tidak online.")
        alice.send(f"{name}: hai")
        for guest in (alice, bob):
            guest.sees(f"Alice: {name}: hai")
    guest = server.connect()
    guest.gets("NICK")
    for _ in range(40):
        guest.send(name)
        guest.gets("Username paling panjang 20 karakter.", "NICK")


@pytest.mark.parametrize("where", ["before the username", "in the chat"])
def test_a_line_that_is_too_long_is_the_last_one(server, where):
    (alice,) = join(server, "Alice")
    guest = server.connect()
    guest.gets("NICK")
    if where == "in the chat":
        guest.send("Eve")
        for one in (guest, alice):
            one.sees("Eve Bergabung!")
    guest.raw(b"x" * 100_001)
    guest.gets("Satu baris paling panjang 100000 byte.")
    assert guest.line() is None
    if where == "in the chat":
        alice.sees("Eve keluar!")
    server.keeps(threads=2)
    fence(alice)


def test_a_line_without_end_ends_the_connection(server):
    (alice,) = join(server, "Alice")
    guest = server.connect()
    with pytest.raises(ConnectionError):
        guest.raw(b"x" * 50_000_000)
    server.keeps(threads=2)
    fence(alice)


def test_who_stops_reading_holds_nobody_up_and_is_dropped(small):
    alice, bob = join(small, "Alice", "Bob")
    eve = narrow(small)
    eve.send("Eve")
    for guest in (alice, bob):
        guest.sees("Eve Bergabung!")
    line = "Alice: " + "x" * 10_000
    for _ in range(100):
        alice.send(line)
        if (message := together(alice, bob)) != line:
            break
    assert message == "Eve keluar!"
    assert together(alice, bob) == line
    small.keeps(threads=3)
    say_hello(alice, bob)


def test_who_is_slow_gets_everything_in_order(small):
    (alice,) = join(small, "Alice")
    slow = narrow(small)
    slow.send("Lambat")
    alice.sees("Lambat Bergabung!")
    lines = [f"Alice: {number} " + "x" * 1000 for number in range(150)]
    for line in lines:  # more than fits into the connection, less than fits into the outbox
        alice.send(line)
        alice.sees(line)
    slow.sees("Lambat Bergabung!", *lines)
    alice.send("/pm Lambat sampai?")
    slow.gets("PM dari Alice: sampai?")
    slow.send("/list")
    slow.gets("Online: Alice, Lambat")
    small.keeps(threads=3)  # the writer thread has ended


@pytest.fixture
def pacing(begin, system):
    """With little room in the connections, and a word on the console when somebody is slowed."""
    return begin(
        {
            "SO_KEEPALIVE, 1)": "SO_SNDBUF, 20_000)",
            "        # Who does not read what we send has to wait here.\n": (
                "        if len(outboxes[client]) > max_outbox // 2: print('pelan-pelan')\n"
            ),
        }
        | system
    )


def test_who_leaves_without_reading_the_rest_is_not_waited_for(small):
    (alice,) = join(small, "Alice")
    eve = narrow(small)
    eve.send("Eve")
    alice.sees("Eve Bergabung!")
    for _ in range(10):
        alice.send("Alice: " + "x" * 12_000)
        alice.sees("Alice: " + "x" * 12_000)
    eve.socket.shutdown(socket.SHUT_WR)
    alice.sees("Eve keluar!")
    small.keeps(threads=2)


def test_who_sends_much_and_then_reads_is_slowed_down_not_dropped(pacing):
    (alice,) = join(pacing, "Alice")
    hasty = narrow(pacing)
    hasty.send("Cepat")
    alice.sees("Cepat Bergabung!")
    lines = [f"Cepat: {number} " + "x" * 1000 for number in range(3000)]
    data = "".join(f"{line}\n" for line in lines).encode()
    sender = threading.Thread(target=hasty.raw, args=(data,))
    sender.start()
    pacing.prints("pelan-pelan")
    hasty.sees("Cepat Bergabung!")
    for line in lines:
        assert together(alice, hasty) == line
    sender.join()


def test_who_sends_and_never_reads_harms_nobody(pacing):
    alice, bob = join(pacing, "Alice", "Bob")
    eve = narrow(pacing)
    eve.send("Eve")
    for guest in (alice, bob):
        guest.sees("Eve Bergabung!")
    eve.raw(b"Eve: %s\n" % (b"x" * 994) * 800)
    pacing.prints("pelan-pelan")
    alice.send("Alice: pagar")
    while together(alice, bob) != "Alice: pagar":
        pass
    eve.close()
    while together(alice, bob) != "Eve keluar!":
        pass
    say_hello(alice, bob)
    pacing.keeps(threads=3)


def test_when_the_house_is_full(begin, system):
    server = begin({"max_clients = 2000": "max_clients = 3"} | system)
    alice, bob = join(server, "Alice", "Bob")
    silent = server.connect()
    silent.gets("NICK")
    assert last_words(server.connect()) == ["Server penuh. Coba lagi nanti."]
    say_hello(alice, bob)
    silent.leave()
    server.keeps(threads=3)
    join(server, "Charlie")


def test_out_of_file_descriptors(begin, system):
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\nimport hmac\n"
    server = begin({"import hmac\n": limit} | system)
    alice, bob = join(server, "Alice", "Bob")
    crowd = [server.connect() for _ in range(30)]
    assert server.prints("Client berikutnya") == (
        "Client berikutnya harus menunggu: Too many open files"
    )
    say_hello(alice, bob)
    for guest in crowd:
        guest.close()
    server.keeps(threads=3)
    (charlie,) = join(server, "Charlie")
    for guest in (alice, bob):
        guest.sees("Charlie Bergabung!")
    say_hello(alice, bob, charlie)


@pytest.fixture
def threads_run_out(tmp_path):
    """The environment of a Python that has no thread left as long as a certain file is there."""
    file = tmp_path / "no-threads"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading\n"
        "real = threading.Thread.start\n"
        "def start(self):\n"
        f"    if os.path.exists({str(file)!r}):\n"
        '        raise RuntimeError("can\'t start new thread")\n'
        "    real(self)\n"
        "threading.Thread.start = start\n"
    )
    return {"PYTHONPATH": str(tmp_path)}, file


def test_out_of_threads(begin, threads_run_out):
    environment, file = threads_run_out
    server = begin(**environment)
    alice, bob = join(server, "Alice", "Bob")
    file.touch()
    assert last_words(server.connect()) == ["Server penuh. Coba lagi nanti."]
    say_hello(alice, bob)
    file.unlink()
    join(server, "Charlie")
    for guest in (alice, bob):
        guest.sees("Charlie Bergabung!")


def test_out_of_threads_when_somebody_is_behind(begin, threads_run_out):
    """Who would need a writer thread is dropped; the others go on."""
    environment, file = threads_run_out
    server = begin({"SO_KEEPALIVE, 1)": "SO_SNDBUF, 20_000)"}, **environment)
    (alice,) = join(server, "Alice")
    eve = narrow(server)
    eve.send("Eve")
    alice.sees("Eve Bergabung!")
    file.touch()
    line = "Alice: " + "x" * 10_000
    for _ in range(100):
        alice.send(line)
        if alice.message() == "Eve keluar!":
            break
    else:
        pytest.fail("Eve was not dropped")
    file.unlink()
    alice.sees(line)
    server.keeps(threads=2)


# Many


def test_two_hundred_at_once(server):
    guests = [server.connect() for _ in range(200)]
    for number, guest in enumerate(guests):
        guest.name = f"Tamu{number}"
        guest.send(guest.name)
    for guest in guests:
        guest.gets("NICK")
        while guest.message() != f"{guest.name} Bergabung!":
            pass  # those who came before, from the moment when this one was in
    guests[0].send("/list")
    while not (answer := guests[0].line()).startswith("Online: "):
        pass
    names = answer.removeprefix("Online: ").split(", ")
    assert sorted(names) == sorted(guest.name for guest in guests)
    for guest in guests:
        guest.send(f"{guest.name}: halo")
    order = None
    for guest in guests:
        heard = []
        while len(heard) < 200:
            message = guest.message()
            if message.endswith(": halo"):
                heard.append(message)
        order = order or heard
        assert heard == order
    assert sorted(order) == sorted(f"{guest.name}: halo" for guest in guests)
    for guest in guests[1::2]:
        guest.crash()
    for guest in guests[2::2]:
        guest.close()
    gone = [guests[0].message() for _ in range(199)]
    assert sorted(gone) == sorted(f"{guest.name} keluar!" for guest in guests[1:])
    server.keeps(threads=2)
    fence(guests[0])


def test_names_are_fought_over_while_people_come_go_and_are_kicked(server):
    """What one sees from the first to the last moment fits together."""
    (admin,) = join(server, "admin")
    for _ in range(10):
        guests = [server.connect() for _ in range(12)]
        for number, guest in enumerate(guests):
            guest.send(f"Tamu{number % 4}")
        admin.raw(b"/kick Tamu0\n/kick Tamu1\n")
        for guest in guests[::2]:
            guest.crash()
        for guest in guests[1::2]:
            guest.close()
    server.keeps(threads=2)
    admin.send("/list")
    inside = set()
    while (line := admin.line()) != "Online: admin":
        name, _, what = line.rpartition("] ")[2].partition(" ")
        if what == "Bergabung!":
            assert name not in inside
            inside.add(name)
        elif what == "keluar!":
            inside.remove(name)
        else:
            assert what == "tidak online."
    assert not inside


def test_a_server_without_clients_rests(server):
    guests = join(server, *MANY)
    guests[0].send("/pm Bob rahasia")
    for guest in guests:
        guest.leave()
    server.keeps(threads=1)
    process = psutil.Process(server.process.pid)
    assert not [one for one in process.net_connections("tcp") if one.status != "LISTEN"]
    assert process.num_fds() == 4  # standard input, output and error, and the door


# Starting and stopping


def test_ctrl_c_says_goodbye_to_everybody(server):
    silent = server.connect()
    silent.gets("NICK")
    alice, bob = join(server, "Alice", "Bob")
    server.stop()
    for guest in (alice, bob):
        guest.sees("Server berhenti.")
        assert guest.line() is None
    assert silent.line() is None


def test_ctrl_c_does_not_wait_for_who_does_not_read(small):
    (alice,) = join(small, "Alice")
    eve = narrow(small)
    eve.send("Eve")
    alice.sees("Eve Bergabung!")
    for _ in range(10):
        alice.send("Alice: " + "x" * 12_000)
        alice.sees("Alice: " + "x" * 12_000)
    small.stop()
    alice.sees("Server berhenti.")


def test_it_can_be_started_again_at_once(begin):
    first = begin()
    (alice,) = join(first, "Alice")
    first.stop()  # the server closes first, so its end of the connection lingers for a while
    alice.sees("Server berhenti.")
    join(begin(), "Alice")


def test_a_port_in_use_is_one_plain_sentence(begin, start):
    first = begin()
    second = start("complete", ready=False)
    assert second.ends_with_a_sentence() == (
        f"Port {first.port} tidak bisa dibuka (Address already in use). "
        "Hentikan dulu server yang masih berjalan, atau ganti port."
    )
    join(first, "Alice")


def test_as_on_windows_the_door_is_looked_at_again_and_again(begin):
    """There accept() has a time limit, so that Ctrl-C is noticed."""
    server = begin(
        {
            'if sys.platform == "win32"': "if True",
            "server.settimeout(1)": "server.settimeout(0.001)\n"
            "        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
        }
        | ELSEWHERE
    )
    alice, bob = join(server, "Alice", "Bob")
    say_hello(alice, bob)
    server.prints("CHAT_ADMIN_PASSWORD")
    for name in ("Alice", "Bob"):
        assert server.prints("").startswith("Terhubung")  # and no complaint
        assert server.prints("") == f"Username {name}"
    server.stop()
    for guest in (alice, bob):
        guest.sees("Server berhenti.")


def test_a_client_that_is_gone_before_it_is_accepted(begin, broken):
    server = begin(**broken("accept", "ConnectionAbortedError"))
    join(server, "Alice")
    server.prints("CHAT_ADMIN_PASSWORD")
    assert server.prints("").startswith("Terhubung")  # nothing to tell, and nobody had to wait


@pytest.mark.parametrize("method", ["send", "recv"])
def test_a_connection_that_breaks_at_any_step(begin, system, broken, method):
    """The one it happens to is out; the next one is served."""
    server = begin(system, **broken(method, "ConnectionResetError"))
    guest = server.connect()
    guest.send("Bob")
    assert "Bob Bergabung!" not in last_words(guest)
    server.keeps(threads=1)
    join(server, "Alice")


def test_a_console_that_knows_few_letters(begin):
    server = begin(PYTHONIOENCODING="ascii")
    (li,) = join(server, "李明")
    assert server.prints("Username") == "Username ??"
    say_hello(li)


# The text of the program


def test_it_is_plain_and_has_the_names_of_the_seed():
    tree = ast.parse(text("complete"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        assert not isinstance(node, ast.ClassDef | ast.AnnAssign | ast.AsyncFunctionDef | ast.Yield)
        if isinstance(node, ast.FunctionDef):
            assert node in functions
            assert ast.get_docstring(node)
            assert node.returns is None
            assert not any(argument.annotation for argument in node.args.args)
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.module in sys.stdlib_module_names
    lines = text("complete").splitlines()
    for start in (
        'host = "127.0.0.1"',
        "port = 5005",
        "clients = []",
        "nicknames = []",
        "def broadcast(message):",
        "def handle(client):",
        "def receive():",
        "def remove_client(client):",
    ):
        assert sum(line.startswith(start) for line in lines) == 1
    for step in (
        "buka pintu / open the door",
        "sambut / welcome",
        "baca / read",
        "potong / cut",
        "sebarkan / share",
        "bereskan / clean up",
    ):
        assert text("complete").lower().count(step) >= 2


def test_little_of_folder_a_is_gone():
    old, new = changes(code(text("folder_a")), code(text("complete")))
    assert len(old) <= 25
    assert len(code(text("complete"))) <= 300
    assert len(new) > len(old)
