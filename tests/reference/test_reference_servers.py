"""The servers for many clients, as programs, talked to over plain sockets."""

import select
from datetime import datetime, timedelta

import pytest

MANY = ["Alice", "Bob", "Charlie", "Dini", "Eko"]


@pytest.fixture(params=["modul_contoh", "folder_a", "folder_b"])
def server(request, start):
    """Each of the three."""
    return start(request.param)


@pytest.fixture
def contoh(start):
    """modul_contoh, where one stands for all three."""
    return start("modul_contoh")


@pytest.fixture(params=["lumps", "pieces"])
def reader(request, start):
    """modul_contoh, reading in lumps, or in pieces so small that every line and letter is cut."""
    changes = {"client.recv(1024)": "client.recv(1)"} if request.param == "pieces" else {}
    return start("modul_contoh", changes)


# What everybody sees


def test_the_conversation_of_the_seed(server):
    guests = alice, bob, _ = server.join("Alice", "Bob", "Charlie")
    alice.send("Alice: Halo semua!")
    bob.sees("Alice: Halo semua!")
    bob.send("Bob: Hai Alice!")
    bob.sees("Bob: Hai Alice!")
    for guest in guests:
        if guest is not bob:
            guest.sees("Alice: Halo semua!", "Bob: Hai Alice!")


def test_the_log_of_the_seed(server):
    guest = server.connect()
    number = guest.socket.getsockname()[1]
    assert server.prints("") == f"Terhubung dengan ('127.0.0.1', {number})"
    guest.send("Alice")
    assert server.prints("") == "Username Alice"


@pytest.mark.parametrize(
    ("stage", "form"), [("folder_a", "[%Y-%m-%d %H:%M:%S] "), ("folder_b", "[%H:%M:%S] ")]
)
def test_the_stamp_is_the_time_of_sending(start, stage, form):
    server = start(stage)
    before = datetime.now()
    alice = server.connect()
    alice.send("Alice")
    alice.gets("NICK")
    line = alice.line()
    after = datetime.now()
    seconds = [before + timedelta(seconds=n) for n in range((after - before).seconds + 2)]
    assert line in [f"{second.strftime(form)}Alice Bergabung!" for second in seconds]


def test_a_command_is_a_message_like_any_other(contoh):
    alice, bob = contoh.join("Alice", "Bob")
    alice.send("/pm Bob rahasia")
    alice.send("")
    for guest in (alice, bob):
        guest.sees("/pm Bob rahasia", "")


def test_everybody_sees_the_same_order(server):
    guests = server.join(*MANY)
    for number in range(40):
        for name, guest in zip(MANY, guests, strict=True):
            guest.send(f"{name}: {number}")
    seen = [[guest.message() for _ in range(200)] for guest in guests]
    assert all(messages == seen[0] for messages in seen)
    for name in MANY:
        own = [message for message in seen[0] if message.startswith(name)]
        assert own == [f"{name}: {number}" for number in range(40)]


# The byte stream


def test_many_lines_in_one_lump(reader):
    alice, bob = reader.join("Alice", "Bob")
    lines = [f"Alice: {number}" for number in range(200)]
    alice.raw("".join(f"{line}\n" for line in lines).encode())
    bob.sees(*lines)
    alice.sees(*lines)


def test_the_username_and_messages_in_one_lump(reader):
    zoe = reader.connect()
    zoe.raw("Zoë\nZoë: satu\nZoë: dua\nZoë: ti".encode())
    zoe.gets("NICK")
    zoe.sees("Zoë Bergabung!", "Zoë: satu", "Zoë: dua")
    zoe.raw(b"ga\n")
    zoe.sees("Zoë: tiga")


def test_a_line_cut_anywhere_in_the_middle_of_a_letter_too(reader):
    alice, bob = reader.join("Alice", "Bob")
    data = "Alice: é😀\n".encode()
    for cut in range(1, len(data)):
        alice.raw(data[:cut])
        bob.send("Bob: ya")
        bob.sees("Bob: ya")
        alice.raw(data[cut:])
        bob.sees("Alice: é😀")


def test_both_kinds_of_line_ends(reader):
    alice = reader.connect()
    alice.raw(b"Alice\r\nAlice: satu\r\nAlice: \r dua\n  tiga  \r\n")
    alice.gets("NICK")
    alice.sees("Alice Bergabung!", "Alice: satu", "Alice: \r dua", "  tiga  ")


def test_a_line_of_twenty_thousand_bytes(reader):
    alice, bob = reader.join("Alice", "Bob")
    alice.send("Alice: " + "é" * 10_000)
    bob.sees("Alice: " + "é" * 10_000)
    alice.sees("Alice: " + "é" * 10_000)


def test_bytes_that_are_no_text(reader):
    alice, bob = reader.join("Alice", "Bob")
    alice.raw(b"Alice: \xff \xc3(\n")
    bob.sees("Alice: � �(")
    rubbish = reader.connect()
    rubbish.raw(b"\xff\xfe\n")
    bob.sees("�� Bergabung!")
    bob.send("Bob: masih di sini")
    alice.sees("Alice: � �(", "�� Bergabung!", "Bob: masih di sini")


def test_half_a_line_is_no_message(reader):
    alice, bob = reader.join("Alice", "Bob")
    bob.raw(b"Bob: satu\nBob: du")
    bob.leave()
    alice.sees("Bob: satu", "Bob keluar!")


def test_half_a_username_is_no_username(reader):
    (alice,) = reader.join("Alice")
    half = reader.connect()
    half.raw(b"Bo")
    half.leave()
    reader.keeps(threads=2)
    alice.send("Alice: sepi")
    alice.sees("Alice: sepi")


# The silent guest


def test_a_silent_guest_keeps_nobody_out(server):
    dini = server.connect()
    alice, bob = server.join("Alice", "Bob")
    dini.gets("NICK")
    dini.raw(b"Di")
    (charlie,) = server.join("Charlie")
    for guest in (alice, bob):
        guest.sees("Charlie Bergabung!")
    dini.raw(b"ni\n")
    for guest in (alice, bob, charlie, dini):  # what was said before she was in is not for her
        guest.sees("Dini Bergabung!")
    bob.send("Bob: halo")
    for guest in (alice, bob, charlie, dini):
        guest.sees("Bob: halo")


# Leaving


def fin(guest):
    """Leave with everything read."""
    guest.leave()


def fin_with_data_unread(guest):
    """Leave with something unread, of which the kernel makes a RST."""
    assert select.select([guest.socket], [], [], 60)[0]
    guest.socket.close()


def rst(guest):
    """Crash."""
    guest.crash()


LEAVING = pytest.mark.parametrize("leaving", [fin, fin_with_data_unread, rst])


@LEAVING
def test_leaving_is_announced_once_and_disturbs_nobody(server, leaving):
    alice, bob, charlie = server.join("Alice", "Bob", "Charlie")
    alice.send("Alice: kamu pergi?")
    for guest in (alice, charlie):
        guest.sees("Alice: kamu pergi?")  # so it is on its way to Bob as well
    leaving(bob)
    for guest in (alice, charlie):
        guest.sees("Bob keluar!")
    alice.send("Alice: dadah")
    for guest in (alice, charlie):
        guest.sees("Alice: dadah")
    server.keeps(threads=3)


@LEAVING
def test_who_leaves_before_giving_a_username_is_announced_to_nobody(server, leaving):
    (alice,) = server.join("Alice")
    guest = server.connect()
    if leaving is not fin_with_data_unread:
        guest.gets("NICK")
    leaving(guest)
    server.keeps(threads=2)
    alice.send("Alice: sepi")
    alice.sees("Alice: sepi")


@pytest.mark.parametrize("gone", MANY)
def test_the_one_who_left_is_named_and_the_right_four_remain(contoh, gone):
    guests = dict(zip(MANY, contoh.join(*MANY), strict=True))
    guests.pop(gone).leave()
    for guest in guests.values():
        guest.sees(f"{gone} keluar!")
    for name, speaker in guests.items():
        speaker.send(f"{name}: masih di sini")
        for guest in guests.values():
            guest.sees(f"{name}: masih di sini")
    for name in list(guests):
        guests.pop(name).leave()
        for guest in guests.values():
            guest.sees(f"{name} keluar!")


def test_when_the_second_of_two_alices_leaves(contoh):
    alice, bob, twin = contoh.join("Alice", "Bob", "Alice")
    twin.leave()
    for guest in (alice, bob):
        guest.sees("Alice keluar!")
    bob.leave()
    alice.sees("Bob keluar!")
    alice.send("Alice: aku yang pertama")
    alice.sees("Alice: aku yang pertama")


def test_when_the_first_of_two_alices_leaves(contoh):
    alice, bob, twin = contoh.join("Alice", "Bob", "Alice")
    alice.leave()
    for guest in (bob, twin):
        guest.sees("Alice keluar!")
    bob.leave()
    twin.sees("Bob keluar!")
    twin.send("Alice: aku yang kedua")
    twin.sees("Alice: aku yang kedua")


def test_an_empty_username_breaks_nothing(contoh):
    alice, nobody = contoh.join("Alice", "")
    nobody.leave()
    alice.sees(" keluar!")


def test_a_username_is_free_again_when_its_owner_has_left(contoh):
    alice, bob = contoh.join("Alice", "Bob")
    bob.leave()
    alice.sees("Bob keluar!")
    (bob,) = contoh.join("Bob")
    alice.sees("Bob Bergabung!")
    bob.send("Bob: aku lagi")
    alice.sees("Bob: aku lagi")


def test_nobody_is_thrown_out_for_the_broken_connection_of_another(contoh):
    alice, bob, charlie = contoh.join("Alice", "Bob", "Charlie")
    lines = [f"Alice: {number}" for number in range(200)]
    alice.raw("".join(f"{line}\n" for line in lines[:100]).encode())
    bob.crash()
    alice.raw("".join(f"{line}\n" for line in lines[100:]).encode())
    for guest in (alice, charlie):
        seen = [guest.message() for _ in range(201)]
        seen.remove("Bob keluar!")
        assert seen == lines
    contoh.keeps(threads=3)


def test_fifty_come_and_go_at_once(server):
    (alice,) = server.join("Alice")
    guests = {f"Tamu{number}": server.connect() for number in range(50)}
    for name, guest in guests.items():
        guest.gets("NICK")
        guest.send(name)
    leaving, crashing = list(guests)[::2], list(guests)[1::2]
    for name in crashing:
        guests[name].crash()
    for name in leaving:
        guests[name].leave()
    server.keeps(threads=2)
    alice.send("Alice: sepi")
    notices = []
    while "Alice: sepi" not in notices:
        notices.append(alice.message())
    came = [one.removesuffix(" Bergabung!") for one in notices if one.endswith(" Bergabung!")]
    left = [one.removesuffix(" keluar!") for one in notices if one.endswith(" keluar!")]
    # A crash may overtake the username: then there is nobody to announce. But who came must go.
    assert sorted(came) == sorted(left) == sorted(set(came))
    assert set(leaving) <= set(came) <= set(guests)
    assert len(notices) == len(came) + len(left) + 1
    for name in came:
        assert notices.index(f"{name} Bergabung!") < notices.index(f"{name} keluar!")


# Starting and stopping


def test_ctrl_c_ends_it_with_a_goodbye(server):
    silent = server.connect()
    alice, bob = server.join("Alice", "Bob")
    silent.gets("NICK")
    server.stop()
    for guest in (silent, alice, bob):
        assert guest.line() is None


def test_it_can_be_started_again_at_once(start):
    first = start("modul_contoh")
    (alice,) = first.join("Alice")
    first.stop()  # the server closes first, so its end of the connection lingers for a while
    assert alice.line() is None
    start("modul_contoh").join("Alice")


@pytest.mark.parametrize("stage", ["pertemuan_3", "modul_contoh", "folder_a", "folder_b"])
def test_a_port_in_use_is_one_plain_sentence(start, contoh, stage):
    second = start(stage, ready=False)
    assert second.ends_with_a_sentence() == (
        f"Port {contoh.port} tidak bisa dibuka (Address already in use). "
        "Hentikan dulu server yang masih berjalan, atau ganti port."
    )
    contoh.join("Alice")


@pytest.mark.parametrize("stage", ["pertemuan_3", "modul_contoh", "folder_a", "folder_b"])
def test_a_client_that_is_gone_before_it_is_accepted(start, broken, stage):
    """Linux accepts it all the same; elsewhere accept() fails. So here it is made to fail once."""
    server = start(stage, **broken("accept", "ConnectionAbortedError"))
    server.join("Alice")


@pytest.mark.parametrize("stage", ["pertemuan_3", "modul_contoh", "folder_a", "folder_b"])
def test_a_client_that_is_gone_before_it_is_asked(start, broken, stage):
    server = start(stage, **broken("sendall", "BrokenPipeError"))
    gone = server.connect()
    assert gone.line() is None
    server.join("Alice")
