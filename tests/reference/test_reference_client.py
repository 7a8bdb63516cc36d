"""The client in a terminal, as a person uses it. At the other end is the test, or a server.

What stands on the screen is compared whole, with the cursor as █.
"""

import re

import pytest

PATIENT = {"asked.wait(3)": "asked.wait(1000)"}  # seconds


@pytest.fixture
def no_readline(tmp_path):
    """The environment of a Python without readline, as on Windows."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "readline.py").write_text("raise ImportError('as on Windows')\n")
    return {"PYTHONPATH": str(tmp_path / "bare")}


# Coming in


def test_it_asks_for_the_username_and_then_for_messages(terminal, door):
    alice = terminal()
    alice.shows("Masukkan username: █")
    server = door.accept()
    server.send("NICK")
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", ">> █")
    server.gets("Alice")
    alice.type("Halo, é😀!\r")
    alice.shows("Masukkan username: Alice", ">> Halo, é😀!", ">> █")
    server.gets("Alice: Halo, é😀!")


def test_it_says_nothing_before_it_is_asked(terminal, door):
    alice = terminal(PATIENT)
    server = door.accept()
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", "█")
    server.nothing()
    server.send("NICK")
    server.gets("Alice")
    alice.shows("Masukkan username: Alice", ">> █")


def test_it_says_that_it_is_waiting(terminal, door):
    alice = terminal({"asked.wait(3)": "asked.wait(0.01)"})
    server = door.accept()
    alice.type("Alice\r")
    alice.wait(lambda: "Menunggu server..." in alice.picture(), "it says so")
    server.send("NICK")
    server.gets("Alice")


def test_a_refused_username_is_asked_for_again(enter):
    bob, server = enter("Alice")
    server.send("Username sudah dipakai.\nNICK")
    bob.shows("Masukkan username: Alice", "Username sudah dipakai.", "Masukkan username: █")
    bob.type("Bob\r")
    server.gets("Bob")
    server.send("Bob Bergabung!")
    bob.shows(
        "Masukkan username: Alice",
        "Username sudah dipakai.",
        "Masukkan username: Bob",
        "Bob Bergabung!",
        ">> █",
    )
    bob.type("Halo!\r")
    server.gets("Bob: Halo!")


def test_an_empty_username_goes_out_for_the_server_to_judge(terminal, door):
    alice = terminal()
    server = door.accept()
    server.send("NICK")
    alice.shows("Masukkan username: █")
    alice.type("\r")
    server.gets("")


def test_a_password_is_asked_for(enter):
    admin, server = enter("admin")
    server.send("PASS")
    admin.shows("Masukkan username: admin", "Masukkan password: █")
    admin.type("rahasia\r")
    server.gets("rahasia")
    admin.type("/kick Bob\r")
    admin.type("Halo!\r")
    server.gets("/kick Bob", "admin: Halo!")


# Writing


def test_a_command_goes_out_as_typed_and_an_empty_line_not_at_all(enter):
    alice, server = enter("Alice")
    for line in ("/pm Bob rahasia", "", "   ", "a/b"):
        alice.type(f"{line}\r")
    server.gets("/pm Bob rahasia", "Alice: a/b")


def test_a_message_that_arrives_while_one_is_being_typed(enter):
    alice, server = enter("Alice")
    alice.type("Halo sem")
    alice.shows("Masukkan username: Alice", ">> Halo sem█")
    server.send("Bob: Hai")
    alice.shows("Masukkan username: Alice", "Bob: Hai", ">> Halo sem█")
    alice.type("\x7f\x7f")  # Backspace
    alice.shows("Masukkan username: Alice", "Bob: Hai", ">> Halo s█")
    server.send("Charlie Bergabung!")
    alice.shows("Masukkan username: Alice", "Bob: Hai", "Charlie Bergabung!", ">> Halo s█")
    alice.type("emua!\r")
    server.gets("Alice: Halo semua!")
    server.send("Alice: Halo semua!")
    alice.shows(
        "Masukkan username: Alice",
        "Bob: Hai",
        "Charlie Bergabung!",
        ">> Halo semua!",
        "Alice: Halo semua!",
        ">> █",
    )


def test_a_message_that_arrives_while_one_is_being_typed_without_readline(enter, no_readline):
    alice, server = enter("Alice", environment=no_readline)
    alice.type("Halo sem")
    alice.shows("Masukkan username: Alice", ">> Halo sem█")
    server.send("Bob: Hai Alice!")
    alice.shows("Masukkan username: Alice", ">> Halo sem", "Bob: Hai Alice!", ">> █")
    alice.type("ua!\r")
    server.gets("Alice: Halo semua!")
    alice.shows("Masukkan username: Alice", ">> Halo sem", "Bob: Hai Alice!", ">> ua!", ">> █")


@pytest.mark.parametrize("readline", [True, False])
def test_messages_never_get_between_the_prompt_and_the_cursor(enter, no_readline, readline):
    """They race the next prompt to the screen, again and again."""
    alice, server = enter("Alice", environment={} if readline else no_readline)
    flood = "".join(f"Bob: {number}\n" for number in range(100)).encode()
    for number in range(30):
        server.raw(flood)
        alice.type(f"{number}\r")
        server.gets(f"Alice: {number}")
        server.send(f"Alice: {number}")
        end = [f"Alice: {number}", ">> █"]
        alice.wait(lambda end=end: alice.picture()[-2:] == end, f"{end}")
        for line in alice.picture()[:-1]:
            assert re.fullmatch(r"Masukkan username: Alice|>>( \d+)?|(Bob|Alice): \d+|", line)


# Reading


def test_lines_arrive_in_lumps_and_in_pieces(enter):
    alice, server = enter("Alice", changes={"client.recv(1024)": "client.recv(1)"})
    server.raw("Bob: satu\r\nBob: é😀\nBob: \xff".encode() + b"\xff ti")
    server.raw(b"ga\n")
    alice.shows("Masukkan username: Alice", "Bob: satu", "Bob: é😀", "Bob: ÿ� tiga", ">> █")


def test_a_message_cannot_repaint_the_screen(enter):
    alice, server = enter("Alice")
    server.send("Bob: \x1b[2J\x1b]0;judul\x07\r\b\x9b2Jhabis")
    alice.shows("Masukkan username: Alice", "Bob: [2J]0;judul2Jhabis", ">> █")


def test_a_terminal_that_knows_no_emoji(enter):
    alice, server = enter("Alice", environment={"PYTHONIOENCODING": "ascii"})
    server.send("Bob: 😀")
    server.send("Bob: halo")
    alice.shows("Masukkan username: Alice", "Bob: ?", "Bob: halo", ">> █")


# Ending


@pytest.mark.parametrize("way", ["close", "crash"])
@pytest.mark.parametrize("readline", [True, False])
def test_the_server_goes_away_while_something_is_being_typed(enter, no_readline, way, readline):
    alice, server = enter("Alice", environment={} if readline else no_readline)
    alice.type("Halo sem")
    alice.shows("Masukkan username: Alice", ">> Halo sem█")
    getattr(server, way)()
    status = alice.ends("Masukkan username: Alice", ">> Halo sem", "Koneksi ke server terputus.")
    assert status == 1


@pytest.mark.parametrize("number", range(10))
def test_the_server_goes_away_as_soon_as_it_has_the_username(terminal, door, number):
    """Just when the client is about to wait for the next line."""
    alice = terminal()
    server = door.accept()
    server.send("NICK")
    alice.shows("Masukkan username: █")
    alice.type("Alice\r")
    server.gets("Alice")
    server.close()
    alice.wait(lambda: alice.ended, "the end")
    assert "Koneksi ke server terputus." in alice.picture()
    assert alice.mode() == (True, True)


def test_the_server_goes_away_before_it_asks(terminal, door):
    alice = terminal(PATIENT)
    server = door.accept()
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", "█")
    server.close()
    assert alice.ends("Masukkan username: Alice", "", "Koneksi ke server terputus.") == 1


def test_a_username_that_cannot_be_sent_any_more(terminal, door, broken):
    alice = terminal(environment=broken("sendall", "BrokenPipeError"))
    server = door.accept()
    server.send("NICK")
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", ">> █")
    server.close()
    assert alice.ends("Masukkan username: Alice", ">>", "Koneksi ke server terputus.") == 1


def test_there_is_no_server(terminal, free_port):
    sentence = (
        f"Tidak ada server di 127.0.0.1:{free_port}. Jalankan server.py dulu, lalu coba lagi."
    )
    assert terminal().ends(sentence) == 1


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("readline", [True, False])
def test_ctrl_c_and_ctrl_d_leave(enter, no_readline, key, readline):
    alice, server = enter("Alice", environment={} if readline else no_readline)
    alice.press(key)
    shown = "" if readline or key == "\x04" else "^C"
    assert alice.ends("Masukkan username: Alice", f">> {shown}".rstrip(), "Sampai jumpa!") == 0
    assert server.line() is None


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_they_leave_at_the_question_for_the_username_too(terminal, door, key):
    alice = terminal()
    alice.shows("Masukkan username: █")
    alice.press(key)
    assert alice.ends("Masukkan username:", "Sampai jumpa!") == 0


def test_ctrl_c_leaves_while_it_waits_for_the_server(terminal, door):
    alice = terminal(PATIENT)
    door.accept()
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", "█")
    alice.press("\x03")
    assert alice.ends("Masukkan username: Alice", "^C", "Sampai jumpa!") == 0


# With the servers


@pytest.mark.parametrize(
    ("stage", "stamp"),
    [("modul_contoh", ""), ("folder_a", "[%Y-%m-%d %H:%M:%S] "), ("folder_b", "[%H:%M:%S] ")],
)
def test_two_people_chat(start, terminal, stage, stamp):
    server = start(stage)
    alice, bob = terminal(stamp=stamp), terminal(stamp=stamp)
    of_alice, of_bob = ["Masukkan username: Alice"], ["Masukkan username: Bob"]
    alice.type("Alice\r")
    of_alice += ["Alice Bergabung!"]
    alice.shows(*of_alice, ">> █")
    bob.type("Bob\r")
    of_alice += ["Bob Bergabung!"]
    of_bob += ["Bob Bergabung!"]
    bob.shows(*of_bob, ">> █")
    alice.shows(*of_alice, ">> █")
    alice.type("Halo semua!\r")
    of_alice += [">> Halo semua!", "Alice: Halo semua!"]
    of_bob += ["Alice: Halo semua!"]
    bob.shows(*of_bob, ">> █")
    alice.shows(*of_alice, ">> █")
    alice.type("Apa ka")
    alice.shows(*of_alice, ">> Apa ka█")
    bob.type("Hai Alice!\r")
    of_bob += [">> Hai Alice!", "Bob: Hai Alice!"]
    of_alice += ["Bob: Hai Alice!"]
    bob.shows(*of_bob, ">> █")
    alice.shows(*of_alice, ">> Apa ka█")
    bob.press("\x04")
    assert bob.ends(*of_bob, ">>", "Sampai jumpa!") == 0
    of_alice += ["Bob keluar!"]
    alice.shows(*of_alice, ">> Apa ka█")
    server.stop()
    assert alice.ends(*of_alice, ">> Apa ka", "Koneksi ke server terputus.") == 1


def test_the_second_client_of_pertemuan_3_waits_for_its_turn(start, terminal):
    start("pertemuan_3")
    alice = terminal()
    alice.type("Alice\r")
    alice.shows("Masukkan username: Alice", "Alice Bergabung!", ">> █")
    bob = terminal(PATIENT)
    bob.type("Bob\r")
    bob.shows("Masukkan username: Bob", "█")
    alice.type("Halo!\r")
    alice.shows("Masukkan username: Alice", "Alice Bergabung!", ">> Halo!", "Alice: Halo!", ">> █")
    alice.press("\x03")
    bob.wait(lambda: bob.picture()[-2:] == ["Bob Bergabung!", ">> █"], "it is Bob's turn")
