"""The bank of wrong servers: beginners' mistakes, most of them small edits of the reference.

Each stands for a mistake that is found in real student servers, and says what comes of it. The
edits are made in the code of the reference without its comments, so that those may be reworded;
where an edit does not fit the code any more, `WrongServer.source` says so at once. The servers for
the later challenges are in `bank_complete`; `tests/bank_run.py` checks all of them.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "reference"

Edit = tuple[str, str]


@dataclass(frozen=True)
class WrongServer:
    """A server with one mistake.

    name: what the mistake is called in tests.
    mistake: what the beginner did, in one line.
    edits: (old, new) replacements in the reference; each `old` is there exactly once.
    program: in place of edits, the name of a whole program in `wrong/`, without `.py`.
    fails: the tests of the challenges that must fail on it; all others pass, or are skipped
        because one of these has failed.
    named: the misconception that is the mistake itself; None where what is seen fits none that
        we know, or several: then none is named.
    also: other misconceptions that are true of it and are named as well.
    base: what is edited: a folder of the reference, or a file below here.
    challenges: what it is checked against.
    """

    name: str
    mistake: str
    edits: tuple[Edit, ...] = ()
    program: str | None = None
    fails: tuple[str, ...] = ()
    named: str | None = None
    also: tuple[str, ...] = ()
    base: str = "modul_contoh"
    challenges: tuple[str, ...] = ("threading", "broadcast", "lists")

    def source(self) -> str:
        """The text of the server. Raises ValueError where an edit does not fit the reference."""
        if self.program is not None:
            return (HERE / "wrong" / f"{self.program}.py").read_text(encoding="utf-8")
        text = reference_code(self.base)
        for old, new in self.edits:
            found = text.count(old)
            if found != 1:
                raise ValueError(f"{self.name}: found {found} times in {self.base}: {old!r}")
            text = text.replace(old, new)
        return text


def reference_code(base: str = "modul_contoh") -> str:
    """The server that is edited, see `WrongServer.base`, without its comments."""
    path = HERE / base if base.endswith(".py") else REFERENCE / base / "server.py"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"  # .*$", "", text, flags=re.MULTILINE)


def unlocked(block: str) -> str:
    """Return a block of the reference without the `with lock:` around it."""
    return textwrap.indent(textwrap.dedent(block.partition("\n")[2]), "    ")


# Pieces of the reference that several mistakes change.

THREAD = "        thread = threading.Thread(target=handle, args=(client,), daemon=True)\n"
START = "        thread.start()\n"
BUFFER = "    buffer = bytearray()\n"
ASK = """\
        client.sendall(b"NICK\\n")
        nickname = read_line(client, buffer)
"""
ADD = """\
        with lock:
            clients.append(client)
            nicknames.append(nickname)
"""
JOINED = '        broadcast(f"{nickname} Bergabung!")\n'
READ = "            message = read_line(client, buffer)\n"
PASS_ON = "            broadcast(message)\n"
WAYS_OUT = """\
    except OSError:
        pass
    finally:
        remove_client(client)
"""
EMPTY_RECV = """\
        if not data:
            raise ConnectionError("the client has left")
"""
RECV = "        data = client.recv(1024)\n"
CUT = """\
    line, _, rest = buffer.partition(b"\\n")
    buffer[:] = rest
"""
DECODE = 'line.decode("utf-8", errors="replace")'
ENCODE = '(message + "\\n").encode("utf-8")'
READ_LINE = (
    '    while b"\\n" not in buffer:\n'
    + RECV
    + EMPTY_RECV
    + "        buffer += data\n"
    + CUT
    + f'    return {DECODE}.removesuffix("\\r")\n'
)
SEND = """\
            try:
                client.sendall(data)
            except OSError:
                pass
"""
SEND_TO_ALL = f"    with lock:\n        data = {ENCODE}\n        for client in clients:\n" + SEND
TAKE_OFF = """\
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
"""
REMOVE = "    with lock:\n        if client in clients:\n" + TAKE_OFF
CLOSE_AND_TELL = """\
    client.close()
    if nickname is not None:
        broadcast(f"{nickname} keluar!")
"""
LEFT = '        broadcast(f"{nickname} keluar!")\n'
IMPORTS = "import socket\nimport sys\n"
RUN = "    receive()\n"

# Who leaves with a FIN ends their own thread and stays on the lists; a reset is cleaned up.
GHOST_AFTER_FIN: tuple[Edit, ...] = (
    (EMPTY_RECV, "        if not data:\n            raise EOFError\n"),
    (
        WAYS_OUT,
        """\
    except EOFError:
        return
    except OSError:
        remove_client(client)
""",
    ),
)
UNGUARDED_SEND: Edit = (SEND, "            client.sendall(data)\n")

NOBODY_TALKS = (
    "test_two_clients_talk",
    "test_everybody_gets_a_message",
    "test_the_sender_gets_it_too",
    "test_joining_is_announced",
    "test_leaving_is_announced_once",
    "test_a_crash_is_announced_once",
    "test_leaving_before_the_username",
    "test_a_crash_before_the_username",
    "test_newcomers_after_somebody_left",
    "test_an_empty_room_takes_newcomers",
    "test_speaking_while_another_crashes",
    "test_a_name_can_be_used_again",
    "test_the_server_rests_after_somebody_left",
)
"""What fails where there are never two in the chat: all that does not need another of these."""

NO_MESSAGE_ARRIVES = tuple(test for test in NOBODY_TALKS if test != "test_joining_is_announced")
"""The same where people come in and are announced, and nothing that they say arrives whole."""

THREADING = (
    WrongServer(
        "no_thread",
        "Calls handle() in the accept loop and starts no thread.",
        ((THREAD + START, "        handle(client)\n"),),
        fails=NOBODY_TALKS,
        named="threads.one_at_a_time",
    ),
    WrongServer(
        "handle_called_not_passed",
        "Writes target=handle(client): handle runs first, in the accept loop, and blocks it.",
        ((THREAD, "        thread = threading.Thread(target=handle(client), daemon=True)\n"),),
        fails=NOBODY_TALKS,
        named="threads.one_at_a_time",
    ),
    WrongServer(
        "run_instead_of_start",
        "Calls thread.run(), which runs in the calling thread, in place of thread.start().",
        ((START, "        thread.run()\n"),),
        fails=NOBODY_TALKS,
        named="threads.one_at_a_time",
    ),
    WrongServer(
        "thread_joined_at_once",
        "Waits for the thread with join() straight after its start.",
        ((START, START + "        thread.join()\n"),),
        fails=NOBODY_TALKS,
        named="threads.joined_at_once",
    ),
    WrongServer(
        "thread_not_started",
        "Makes the thread and forgets thread.start().",
        ((START, ""),),
        fails=NOBODY_TALKS,
        named="threads.not_started",
    ),
    WrongServer(
        "args_without_comma",
        "Writes args=(client): without the comma it is no tuple, and the thread dies at once.",
        (("args=(client,)", "args=(client)"),),
        fails=NOBODY_TALKS,
        named="threads.args",
    ),
    WrongServer(
        "args_forgotten",
        "Starts the thread without args: handle() lacks its client.",
        (("args=(client,), ", ""),),
        fails=NOBODY_TALKS,
        named="threads.args",
    ),
    WrongServer(
        "username_in_accept_loop",
        "Asks for the username in the accept loop: one silent guest blocks the door.",
        (
            (BUFFER, ""),
            (
                THREAD,
                """\
        buffer = bytearray()
        try:
            client.sendall(b"NICK\\n")
            nickname = read_line(client, buffer)
        except OSError:
            client.close()
            continue
        thread = threading.Thread(target=handle, args=(client, nickname, buffer), daemon=True)
""",
            ),
            ("def handle(client):", "def handle(client, nickname, buffer):"),
            (ASK, ""),
        ),
        fails=(
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
        ),
        named="threads.name_in_accept_loop",
    ),
    WrongServer(
        "early_leaver_ends_the_accept_loop",
        "Asks for the username in the accept loop and catches nothing there: who leaves ends it.",
        (
            (ASK, ""),
            (BUFFER, ""),
            (
                THREAD,
                """\
        buffer = bytearray()
        client.sendall(b"NICK\\n")
        nickname = read_line(client, buffer)
        thread = threading.Thread(target=handle, args=(client, nickname, buffer), daemon=True)
""",
            ),
            ("def handle(client):", "def handle(client, nickname, buffer):"),
        ),
        fails=(
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
            "test_leaving_before_the_username",
            "test_a_crash_before_the_username",
        ),
        named="threads.accept_loop_unguarded",
        also=("threads.name_in_accept_loop",),
    ),
    WrongServer(
        "lock_held_while_waiting_for_the_name",
        "Reads the username inside the lock: while one is silent nobody's message goes out.",
        (
            (
                ASK + ADD,
                """\
        with lock:
            client.sendall(b"NICK\\n")
            nickname = read_line(client, buffer)
            clients.append(client)
            nicknames.append(nickname)
""",
            ),
        ),
        fails=(
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
        ),
        named="threads.lock_while_waiting",
    ),
    WrongServer(
        "lock_held_while_reading",
        "Takes the lock before the loop and keeps it while it waits in recv.",
        (
            (
                "        while True:\n" + READ + PASS_ON,
                """\
        with lock:
            while True:
                message = read_line(client, buffer)
                for each in clients:
                    each.sendall((message + "\\n").encode())
""",
            ),
        ),
        fails=NOBODY_TALKS,
        named="threads.lock_while_waiting",
    ),
    WrongServer(
        "one_buffer_for_all",
        "Keeps what has arrived in one global buffer: halves of two clients' lines are joined.",
        (
            (BUFFER, ""),
            ("lock = threading.Lock()", "buffer = bytearray()\nlock = threading.Lock()"),
        ),
        fails=("test_half_a_username_holds_nobody_up", "test_half_a_message_holds_nobody_up"),
        named="threads.shared_variable",
    ),
    WrongServer(
        "client_is_global",
        "Adds the global client of the accept loop, which is by then the newest and not its own.",
        (
            (
                "    while True:\n        try:\n",
                "    global newest\n    while True:\n        try:\n",
            ),
            (THREAD, "        newest = client\n" + THREAD),
            (ADD, ADD.replace("append(client)", "append(newest)")),
        ),
        fails=(
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
            "test_many_come_and_go_at_once",
        ),
        named="threads.shared_variable",
    ),
    WrongServer(
        "door_closes_after_three",
        "Welcomes three clients with a for loop, and nobody after them.",
        (
            (
                "    while True:\n        try:\n            client, address",
                "    for number in range(3):\n        try:\n            client, address",
            ),
            (THREAD, THREAD.replace(", daemon=True", "")),
        ),
        fails=(
            "test_nobody_has_to_wait_for_a_turn",
            "test_everybody_gets_a_message",
            "test_leaving_before_the_username",
            "test_the_right_four_remain",
            "test_a_silent_guest_mixes_up_no_names",
            "test_newcomers_after_somebody_left",
            "test_speaking_while_another_crashes",
            "test_several_crash_at_once",
        ),
        named="threads.fixed_number",
    ),
    WrongServer(
        "only_ten",
        "Makes room for ten clients and closes the door to everybody else.",
        (
            (
                THREAD,
                """\
        if len(clients) >= 10:
            client.close()
            continue
"""
                + THREAD,
            ),
        ),
        fails=("test_many_come_and_go_at_once",),
        named="threads.fixed_number",
    ),
    WrongServer(
        "main_thread_ends",
        "Runs receive() in a daemon thread and has nothing more to do: the program ends.",
        ((RUN, "    threading.Thread(target=receive, daemon=True).start()\n"),),
        fails=NOBODY_TALKS,
        named="threads.main_ends",
    ),
    WrongServer(
        "main_thread_spins",
        "Runs receive() in a thread and keeps the main thread alive with while True: pass.",
        (
            (
                RUN,
                """\
    threading.Thread(target=receive, daemon=True).start()
    while True:
        pass
""",
            ),
        ),
        fails=("test_the_server_rests", "test_the_server_rests_after_somebody_left"),
        named="threads.busy_wait",
    ),
    WrongServer(
        "polls_accept",
        "Makes the listening socket non-blocking and asks it again and again without a pause.",
        (
            (
                "        server.listen()\n",
                "        server.listen()\n        server.setblocking(False)\n",
            ),
            ("        except ConnectionError:\n", "        except OSError:\n"),
        ),
        fails=("test_the_server_rests", "test_the_server_rests_after_somebody_left"),
        named="threads.busy_wait",
    ),
    WrongServer(
        "polls_recv",
        "Asks each client's socket again and again without waiting whether something is there.",
        (
            (
                RECV,
                """\
        try:
            data = client.recv(1024, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
""",
            ),
        ),
        fails=("test_the_server_rests", "test_the_server_rests_after_somebody_left"),
        named="threads.busy_wait",
    ),
    WrongServer(
        "one_at_a_time",
        "Serves one client until it leaves.",
        program="one_at_a_time",
        fails=NOBODY_TALKS,
        named="threads.one_at_a_time",
    ),
    WrongServer(
        "exactly_two",
        "Is written for exactly two clients.",
        program="exactly_two",
        fails=(
            "test_a_silent_listener_holds_nobody_up",
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
            "test_half_a_message_holds_nobody_up",
            "test_nobody_has_to_wait_for_a_turn",
            "test_everybody_gets_a_message",
            "test_the_sender_gets_it_too",
            "test_joining_is_announced",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_leaving_before_the_username",
            "test_a_crash_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_a_name_can_be_used_again",
            "test_the_server_rests_after_somebody_left",
        ),
        named="threads.fixed_number",
        also=(
            "threads.accept_loop_unguarded",
            "threads.name_in_accept_loop",
        ),
    ),
    WrongServer(
        "select_waits_for_the_name",
        "Uses select, and waits in recv for the username of each new client all the same.",
        program="select_waits_for_the_name",
        fails=(
            "test_a_silent_guest_does_not_lock_the_door",
            "test_half_a_username_holds_nobody_up",
        ),
        named="threads.name_in_accept_loop",
        also=("stream.one_recv",),
    ),
)

BROADCAST = (
    WrongServer(
        "not_to_the_sender",
        "Leaves the sender out of the broadcast.",
        (
            (PASS_ON, "            broadcast(message, client)\n"),
            ("def broadcast(message):", "def broadcast(message, sender=None):"),
            (SEND, "            if client == sender:\n                continue\n" + SEND),
        ),
        fails=("test_the_sender_gets_it_too",),
        named="broadcast.not_to_sender",
    ),
    WrongServer(
        "only_to_the_sender",
        "Sends the message back to its sender, as an echo server does.",
        ((PASS_ON, '            client.sendall(message.encode() + b"\\n")\n'),),
        fails=(
            "test_two_clients_talk",
            "test_everybody_gets_a_message",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_leaving_before_the_username",
            "test_a_crash_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_a_name_can_be_used_again",
            "test_the_server_rests_after_somebody_left",
        ),
        named="broadcast.echo_only",
    ),
    WrongServer(
        "only_to_the_last",
        "The send stands after the for loop and not in it: only the last one gets the message.",
        (
            (
                "        for client in clients:\n" + SEND,
                """\
        for client in clients:
            pass
        try:
            client.sendall(data)
        except OSError:
            pass
""",
            ),
        ),
        fails=(
            "test_two_clients_talk",
            "test_everybody_gets_a_message",
            "test_the_sender_gets_it_too",
            "test_joining_is_announced",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_leaving_before_the_username",
            "test_a_crash_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_speaking_while_another_crashes",
            "test_a_name_can_be_used_again",
            "test_the_server_rests_after_somebody_left",
        ),
        named="broadcast.after_the_loop",
    ),
    WrongServer(
        "only_to_the_first",
        "A return inside the for loop ends it after the first client.",
        ((SEND, SEND + "            return\n"),),
        fails=(
            "test_two_clients_talk",
            "test_everybody_gets_a_message",
            "test_the_sender_gets_it_too",
            "test_joining_is_announced",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_leaving_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_the_server_rests_after_somebody_left",
        ),
        named="broadcast.return_in_loop",
    ),
    WrongServer(
        "last_one_left_out",
        "Counts with range(len(clients) - 1): the last client never gets anything.",
        (
            (
                "        for client in clients:\n",
                "        for i in range(len(clients) - 1):\n            client = clients[i]\n",
            ),
        ),
        fails=(
            "test_two_clients_talk",
            "test_everybody_gets_a_message",
            "test_the_sender_gets_it_too",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_leaving_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
        ),
        named="broadcast.off_by_one",
    ),
    WrongServer(
        "sender_gets_it_twice",
        "Sends the message back to its sender and then to everybody.",
        ((PASS_ON, '            client.sendall(message.encode() + b"\\n")\n' + PASS_ON),),
        fails=("test_nobody_gets_it_twice",),
        named="broadcast.twice",
    ),
    WrongServer(
        "once_for_every_name",
        "A loop over the names around the loop over the clients: n people get it n times.",
        (
            (
                "        for client in clients:\n" + SEND,
                """\
        for nickname in nicknames:
            for client in clients:
                try:
                    client.sendall(data)
                except OSError:
                    pass
""",
            ),
        ),
        fails=(
            "test_nobody_gets_it_twice",
            "test_joining_is_announced",
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
        ),
        named="broadcast.nested_loops",
    ),
    WrongServer(
        "join_not_announced",
        "Tells nobody that somebody has come.",
        ((JOINED, ""),),
        fails=("test_joining_is_announced",),
        named="lists.join_not_announced",
    ),
    WrongServer(
        "join_told_to_the_newcomer_only",
        "Sends the join notice to the one who has joined.",
        ((JOINED, '        client.sendall(f"{nickname} Bergabung!\\n".encode())\n'),),
        fails=("test_joining_is_announced",),
        named="lists.join_only_newcomer",
    ),
    WrongServer(
        "join_announced_before_the_name",
        "Announces the address at the accept, before there is a username.",
        (
            (JOINED, ""),
            (
                '        print(f"Terhubung dengan {address}")\n',
                '        print(f"Terhubung dengan {address}")\n'
                '        broadcast(f"{address} Bergabung!")\n',
            ),
        ),
        fails=(
            "test_joining_is_announced",
            "test_leaving_before_the_username",
            "test_a_crash_before_the_username",
        ),
        named="lists.join_before_name",
    ),
    WrongServer(
        "join_without_the_f",
        "Forgets the f: everybody reads {nickname} Bergabung!",
        (('broadcast(f"{nickname} Bergabung!")', 'broadcast("{nickname} Bergabung!")'),),
        fails=("test_joining_is_announced",),
        named="text.f_string",
    ),
    WrongServer(
        "strict_ascii",
        "Reads and writes ASCII: the first letter outside of it ends the sender's thread.",
        ((DECODE, 'line.decode("ascii")'), (ENCODE, '(message + "\\n").encode("ascii")')),
        fails=("test_letters_beyond_ascii", "test_an_emoji"),
        named="text.ascii",
    ),
    WrongServer(
        "ascii_without_the_rest",
        "Makes the error go away with errors='ignore': every other letter is lost in silence.",
        ((DECODE, 'line.decode("ascii", errors="ignore")'),),
        fails=("test_letters_beyond_ascii", "test_an_emoji"),
        named="text.letters_lost",
    ),
    WrongServer(
        "question_marks",
        "Writes ASCII with errors='replace': every other letter becomes a question mark.",
        ((ENCODE, '(message + "\\n").encode("ascii", errors="replace")'),),
        fails=("test_letters_beyond_ascii", "test_an_emoji"),
        named="text.letters_lost",
    ),
    WrongServer(
        "latin_1_in_utf_8_out",
        "Reads Latin-1 and writes UTF-8: é arrives as two letters.",
        ((DECODE, 'line.decode("latin-1")'),),
        fails=("test_letters_beyond_ascii", "test_an_emoji"),
        named="text.wrong_decoding",
    ),
    WrongServer(
        "letter_cut_in_two",
        "Decodes every recv by itself: a letter whose bytes come in two pieces is broken.",
        (
            (BUFFER, "    buffer = []\n"),
            (
                READ_LINE,
                """\
    while "\\n" not in "".join(buffer):
        data = client.recv(1024)
        if not data:
            raise ConnectionError("the client has left")
        buffer.append(data.decode("utf-8", errors="replace"))
    line, _, rest = "".join(buffer).partition("\\n")
    buffer[:] = [rest]
    return line.removesuffix("\\r")
""",
            ),
        ),
        fails=("test_a_message_in_pieces",),
        named="text.cut_letter",
    ),
    WrongServer(
        "letter_cut_in_two_ends_the_thread",
        "Decodes every recv by itself and strictly: half a letter ends the sender's thread.",
        (
            (BUFFER, "    buffer = []\n"),
            (
                READ_LINE,
                """\
    while "\\n" not in "".join(buffer):
        data = client.recv(1024)
        if not data:
            raise ConnectionError("the client has left")
        buffer.append(data.decode())
    line, _, rest = "".join(buffer).partition("\\n")
    buffer[:] = [rest]
    return line.removesuffix("\\r")
""",
            ),
        ),
        fails=("test_a_message_in_pieces",),
        named="text.cut_letter",
    ),
    WrongServer(
        "one_recv_is_one_message",
        "Takes one recv(1024) for one message: a long line comes in pieces.",
        (
            (
                READ_LINE,
                """\
    data = client.recv(1024)
    if not data:
        raise ConnectionError("the client has left")
    return data.decode("utf-8", errors="replace").strip()
""",
            ),
        ),
        fails=(
            "test_half_a_username_holds_nobody_up",
            "test_half_a_message_holds_nobody_up",
            "test_a_burst_arrives_whole",
            "test_a_long_message",
            "test_a_message_in_pieces",
        ),
        named="stream.one_recv",
    ),
    WrongServer(
        "first_line_of_a_lump",
        "Takes the first line of each recv and throws the others away.",
        (
            (
                READ_LINE,
                """\
    data = client.recv(65536)
    if not data:
        raise ConnectionError("the client has left")
    return data.decode("utf-8", errors="replace").split("\\n")[0]
""",
            ),
        ),
        fails=(
            "test_half_a_username_holds_nobody_up",
            "test_half_a_message_holds_nobody_up",
            "test_a_burst_arrives_whole",
            "test_a_message_in_pieces",
        ),
        named="stream.one_recv",
        also=("stream.rest_lost",),
    ),
    WrongServer(
        "rest_thrown_away",
        "Empties the buffer after each line: what came behind it is lost.",
        ((CUT, '    line, _, rest = buffer.partition(b"\\n")\n    buffer.clear()\n'),),
        fails=("test_a_burst_arrives_whole",),
        named="stream.rest_lost",
    ),
    WrongServer(
        "last_line_first",
        "Takes the newest line from the end of the buffer: a burst is turned round.",
        (
            (
                CUT,
                """\
    lines = buffer.split(b"\\n")
    rest = lines.pop()
    line = lines.pop()
    buffer[:] = b"".join(each + b"\\n" for each in lines) + rest
""",
            ),
        ),
        fails=("test_a_burst_arrives_whole",),
        named=None,
    ),
    WrongServer(
        "long_lines_cut",
        "Keeps the first 1024 letters of a line.",
        (
            (
                f'    return {DECODE}.removesuffix("\\r")',
                f'    return {DECODE}.removesuffix("\\r")[:1024]',
            ),
        ),
        fails=("test_a_long_message",),
        named="stream.long_cut",
    ),
    WrongServer(
        "ten_messages_each",
        "Reads with a for loop: after ten messages everybody is sent away.",
        (
            (
                "        while True:\n" + READ,
                "        for number in range(10):\n" + READ,
            ),
        ),
        fails=("test_messages_arrive_in_order", "test_a_burst_arrives_whole"),
    ),
    WrongServer(
        "only_the_first_word",
        "Splits the message at blanks and sends on name and first word only.",
        ((PASS_ON, '            broadcast(" ".join(message.split()[:2]))\n'),),
        fails=NO_MESSAGE_ARRIVES,
        named="text.first_word",
    ),
    WrongServer(
        "forgot_decode",
        "Puts bytes into an f-string: everybody reads b'Alice: Halo'.",
        ((f'    return {DECODE}.removesuffix("\\r")', "    return bytes(line)"),),
        fails=NO_MESSAGE_ARRIVES,
        named="text.bytes_shown",
    ),
    WrongServer(
        "forgot_encode",
        "Gives text to sendall: TypeError, and the sender's thread ends.",
        ((ENCODE, 'message + "\\n"'),),
        fails=NOBODY_TALKS,
        named="text.not_encoded",
    ),
    WrongServer(
        "send_to_one_dead_ends_the_round",
        "The try stands around the whole loop: all behind a dead socket get nothing.",
        (
            (
                "        for client in clients:\n" + SEND,
                """\
        try:
            for client in clients:
                client.sendall(data)
        except OSError:
            pass
""",
            ),
        ),
        fails=("test_speaking_while_another_crashes", "test_several_crash_at_once"),
        named="broadcast.one_dead_ends_all",
    ),
)

LISTS = (
    WrongServer(
        "empty_recv_not_seen",
        "Does not look for the empty recv: the thread of one who left spins for ever.",
        ((EMPTY_RECV, ""),),
        fails=("test_leaving_is_announced_once", "test_the_server_rests_after_somebody_left"),
        named="lists.empty_recv",
    ),
    WrongServer(
        "empty_recv_floods",
        "Does not look for the empty recv and sends on what came: empty lines without end.",
        (
            (
                READ_LINE,
                '    return client.recv(65536).decode("utf-8", errors="replace").strip()\n',
            ),
        ),
        fails=(
            "test_half_a_username_holds_nobody_up",
            "test_half_a_message_holds_nobody_up",
            "test_a_message_in_pieces",
            "test_leaving_is_announced_once",
            "test_leaving_before_the_username",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_a_name_can_be_used_again",
            "test_the_server_rests_after_somebody_left",
        ),
        named="lists.empty_recv_flood",
        also=("lists.empty_name_joins", "stream.one_recv"),
    ),
    WrongServer(
        "ghost_after_fin",
        "Cleans up after a reset only: who closes normally stays on the lists, nobody is told.",
        GHOST_AFTER_FIN,
        fails=("test_leaving_is_announced_once",),
        named="lists.ghost_after_fin",
    ),
    WrongServer(
        "ghost_after_reset",
        "Cleans up after a normal end only: a reset ends the thread and leaves a ghost.",
        (
            (EMPTY_RECV, "        if not data:\n            raise EOFError\n"),
            (WAYS_OUT, "    except EOFError:\n        remove_client(client)\n"),
        ),
        fails=("test_leaving_with_unread_messages", "test_a_crash_is_announced_once"),
        named="lists.ghost_after_rst",
    ),
    WrongServer(
        "nothing_cleaned_up",
        "The end of the loop is the end of the thread: nothing is removed, closed or told.",
        ((WAYS_OUT, "    except OSError:\n        pass\n"),),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.leave_not_announced",
    ),
    WrongServer(
        "leave_not_announced",
        "Removes and closes and tells nobody.",
        ((CLOSE_AND_TELL, "    client.close()\n"),),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.leave_not_announced",
    ),
    WrongServer(
        "leave_announced_twice",
        "Announces it in the except and again in remove_client.",
        (
            (
                WAYS_OUT,
                """\
    except OSError:
        broadcast(f"{nickname} keluar!")
    finally:
        remove_client(client)
""",
            ),
        ),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.leave_twice",
    ),
    WrongServer(
        "leave_without_the_f",
        "Forgets the f: everybody reads {nickname} keluar!",
        (('broadcast(f"{nickname} keluar!")', 'broadcast("{nickname} keluar!")'),),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="text.f_string",
    ),
    WrongServer(
        "none_keluar",
        "Announces also who never gave a username: None keluar!",
        ((CLOSE_AND_TELL, '    client.close()\n    broadcast(f"{nickname} keluar!")\n'),),
        fails=("test_leaving_before_the_username", "test_a_crash_before_the_username"),
        named="lists.nameless_leaver",
    ),
    WrongServer(
        "empty_name_joins",
        "Takes the empty recv of one who left for a username: somebody without a name joins.",
        (
            (
                ASK,
                """\
        client.sendall(b"NICK\\n")
        nickname = client.recv(1024).decode("utf-8", errors="replace").strip()
""",
            ),
        ),
        fails=("test_half_a_username_holds_nobody_up", "test_leaving_before_the_username"),
        named="lists.empty_name_joins",
        also=("stream.one_recv",),
    ),
    WrongServer(
        "early_leaver_takes_the_last_along",
        "Searches with -1 for 'not found' and pops there: who leaves nameless removes the last.",
        (
            (
                "        if client in clients:\n" + TAKE_OFF,
                """\
        index = -1
        for i in range(len(clients)):
            if clients[i] == client:
                index = i
        if clients:
            clients.pop(index)
            nickname = nicknames.pop(index)
""",
            ),
        ),
        fails=("test_leaving_before_the_username", "test_a_crash_before_the_username"),
        named="lists.nameless_takes_another",
    ),
    WrongServer(
        "added_at_connect",
        "Adds the client at the connect and the name later: who is silent puts them out of step.",
        (
            (ASK, "        with lock:\n            clients.append(client)\n" + ASK),
            (ADD, "        with lock:\n            nicknames.append(nickname)\n"),
        ),
        fails=("test_a_silent_guest_mixes_up_no_names",),
        named="lists.out_of_step",
    ),
    WrongServer(
        "blank_name_until_it_comes",
        "Adds client and empty name at the connect: the nameless hear all and are announced.",
        (
            (
                ASK + ADD,
                """\
        with lock:
            clients.append(client)
            nicknames.append("")
        client.sendall(b"NICK\\n")
        nickname = read_line(client, buffer)
        with lock:
            nicknames[clients.index(client)] = nickname
""",
            ),
        ),
        fails=("test_leaving_before_the_username", "test_a_crash_before_the_username"),
        named="lists.nameless_leaver",
    ),
    WrongServer(
        "client_not_added",
        "Adds the name and forgets the client: nobody gets anything.",
        ((ADD, "        with lock:\n            nicknames.append(nickname)\n"),),
        fails=NOBODY_TALKS,
        named="lists.client_not_added",
    ),
    WrongServer(
        "name_not_added",
        "Adds the client and forgets the name: the leave ends in an IndexError.",
        ((ADD, "        with lock:\n            clients.append(client)\n"),),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.name_not_added",
    ),
    WrongServer(
        "name_at_the_front",
        "Puts the client at the end of its list and the name at the front of the other.",
        (("nicknames.append(nickname)", "nicknames.insert(0, nickname)"),),
        fails=(
            "test_a_crash_is_announced_once",
            "test_the_right_four_remain",
            "test_a_silent_guest_mixes_up_no_names",
        ),
        named="lists.out_of_step",
    ),
    WrongServer(
        "names_popped_from_the_end",
        "Writes nicknames.pop() without the index: the newest name is announced and lost.",
        (("nicknames.pop(index)", "nicknames.pop()"),),
        fails=("test_leaving_is_announced_once", "test_several_crash_at_once"),
        named="lists.out_of_step",
    ),
    WrongServer(
        "last_one_removed",
        "Takes the last client and the last name off, whoever has left.",
        (
            (
                TAKE_OFF,
                "            clients.pop()\n            nickname = nicknames.pop()\n",
            ),
        ),
        fails=(
            "test_leaving_is_announced_once",
            "test_speaking_while_another_crashes",
            "test_several_crash_at_once",
        ),
        named="lists.out_of_step",
    ),
    WrongServer(
        "name_stays_on_the_list",
        "Removes the client and only reads the name: from then on others are misnamed.",
        (("nicknames.pop(index)", "nicknames[index]"),),
        fails=("test_the_right_four_remain", "test_several_crash_at_once"),
        named="lists.out_of_step",
    ),
    WrongServer(
        "client_stays_on_the_list",
        "Removes the name and forgets the client: the indexes are out of step.",
        (("            del clients[index]\n", ""),),
        fails=("test_the_right_four_remain", "test_several_crash_at_once"),
        named="lists.out_of_step",
    ),
    WrongServer(
        "index_after_the_removal",
        "Removes the client first and then asks for its index: ValueError, nobody is told.",
        (
            (
                TAKE_OFF,
                """\
            clients.remove(client)
            index = clients.index(client)
            nickname = nicknames.pop(index)
""",
            ),
        ),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.index_after_removal",
    ),
    WrongServer(
        "name_looked_up_after_the_removal",
        "Takes the name at the index when both lists have closed up: the neighbour is named.",
        (
            (
                TAKE_OFF,
                """\
            index = clients.index(client)
            del clients[index]
            del nicknames[index]
            nickname = nicknames[index]
""",
            ),
        ),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.out_of_step",
    ),
    WrongServer(
        "last_joined_is_named",
        "Keeps the nickname in a global: the leave notice names whoever joined last.",
        (
            (ASK, ASK.replace("nickname =", "latest = nickname =")),
            (
                '    """Serve one client, from its username until it leaves. '
                'Runs in the client\'s own thread."""\n',
                "    global latest\n",
            ),
            (LEFT, '        broadcast(f"{latest} keluar!")\n'),
        ),
        fails=("test_leaving_is_announced_once", "test_several_crash_at_once"),
        named="lists.out_of_step",
    ),
    WrongServer(
        "forgot_global",
        "Assigns to clients inside the function without global: UnboundLocalError at each leave.",
        (
            (
                "            del clients[index]\n",
                "            clients = [each for each in clients if each is not client]\n",
            ),
        ),
        fails=("test_leaving_is_announced_once", "test_a_crash_is_announced_once"),
        named="lists.forgot_global",
    ),
    WrongServer(
        "lists_emptied",
        "Empties both lists when one leaves: the others hear nothing more.",
        (
            (
                TAKE_OFF,
                """\
            nickname = nicknames[clients.index(client)]
            clients.clear()
            nicknames.clear()
""",
            ),
        ),
        fails=(
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_newcomers_after_somebody_left",
            "test_speaking_while_another_crashes",
            "test_a_name_can_be_used_again",
        ),
        named="lists.emptied",
    ),
    WrongServer(
        "name_stays_taken",
        "Remembers every username for ever and refuses who comes back.",
        (
            ("lock = threading.Lock()", "used = []\nlock = threading.Lock()"),
            (
                ADD,
                """\
        if nickname in used:
            client.sendall(b"Username sudah dipakai\\n")
            return
        used.append(nickname)
"""
                + ADD,
            ),
        ),
        fails=("test_a_name_can_be_used_again",),
        named="lists.name_stays_taken",
    ),
    WrongServer(
        "lock_taken_twice",
        "Announces the leave inside the lock that broadcast takes too: everything stands still.",
        (
            (TAKE_OFF, TAKE_OFF + '            broadcast(f"{nickname} keluar!")\n'),
            (CLOSE_AND_TELL, "    client.close()\n"),
        ),
        fails=(
            "test_leaving_is_announced_once",
            "test_a_crash_is_announced_once",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_a_name_can_be_used_again",
        ),
        named="locks.taken_twice",
    ),
    WrongServer(
        "lock_not_released",
        "Returns between acquire and release: who leaves before the username locks all out.",
        (
            (
                REMOVE,
                """\
    lock.acquire()
    if client not in clients:
        return
    index = clients.index(client)
    del clients[index]
    nickname = nicknames.pop(index)
    lock.release()
""",
            ),
        ),
        fails=("test_leaving_before_the_username", "test_a_crash_before_the_username"),
        named="locks.not_released",
    ),
    WrongServer(
        "lock_taken_twice_at_a_dead_socket",
        "broadcast holds the lock and calls remove_client for a dead socket: it takes it again.",
        (
            (
                SEND,
                """\
            try:
                client.sendall(data)
            except OSError:
                remove_client(client)
""",
            ),
        ),
        fails=("test_speaking_while_another_crashes", "test_several_crash_at_once"),
        named="locks.taken_twice",
    ),
    WrongServer(
        "innocent_sender_thrown_out",
        "Leaves a ghost, and a broadcast to it raises in the sender's thread, who is thrown out.",
        (*GHOST_AFTER_FIN, UNGUARDED_SEND),
        fails=(
            "test_leaving_is_announced_once",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_several_crash_at_once",
        ),
        named="lists.innocent_sender",
        also=("broadcast.one_dead_ends_all", "lists.ghost_after_fin"),
    ),
    WrongServer(
        "send_not_guarded",
        "broadcast catches nothing: at a dead connection the round and the thread end.",
        (UNGUARDED_SEND,),
        fails=("test_speaking_while_another_crashes", "test_several_crash_at_once"),
        named="lists.innocent_sender",
        also=("broadcast.one_dead_ends_all",),
    ),
    WrongServer(
        "newcomers_cannot_chat",
        "Closes who left but leaves them on the lists: each later broadcast raises.",
        (
            ("            del clients[index]\n", ""),
            ("nicknames.pop(index)", "nicknames[index]"),
            UNGUARDED_SEND,
        ),
        fails=(
            "test_leaving_is_announced_once",
            "test_newcomers_after_somebody_left",
            "test_an_empty_room_takes_newcomers",
            "test_speaking_while_another_crashes",
            "test_several_crash_at_once",
            "test_a_name_can_be_used_again",
        ),
        named="lists.closed_but_listed",
    ),
    WrongServer(
        "removed_while_looping",
        "Takes a dead socket off the list it is looping over: the next one is skipped.",
        (
            (
                SEND,
                """\
            try:
                client.sendall(data)
            except OSError:
                nicknames.pop(clients.index(client))
                clients.remove(client)
                client.close()
""",
            ),
        ),
        fails=("test_speaking_while_another_crashes", "test_several_crash_at_once"),
        named="lists.changed_in_loop",
    ),
    WrongServer(
        "no_lock",
        "Shares the lists between threads without a lock.",
        (
            (ADD, "        clients.append(client)\n        nicknames.append(nickname)\n"),
            (SEND_TO_ALL, unlocked(SEND_TO_ALL)),
            (REMOVE, unlocked(REMOVE)),
        ),
        fails=("test_several_crash_at_once",),
        named="locks.missing",
    ),
    WrongServer(
        "lock_for_each_line",
        "Takes the lock for each line by itself: between finding and removing another comes.",
        (
            (
                REMOVE,
                """\
    if client in clients:
        with lock:
            index = clients.index(client)
        with lock:
            del clients[index]
        with lock:
            nickname = nicknames.pop(index)
""",
            ),
        ),
        fails=("test_several_crash_at_once",),
        named="locks.missing",
    ),
    WrongServer(
        "closes_the_door",
        "Closes the server's socket and not the client's when somebody leaves.",
        (
            (THREAD, THREAD.replace(", daemon=True", "")),
            (
                CLOSE_AND_TELL,
                CLOSE_AND_TELL.replace("    client.close()", "    server.close()"),
            ),
        ),
        fails=("test_newcomers_after_somebody_left", "test_an_empty_room_takes_newcomers"),
        named="lists.closes_the_door",
    ),
    WrongServer(
        "everybody_goes_at_a_reset",
        "Ends the whole program at the first connection that breaks.",
        (
            (IMPORTS, "import os\n" + IMPORTS),
            (EMPTY_RECV, "        if not data:\n            raise EOFError\n"),
            (
                WAYS_OUT,
                """\
    except EOFError:
        remove_client(client)
    except OSError as error:
        print("Server error:", error)
        os._exit(1)
""",
            ),
        ),
        fails=(
            "test_leaving_with_unread_messages",
            "test_a_crash_is_announced_once",
            "test_a_crash_before_the_username",
            "test_speaking_while_another_crashes",
        ),
        named="lists.reset_ends_everything",
    ),
    WrongServer(
        "ends_when_empty",
        "Ends the program when the last one leaves.",
        (
            (IMPORTS, "import os\n" + IMPORTS),
            (CLOSE_AND_TELL, CLOSE_AND_TELL + "    if not clients:\n        os._exit(0)\n"),
        ),
        fails=("test_an_empty_room_takes_newcomers",),
        named="lists.ends_when_empty",
    ),
    WrongServer(
        "index_in_except",
        "Takes the name off after the notice: where that raises, the lists stay out of step.",
        program="index_in_except",
        fails=("test_speaking_while_another_crashes", "test_several_crash_at_once"),
        named="lists.out_of_step",
        also=("lists.innocent_sender",),
    ),
    WrongServer(
        "number_as_identity",
        "Knows a client by its place in the list, and places change when somebody leaves.",
        program="number_as_identity",
        fails=("test_the_right_four_remain", "test_several_crash_at_once"),
        named="lists.out_of_step",
    ),
)

SEED = WrongServer(
    "seed",
    "Is the server of the course module, with all its faults.",
    fails=(
        "test_a_silent_guest_does_not_lock_the_door",
        "test_half_a_username_holds_nobody_up",
        "test_letters_beyond_ascii",
        "test_an_emoji",
        "test_leaving_is_announced_once",
        "test_a_crash_before_the_username",
        "test_leaving_before_the_username",
        "test_speaking_while_another_crashes",
        "test_several_crash_at_once",
        "test_the_server_rests_after_somebody_left",
    ),
    named="lists.empty_recv",
    also=(
        "threads.name_in_accept_loop",
        "threads.accept_loop_unguarded",
        "text.ascii",
        "lists.empty_name_joins",
        "lists.innocent_sender",
        "lists.out_of_step",
    ),
    base="seed.py",
)

BANK = (*THREADING, *BROADCAST, *LISTS, SEED)
