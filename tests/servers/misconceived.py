"""Wrong servers for the challenges timestamp, username, pm, list and kick, each with its mistake.

Each is a few edits of a right server, and shows one misconception that the checks shall name.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

Edit = tuple[str, str]


@dataclass(frozen=True)
class Misconceived:
    """A server with one mistake.

    name: what the mistake is called in tests.
    base: the right server that is changed, without comments where it has any.
    challenges: what it is checked against.
    misconception: the id that a failing test of it must name.
    edits: (old, new) replacements; each `old` is there exactly once when its turn comes.
    also: further ids that are true of it.
    """

    name: str
    base: str
    challenges: tuple[str, ...]
    misconception: str
    edits: tuple[Edit, ...]
    also: tuple[str, ...] = ()

    def source(self) -> str:
        """The text of the server. Raises ValueError where an edit does not fit the base."""
        text = (HERE / self.base).resolve().read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: found {text.count(old)} times: {old!r}")
            text = text.replace(old, new)
        return text


STAMP_A = '        stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")\n'
STAMP_B = '        stamp = datetime.now().strftime("[%H:%M:%S] ")\n'
DATA = '        data = (stamp + message + "\\n").encode("utf-8")\n'
PLAIN = '        data = (message + "\\n").encode("utf-8")\n'
LOCK = "lock = threading.Lock()"


def stamp_a(name: str, misconception: str, *edits: Edit, also: tuple[str, ...] = ()) -> Misconceived:
    base = "../../reference/folder_a/server.py"
    return Misconceived(name, base, ("timestamp_a",), misconception, edits, also)


def stamp_b(name: str, misconception: str, *edits: Edit, also: tuple[str, ...] = ()) -> Misconceived:
    base = "../../reference/folder_b/server.py"
    return Misconceived(name, base, ("timestamp_b",), misconception, edits, also)


def form(old: str, new: str) -> Edit:
    return (f'strftime("{old} ")', f'strftime("{new} ")')


A, B = "[%Y-%m-%d %H:%M:%S]", "[%H:%M:%S]"

STAMPS = (
    stamp_a(
        "stamp_made_at_import",
        "stamp.taken_once",
        (LOCK, 'stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")\n' + LOCK),
        (STAMP_A, ""),
    ),
    stamp_b(
        "stamp_made_at_import_b",
        "stamp.taken_once",
        (LOCK, 'stamp = datetime.now().strftime("[%H:%M:%S] ")\n' + LOCK),
        (STAMP_B, ""),
    ),
    stamp_a("h_for_hour", "stamp.month_name", form(A, "[%Y-%m-%d %h:%M:%S]")),
    stamp_b("h_for_hour_b", "stamp.month_name", form(B, "[%h:%M:%S]")),
    stamp_a("minutes_for_month", "stamp.minutes_for_month", form(A, "[%Y-%M-%d %H:%M:%S]")),
    stamp_a("month_for_minutes", "stamp.minutes_for_month", form(A, "[%Y-%m-%d %H:%m:%S]")),
    stamp_a("twelve_hours", "stamp.twelve_hours", form(A, "[%Y-%m-%d %I:%M:%S]")),
    stamp_b("twelve_hours_b", "stamp.twelve_hours", form(B, "[%I:%M:%S]")),
    stamp_a("utc", "stamp.utc", ("datetime.now()", "datetime.utcnow()")),
    stamp_b("utc_b", "stamp.utc", ("datetime.now()", "datetime.utcnow()")),
    stamp_a(
        "stamped_on_the_way_in_too",
        "stamp.twice",
        (
            "            broadcast(message)\n",
            '            broadcast(datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ") + message)\n',
        ),
        also=("stamp.other_form",),
    ),
    stamp_b(
        "stamped_on_the_way_in_too_b",
        "stamp.twice",
        (
            "            broadcast(message)\n",
            '            broadcast(datetime.now().strftime("[%H:%M:%S] ") + message)\n',
        ),
        also=("stamp.other_form",),
    ),
    stamp_a(
        "stamp_on_the_console_only",
        "stamp.console_only",
        (DATA, "        print(stamp + message)\n" + PLAIN),
    ),
    stamp_b(
        "stamp_on_the_console_only_b",
        "stamp.console_only",
        (DATA, "        print(stamp + message)\n" + PLAIN),
    ),
    stamp_a(
        "notices_without_stamp",
        "stamp.not_on_notices",
        (STAMP_A, ""),
        (DATA, PLAIN),
        (
            "            broadcast(message)\n",
            '            broadcast(datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ") + message)\n',
        ),
    ),
    stamp_b(
        "notices_without_stamp_b",
        "stamp.not_on_notices",
        (STAMP_B, ""),
        (DATA, PLAIN),
        (
            "            broadcast(message)\n",
            '            broadcast(datetime.now().strftime("[%H:%M:%S] ") + message)\n',
        ),
    ),
    stamp_b(
        "no_zeros",
        "stamp.not_padded",
        (
            STAMP_B,
            "        now = datetime.now()\n"
            '        stamp = f"[{now.hour}:{now.minute}:{now.second}] "\n',
        ),
    ),
    stamp_a("no_brackets", "stamp.other_form", form(A, "%Y-%m-%d %H:%M:%S")),
    stamp_a(
        "with_microseconds",
        "stamp.other_form",
        (STAMP_A, '        stamp = f"[{datetime.now()}] "\n'),
    ),
    stamp_b("no_blank", "stamp.other_form", ('strftime("[%H:%M:%S] ")', 'strftime("[%H:%M:%S]")')),
    stamp_a(
        "a_time_for_each_client",
        "stamp.per_client",
        (STAMP_A + DATA, ""),
        (
            "                client.sendall(data)\n",
            '                stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")\n'
            '                client.sendall((stamp + message + "\\n").encode("utf-8"))\n',
        ),
    ),
    stamp_b(
        "message_through_strftime",
        "stamp.message_formatted",
        (STAMP_B, ""),
        (DATA, '        text = datetime.now().strftime("[%H:%M:%S] " + message)\n'
               '        data = (text + "\\n").encode("utf-8")\n'),
    ),
)


def username(name: str, misconception: str, *edits: Edit, also: tuple[str, ...] = ()) -> Misconceived:
    return Misconceived(
        name, "solutions/exercise_username.py", ("username",), misconception, edits, also
    )


TAKEN = """\
            elif nickname.lower() in [other.lower() for other in nicknames]:
                problem = "Username sudah dipakai."
"""
EMPTY = """\
            if nickname == "":
                problem = "Username tidak boleh kosong."
            elif len(nickname) > 20:
"""
TELL = '        client.sendall((problem + "\\n").encode("utf-8"))\n'
TRIMMED = "        nickname = read_line(client, buffer).strip()\n"

USERNAMES = (
    username("taken_names_let_in", "username.not_checked", (TAKEN, "")),
    username(
        "in_other_capitals",
        "username.case",
        ("nickname.lower() in [other.lower() for other in nicknames]", "nickname in nicknames"),
    ),
    username("empty_names_let_in", "username.blank", (EMPTY, "            if len(nickname) > 20:\n")),
    username(
        "blanks_are_not_empty",
        "username.blank",
        (TRIMMED, "        nickname = read_line(client, buffer)\n"),
        ('" " in nickname or ', ""),
        also=("username.not_trimmed", "username.any_text"),
    ),
    username(
        "strip_thrown_away",
        "username.not_trimmed",
        (
            TRIMMED,
            "        nickname = read_line(client, buffer)\n"
            "        if not nickname.strip():\n"
            '            nickname = ""\n',
        ),
        ('" " in nickname or ', ""),
        also=("username.any_text",),
    ),
    username("blank_inside", "username.any_text", ('" " in nickname or ', "")),
    username(
        "announced_before_the_check",
        "username.added_before_check",
        (TRIMMED, TRIMMED + '        broadcast(f"{nickname} Bergabung!")\n'),
        ('        broadcast(f"{nickname} Bergabung!")\n        while True:\n', "        while True:\n"),
    ),
    username(
        "removed_by_name",
        "username.removed_by_name",
        ("        nickname = choose_name(client, buffer)\n",
         "        nickname = None\n        nickname = choose_name(client, buffer)\n"),
        ("        if problem is None:\n", "        names[client] = nickname\n        if problem is None:\n"),
        (LOCK, "names = {}\n" + LOCK),
        (
            "        if client in clients:\n            index = clients.index(client)\n",
            "        if names.get(client) in nicknames:\n"
            "            index = nicknames.index(names[client])\n",
        ),
    ),
    username(
        "refused_and_closed",
        "username.closed_not_asked",
        (TELL, TELL + '        raise ConnectionError("refused")\n'),
    ),
    username(
        "asked_only_twice",
        "username.asked_only_once",
        ("    while True:\n        client.sendall(b\"NICK\\n\")\n",
         "    for attempt in range(2):\n        client.sendall(b\"NICK\\n\")\n"),
        (TELL, TELL + '    raise ConnectionError("refused twice")\n'),
    ),
    username("refused_in_silence", "username.no_reason", (TELL, ""), ("        client.sendall(b\"NICK\\n\")\n        nickname", "        nickname"), ("    while True:\n        nickname", "    client.sendall(b\"NICK\\n\")\n    while True:\n        nickname")),
    username(
        "check_and_add_apart",
        "username.check_then_act",
        (
            """\
            else:
                clients.append(client)
                nicknames.append(nickname)
        if problem is None:
""",
            """\
        if problem is None:
            with lock:
                clients.append(client)
                nicknames.append(nickname)
""",
        ),
        ("import threading\n", "import threading\nimport time\n"),
        ("        if problem is None:\n            with lock", "        if problem is None:\n            time.sleep(0.01)\n            with lock"),
    ),
    username(
        "name_never_free",
        "lists.name_stays_taken",
        (LOCK, "used = []\n" + LOCK),
        ("[other.lower() for other in nicknames]", "used"),
        ("                nicknames.append(nickname)\n",
         "                nicknames.append(nickname)\n                used.append(nickname.lower())\n"),
    ),
)  # fmt: skip


def pm(name: str, misconception: str, *edits: Edit, also: tuple[str, ...] = ()) -> Misconceived:
    return Misconceived(name, "solutions/exercise_pm.py", ("pm",), misconception, edits, also)


TO_TARGET = '            send(target, "[pribadi dari " + nickname + "] " + words[2])\n'
FOUND = "            target = clients[nicknames.index(words[1])]\n"
TO_SENDER = '        send(client, "[pribadi untuk " + words[1] + "] " + words[2])\n'
SPLIT = "    words = message.split(maxsplit=2)\n"
FEW = """\
    elif len(words) < 3:
        send(client, "Pakai: /pm username pesan")
"""
NOBODY = """\
    elif words[1] not in nicknames:
        send(client, words[1] + " tidak sedang online")
"""

PMS = (
    pm("commands_are_chat", "command.treated_as_chat",
       ('            if message.startswith("/"):\n                private_message(client, nickname, message)\n            elif message', '            if message.startswith("/"):\n                broadcast(message)\n            elif message')),
    pm("pm_to_everybody", "pm.broadcast",
       ("        with lock:\n" + FOUND + TO_TARGET,
        '        broadcast("[pribadi dari " + nickname + "] " + words[2])\n')),
    pm("split_everywhere", "pm.first_word_only", (SPLIT, "    words = message.split()\n")),
    pm("starts_with_pm", "pm.command_prefix",
       ('    if words[0] != "/pm":', '    if not message.startswith("/pm"):'),
       (FEW + NOBODY, ""),
       also=("command.missing_word", "command.unknown_name")),
    pm("name_begins_with", "pm.name_prefix",
       (NOBODY, """\
    elif not any(name.startswith(words[1]) for name in nicknames):
        send(client, words[1] + " tidak sedang online")
"""),
       (FOUND, "            target = [clients[i] for i in range(len(clients)) if nicknames[i].startswith(words[1])][0]\n"),
       also=()),
    pm("sender_hears_nothing", "pm.sender_not_told", (TO_SENDER, "")),
    pm("to_nobody_means_to_all", "pm.failed_is_broadcast",
       (NOBODY, "    elif words[1] not in nicknames:\n        broadcast(nickname + \": \" + message)\n")),
    pm("from_whom", "pm.sender_missing", ('"[pribadi dari " + nickname + "] "', '"[pribadi] "')),
    pm("three_words_or_nothing", "command.missing_word", (FEW, "")),
    pm("index_of_nobody", "command.unknown_name", (NOBODY, "")),
    pm("index_of_nobody_caught", "command.unknown_name", (NOBODY, ""),
       ("    except OSError:\n        pass\n    finally:", "    except:\n        pass\n    finally:")),
    pm("silence", "command.no_answer",
       (NOBODY, "    elif words[1] not in nicknames:\n        pass\n"),
       (FEW, "    elif len(words) < 3:\n        pass\n")),
    pm("answers_for_all", "command.answer_to_all",
       (FEW, '    elif len(words) < 3:\n        broadcast("Pakai: /pm username pesan")\n'),
       ('send(client, words[1] + " tidak sedang online")', 'broadcast(words[1] + " tidak sedang online")'),
       also=("pm.failed_is_broadcast",)),
    pm("pm_anywhere", "command.anywhere", ('if message.startswith("/"):', 'if "/pm" in message:'),
       also=("command.no_answer", "command.falls_through", "command.missing_word")),
    pm("pm_inside_the_lock", "locks.taken_twice",
       (TO_TARGET, TO_TARGET + '            broadcast("pesan pribadi terkirim")\n')),
)  # fmt: skip


def admin(name: str, misconception: str, *edits: Edit, also: tuple[str, ...] = ()) -> Misconceived:
    base = "solutions/exercise_admin.py"
    return Misconceived(name, base, ("list", "kick"), misconception, edits, also)


ANSWER = '        send(client, "Online: " + online)\n'
ONLY_ADMIN = """\
    elif nickname != "admin":
        send(client, "Hanya admin yang boleh.")
"""
OUT = '            remove_client(target, "dikeluarkan oleh admin!")\n'
TOLD = '            send(target, "Kamu dikeluarkan oleh admin.")\n'
SHUTDOWN = """\
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
"""
COMMANDS = """\
            if message.startswith("/"):
                command(client, nickname, message)
            else:
                broadcast(message)
"""

ADMINS = (
    admin("commands_are_chat_too", "command.treated_as_chat", (COMMANDS, "            broadcast(message)\n")),
    admin("done_and_shown", "command.falls_through",
          (COMMANDS, '            if message.startswith("/"):\n                command(client, nickname, message)\n            broadcast(message)\n')),
    admin("list_to_all", "list.to_everybody", (ANSWER, '        broadcast("Online: " + online)\n')),
    admin("list_of_the_others", "list.without_oneself",
          ('", ".join(nicknames)', '", ".join(name for name in nicknames if name != nickname)')),
    admin("list_of_all_who_ever_came", "list.ghosts",
          (LOCK, "everybody = []\n" + LOCK),
          ("            nicknames.append(nickname)\n", "            nicknames.append(nickname)\n            everybody.append(nickname)\n"),
          ('", ".join(nicknames)', '", ".join(dict.fromkeys(everybody))'),
          also=("kick.only_closed",)),
    admin("listed_before_the_name", "lists.added_too_early",
          ('        client.sendall(b"NICK\\n")\n', '        with lock:\n            clients.append(client)\n            nicknames.append("?")\n        client.sendall(b"NICK\\n")\n'),
          ("            clients.append(client)\n            nicknames.append(nickname)\n", "            nicknames[clients.index(client)] = nickname\n")),
    admin("unknown_commands_are_chat", "command.falls_through",
          ('        send(client, "Perintah tidak dikenal: " + words[0])\n', "        broadcast(message)\n")),
    admin("unknown_commands_swallowed", "command.no_answer",
          ('        send(client, "Perintah tidak dikenal: " + words[0])\n', "        pass\n")),
    admin("list_anywhere", "command.anywhere",
          ('            if message.startswith("/"):\n', '            if message.startswith("/") or "/list" in message:\n')),
    admin("anybody_kicks", "kick.anybody", (ONLY_ADMIN, ""), also=("command.no_answer",)),
    admin("nearly_admin_kicks", "kick.nearly_admin", ('nickname != "admin"', '"admin" not in nickname')),
    admin("off_the_list_only", "kick.only_off_the_list",
          (OUT, """\
            with lock:
                index = clients.index(target)
                del clients[index]
                nicknames.pop(index)
            broadcast(words[1] + " dikeluarkan!")
""")),
    admin("close_without_shutdown", "kick.close_without_shutdown", (SHUTDOWN, "")),
    admin("closed_but_on_the_list", "kick.only_closed",
          (OUT, """\
            target.shutdown(socket.SHUT_RDWR)
            target.close()
            broadcast(words[1] + " dikeluarkan!")
"""),
          ("    finally:\n        remove_client(client)\n", "    finally:\n        if client.fileno() >= 0:\n            remove_client(client)\n"),
          also=("lists.name_stays_taken",)),
    admin("kicked_without_a_word", "kick.not_told", (TOLD, "")),
    admin("kick_told_twice", "kick.told_twice",
          (OUT, '            broadcast(words[1] + " dikeluarkan!")\n' + OUT)),
    admin("kick_without_name_raises", "command.missing_word",
          ('    elif len(words) != 2:\n        send(client, "Pakai: /kick username")\n', "")),
    admin("kick_of_nobody_raises", "command.unknown_name",
          ("            target = None\n            if words[1] in nicknames:\n                target = clients", "            target = clients")),
    admin("kick_inside_the_lock", "locks.taken_twice",
          ("                target = clients[nicknames.index(words[1])]\n", "                target = clients[nicknames.index(words[1])]\n                broadcast(words[1] + \" dikeluarkan!\")\n")),
)  # fmt: skip

MISCONCEIVED = (*STAMPS, *USERNAMES, *PMS, *ADMINS)
