"""The bank of wrong servers for the challenges timestamp to kick.

Small edits of `complete`, for timestamp_b of `folder_b`, and a few of simpler servers.
"""

from bank import Edit, WrongServer

Spec = tuple[str, str, tuple[Edit, ...], tuple[str, ...], *tuple[str | None, ...]]
"""Name, mistake, edits, fails, named, and after that what is named as well."""


def wrong(
    challenge: str, specs: tuple[Spec, ...], base: str = "complete"
) -> tuple[WrongServer, ...]:
    """Return servers for one challenge."""
    return tuple(
        WrongServer(
            name,
            mistake,
            edits,
            fails=fails,
            named=named,
            also=tuple(also),
            base=base,
            challenges=(challenge,),
        )
        for name, mistake, edits, fails, named, *also in specs
    )


# Pieces of the references that several mistakes change.

SERVER = "server = socket.socket("
IMPORT = "from datetime import datetime\n"
STAMP_A = '        stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")\n'
STAMP_B = '        stamp = datetime.now().strftime("[%H:%M:%S] ")\n'
NOW_A = 'datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")'
NOW_B = 'datetime.now().strftime("[%H:%M:%S] ")'
DATA = '        data = (stamp + message + "\\n").encode("utf-8")\n'
DATA_AND_LOOP = DATA + "        for client in clients:\n"
CHAT_A = '            broadcast(f"{nickname}: {text}")\n'
CHAT_B = "            broadcast(message)\n"
JOINED = '        broadcast(f"{nickname} Bergabung!")\n'
LEFT_A = '            broadcast(f"{nickname} keluar!")\n'
LEFT_B = '        broadcast(f"{nickname} keluar!")\n'

READ_NAME = "                nickname = read_line(client, buffer).strip()\n"
NICK = '            tell(client, "NICK")\n'
PROBLEM = "            tell(client, problem)\n"
GOOD = "            if not problem:\n                return nickname\n"
EMPTY = '        if not nickname:\n            return "Username tidak boleh kosong."\n'
LONG = (
    "        if len(nickname) > max_nickname:\n"
    '            return f"Username paling panjang {max_nickname} karakter."\n'
)
BLANK = (
    "        if len(nickname.split()) > 1:\n"
    '            return "Username tidak boleh berisi spasi."\n'
)
UNSEEN = (
    "        if not nickname.isprintable():\n"
    '            return "Username tidak boleh berisi karakter yang tidak terlihat."\n'
)
TAKEN = '        if find(nickname):\n            return "Username itu sedang dipakai."\n'
ADD = "        clients.append(client)\n        nicknames.append(nickname)\n"
KEY = '    return unicodedata.normalize("NFKC", start).casefold()\n'
TOO_LATE = "    finally:\n        timer.cancel()\n"
LEFT_HANDLE = """\
    except OSError:
        pass
    finally:
        remove_client(client)
"""
EMPTY_RECV = """\
        if not data:
            raise ConnectionError("the client has left")
"""
LEAVE = """\
        if client in clients:
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
"""

SPLIT = '    command, *words = line.split(maxsplit=2) or [""]\n'
IF_LIST = 'if command.lower() == "/list":\n'
ANSWER_LIST = "            tell(client, f\"Online: {', '.join(nicknames)}\")\n"
IF_PM = '        elif command.lower() == "/pm":\n'
DO_PM = "            send_private(client, nickname, words)\n"
IF_UNKNOWN = '        elif command.startswith("/"):\n'
ANSWER_UNKNOWN = '            tell(client, "Perintah tidak dikenal. Yang ada: /list, /pm, /kick")\n'
IF_TEXT = "        elif command:\n"
FIND_PM = "    target = find(words[0]) if words else None\n    if len(words) < 2:\n"
USAGE_PM = '        tell(client, "Cara pakai: /pm username pesan")\n'
NOT_THERE = '        tell(client, f"{words[0]} tidak online.")\n'
NO_TARGET_PM = "    elif target is None:\n" + NOT_THERE + "    else:\n        tell(target"
DELIVER = '        tell(target, f"PM dari {nickname}: {words[1]}")\n'
TELL_SENDER = '        tell(client, f"PM untuk {nicknames[clients.index(target)]}: {words[1]}")\n'

FIND_KICK = "    target = find(words[0]) if words else None\n    if key(nickname) != key(admin):\n"
IS_ADMIN = "    if key(nickname) != key(admin):\n"
NOT_ADMIN = '        tell(client, f"Hanya {admin} yang boleh memakai /kick.")\n'
USAGE_KICK = '        tell(client, "Cara pakai: /kick username")\n'
IF_USAGE_KICK = "    elif len(words) != 1:\n" + USAGE_KICK
NO_TARGET_KICK = "    elif target is None:\n" + NOT_THERE + "    elif target is client:\n"
ONESELF = '        tell(client, "Kamu tidak bisa mengeluarkan dirimu sendiri.")\n'
KICK = '        leave(target)\n        say_goodbye(target, f"Kamu dikeluarkan oleh {admin}.")\n'
TELL_AND_CLOSE = '        tell(target, "Kamu dikeluarkan.")\n        hang_up(target)\n'
DO_KICK = "            kick(client, nickname, words)\n"


TIMESTAMP_A = wrong(
    "timestamp_a",
    (
        (
            "a_stamp_made_at_import",
            "Makes the stamp once, when the program starts.",
            ((STAMP_A, ""), (SERVER, f"stamp = {NOW_A}\n{SERVER}")),
            ("test_date_and_time_are_taken_anew",),
            "stamp.taken_once",
        ),
        (
            "a_stamp_as_default_argument",
            "Makes the stamp in a default argument, which Python works out once.",
            ((STAMP_A, ""), ("def broadcast(message):", f"def broadcast(message, stamp={NOW_A}):")),
            ("test_date_and_time_are_taken_anew",),
            "stamp.taken_once",
        ),
        (
            "a_stamp_of_joining",
            "Takes the time once for each client, when it comes in.",
            (
                (STAMP_A, ""),
                ("def broadcast(message):", "def broadcast(message, stamp):"),
                (JOINED, JOINED.replace(")\n", f", {NOW_A})\n")),
                (LEFT_A, LEFT_A.replace(")\n", f", {NOW_A})\n")),
                (
                    "        while True:\n            try:\n                obey(",
                    f"        stamps[client] = {NOW_A}\n"
                    "        while True:\n            try:\n                obey(",
                ),
                (CHAT_A, CHAT_A.replace(")\n", ", stamps[client])\n")),
                (SERVER, "stamps = {}\n" + SERVER),
            ),
            ("test_date_and_time_are_taken_anew",),
            "stamp.taken_once",
        ),
        (
            "a_date_made_at_import",
            "Takes the time anew, but the date once, when the program starts.",
            (
                (STAMP_A, '        stamp = f"[{today} {datetime.now():%H:%M:%S}] "\n'),
                (SERVER, f"today = datetime.now().date()\n{SERVER}"),
            ),
            ("test_the_date_changes_at_midnight",),
            None,
        ),
        (
            "a_month_name_for_the_hour",
            "Writes %h, which is the name of the month, in place of %H.",
            (("%H:%M:%S", "%h:%M:%S"),),
            ("test_each_message_has_date_and_time",),
            "stamp.month_name",
        ),
        (
            "a_twelve_hours",
            "Writes %I: 05 in the afternoon.",
            (("%H:%M:%S", "%I:%M:%S"),),
            ("test_date_and_time_are_right",),
            "stamp.twelve_hours",
        ),
        (
            "a_month_for_the_minute",
            "Writes %m, the month, where the minute %M belongs.",
            (("%H:%M:%S", "%H:%m:%S"),),
            ("test_date_and_time_are_right",),
            "stamp.minutes_for_month",
        ),
        (
            "a_minute_for_the_month",
            "Writes %M, the minute, where the month %m belongs.",
            (("%Y-%m-%d", "%Y-%M-%d"),),
            ("test_date_and_time_are_right",),
            "stamp.minutes_for_month",
        ),
        (
            "a_gmtime",
            "Takes the time from time.gmtime(), which is UTC.",
            ((NOW_A, 'time.strftime("[%Y-%m-%d %H:%M:%S] ", time.gmtime())'),),
            ("test_date_and_time_are_local",),
            "stamp.utc",
        ),
        (
            "a_always_wib",
            "Adds seven hours to UTC, wherever the server is.",
            (
                (IMPORT, "from datetime import datetime, timedelta, timezone\n"),
                ("datetime.now()", "datetime.now(timezone(timedelta(hours=7)))"),
            ),
            ("test_date_and_time_are_right",),
            None,
        ),
        (
            "a_not_padded",
            "Puts the numbers together by hand: 3:4:5.",
            (
                (
                    STAMP_A,
                    """\
        now = datetime.now()
        date = f"{now.year}-{now.month}-{now.day}"
        stamp = f"[{date} {now.hour}:{now.minute}:{now.second}] "
""",
                ),
            ),
            ("test_date_and_time_have_all_their_digits",),
            "stamp.not_padded",
        ),
        (
            "a_two_digits_for_the_year",
            "Writes %y, the year without its century.",
            (("%Y-%m-%d", "%y-%m-%d"),),
            ("test_each_message_has_date_and_time",),
            None,
        ),
        (
            "a_time_only",
            "Writes the time without the date, as folder B does.",
            (("[%Y-%m-%d %H:%M:%S] ", "[%H:%M:%S] "),),
            ("test_each_message_has_date_and_time",),
            None,
        ),
        (
            "a_printed_only",
            "Prints the stamp in the server's window and sends the message without it.",
            ((DATA, DATA.replace("stamp + ", "") + "        print(stamp + message)\n"),),
            ("test_each_message_has_date_and_time",),
            "stamp.console_only",
        ),
        (
            "a_no_space",
            "Leaves no space between the stamp and the message.",
            (("%H:%M:%S] ", "%H:%M:%S]"),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_two_spaces",
            "Leaves two spaces between the stamp and the message.",
            (("%H:%M:%S] ", "%H:%M:%S]  "),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_round_brackets",
            "Puts the stamp into round brackets.",
            (("[%Y-%m-%d %H:%M:%S] ", "(%Y-%m-%d %H:%M:%S) "),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_day_first",
            "Writes the day first, with slashes.",
            (("%Y-%m-%d", "%d/%m/%Y"),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_letter_t",
            "Uses isoformat(): a T between the date and the time.",
            ((NOW_A, "f\"[{datetime.now().isoformat(timespec='seconds')}] \""),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_microseconds",
            "Writes str(datetime.now()), with the fraction of the second.",
            ((NOW_A, 'f"[{datetime.now()}] "'),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_no_seconds",
            "Leaves out the seconds.",
            (("%H:%M:%S", "%H:%M"),),
            ("test_date_and_time_have_the_exact_form",),
            "stamp.other_form",
        ),
        (
            "a_behind_the_name",
            "Puts the stamp between the username and the text.",
            (
                (STAMP_A, ""),
                (DATA, DATA.replace("stamp + ", "")),
                (JOINED, f"        broadcast({NOW_A} + {JOINED.strip()[10:]}\n"),
                (LEFT_A, f"            broadcast({NOW_A} + {LEFT_A.strip()[10:]}\n"),
                (
                    CHAT_A,
                    f"            stamp = {NOW_A}\n" + CHAT_A.replace("{text}", "{stamp}{text}"),
                ),
            ),
            (
                "test_date_and_time_have_the_exact_form",
                "test_date_and_time_leave_the_message_alone",
            ),
            "stamp.other_form",
        ),
        (
            "a_stamp_twice",
            "Stamps a message when it comes in, and again in broadcast().",
            ((CHAT_A, f'            broadcast({NOW_A} + f"{{nickname}}: {{text}}")\n'),),
            ("test_date_and_time_are_there_once",),
            "stamp.twice",
        ),
        (
            "a_not_on_notices",
            "Stamps what people say, and neither who comes nor who leaves.",
            (
                (STAMP_A, ""),
                (DATA, DATA.replace("stamp + ", "")),
                (CHAT_A, f'            broadcast({NOW_A} + f"{{nickname}}: {{text}}")\n'),
            ),
            ("test_joining_has_date_and_time", "test_leaving_has_date_and_time"),
            "stamp.not_on_notices",
        ),
        (
            "a_not_on_leaving",
            "Forgets the stamp on the notice that somebody left.",
            (
                ("def broadcast(message):", "def broadcast(message, stamped=True):"),
                (STAMP_A, STAMP_A + '        if not stamped:\n            stamp = ""\n'),
                (LEFT_A, LEFT_A.replace(")\n", ", stamped=False)\n")),
            ),
            ("test_leaving_has_date_and_time",),
            "stamp.not_on_notices",
        ),
        (
            "a_for_each_recipient",
            "Takes the time inside the loop: everybody sees another stamp.",
            (
                (STAMP_A, ""),
                (
                    DATA_AND_LOOP,
                    "        for client in clients:\n"
                    + "".join("    " + line + "\n" for line in (STAMP_A + DATA).splitlines()),
                ),
            ),
            ("test_everybody_sees_the_same_date_and_time",),
            "stamp.per_client",
        ),
        (
            "a_message_inside_strftime",
            "Hands the message to strftime(), which fills in the %H that somebody wrote.",
            (
                (STAMP_A, ""),
                (
                    DATA,
                    DATA.replace(
                        "(stamp + message",
                        '(datetime.now().strftime("[%Y-%m-%d %H:%M:%S] " + message)',
                    ),
                ),
            ),
            ("test_date_and_time_leave_the_message_alone",),
            "stamp.message_formatted",
        ),
        (
            "a_message_inside_format",
            "Calls format() on the message: braces that somebody wrote raise an error.",
            ((DATA, DATA.replace("stamp + message", '(stamp + message).format("")')),),
            ("test_date_and_time_leave_the_message_alone",),
            None,
        ),
        (
            "a_words_joined_again",
            "Splits the message and joins its words: double spaces get lost.",
            ((DATA, DATA.replace("stamp + message", 'stamp + " ".join(message.split())')),),
            ("test_date_and_time_leave_the_message_alone",),
            None,
        ),
    ),
)

TIMESTAMP_B = wrong(
    "timestamp_b",
    (
        (
            "b_stamp_made_at_import",
            "Makes the stamp once, when the program starts.",
            ((STAMP_B, ""), (SERVER, f"stamp = {NOW_B}\n{SERVER}")),
            ("test_the_time_is_taken_anew",),
            "stamp.taken_once",
        ),
        (
            "b_date_too",
            "Writes the date too, as folder A does.",
            (("[%H:%M:%S] ", "[%Y-%m-%d %H:%M:%S] "),),
            ("test_each_message_has_the_time",),
            None,
        ),
        (
            "b_month_name_for_the_hour",
            "Writes %h, which is the name of the month, in place of %H.",
            (("%H:%M:%S", "%h:%M:%S"),),
            ("test_each_message_has_the_time",),
            "stamp.month_name",
        ),
        (
            "b_twelve_hours",
            "Writes %I: 05 in the afternoon.",
            (("%H:%M:%S", "%I:%M:%S"),),
            ("test_the_time_is_right",),
            "stamp.twelve_hours",
        ),
        (
            "b_am_pm",
            "Writes %I:%M:%S %p: 05:38:49 PM.",
            (("%H:%M:%S", "%I:%M:%S %p"),),
            ("test_the_time_has_the_exact_form", "test_the_time_is_right"),
            "stamp.other_form",
            "stamp.twelve_hours",
        ),
        (
            "b_month_for_the_minute",
            "Writes %m, the month, where the minute %M belongs.",
            (("%H:%M:%S", "%H:%m:%S"),),
            ("test_the_time_is_right",),
            None,
        ),
        (
            "b_utc",
            "Takes the time of UTC.",
            (
                (IMPORT, "from datetime import datetime, timezone\n"),
                ("datetime.now()", "datetime.now(timezone.utc)"),
            ),
            ("test_the_time_is_local",),
            "stamp.utc",
        ),
        (
            "b_not_padded",
            "Puts the numbers together by hand: 3:4:5.",
            (
                (
                    STAMP_B,
                    """\
        now = datetime.now()
        stamp = f"[{now.hour}:{now.minute}:{now.second}] "
""",
                ),
            ),
            ("test_the_time_has_all_its_digits",),
            "stamp.not_padded",
        ),
        (
            "b_hour_24",
            "Writes 24 for the hour after midnight.",
            (
                (
                    STAMP_B,
                    """\
        now = datetime.now()
        stamp = f"[{now.hour or 24:02}:{now:%M:%S}] "
""",
                ),
            ),
            ("test_the_time_begins_anew_at_midnight",),
            None,
        ),
        (
            "b_stamp_twice",
            "Stamps a message when it comes in, and again in broadcast().",
            ((CHAT_B, f"            broadcast({NOW_B} + message)\n"),),
            ("test_the_time_is_there_once",),
            "stamp.twice",
        ),
        (
            "b_not_on_notices",
            "Stamps what people say, and neither who comes nor who leaves.",
            (
                (STAMP_B, ""),
                (DATA, DATA.replace("stamp + ", "")),
                (CHAT_B, f"            broadcast({NOW_B} + message)\n"),
            ),
            ("test_joining_has_the_time", "test_leaving_has_the_time"),
            "stamp.not_on_notices",
        ),
        (
            "b_not_on_joining",
            "Forgets the stamp on the notice that somebody came.",
            (
                ("def broadcast(message):", "def broadcast(message, stamped=True):"),
                (STAMP_B, STAMP_B + '        if not stamped:\n            stamp = ""\n'),
                (JOINED, JOINED.replace(")\n", ", stamped=False)\n")),
            ),
            ("test_joining_has_the_time",),
            "stamp.not_on_notices",
        ),
        (
            "b_for_each_recipient",
            "Takes the time inside the loop: everybody sees another stamp.",
            (
                (STAMP_B, ""),
                (
                    DATA_AND_LOOP,
                    "        for client in clients:\n"
                    + "".join("    " + line + "\n" for line in (STAMP_B + DATA).splitlines()),
                ),
            ),
            ("test_everybody_sees_the_same_time",),
            "stamp.per_client",
        ),
        (
            "b_message_inside_strftime",
            "Hands the message to strftime(), which fills in the %H that somebody wrote.",
            (
                (STAMP_B, ""),
                (
                    DATA,
                    DATA.replace(
                        "(stamp + message", '(datetime.now().strftime("[%H:%M:%S] " + message)'
                    ),
                ),
            ),
            ("test_the_time_leaves_the_message_alone",),
            "stamp.message_formatted",
        ),
        (
            "b_no_brackets",
            "Leaves the brackets out.",
            (("[%H:%M:%S] ", "%H:%M:%S "),),
            ("test_the_time_has_the_exact_form",),
            "stamp.other_form",
        ),
    ),
    base="folder_b",
)

USERNAME = wrong(
    "username",
    (
        (
            "empty_comes_in",
            "Lets an empty username in.",
            ((EMPTY, ""),),
            ("test_an_empty_username_is_refused",),
            "username.blank",
        ),
        (
            "no_strip",
            "Takes the username as it came, with the blanks around it.",
            ((READ_NAME, READ_NAME.replace(".strip()", "")),),
            ("test_only_blanks_are_refused", "test_blanks_around_are_taken_off"),
            "username.blank",
            "username.not_trimmed",
        ),
        (
            "strip_in_the_check_only",
            "Takes the blanks off to look whether anything is left, and then keeps them.",
            (
                (READ_NAME, READ_NAME.replace(".strip()", "")),
                (EMPTY, EMPTY.replace("not nickname", "not nickname.strip()")),
            ),
            ("test_blanks_around_are_taken_off",),
            "username.not_trimmed",
        ),
        (
            "strip_after_the_checks",
            "Takes the blanks off when all checks are done.",
            (
                (READ_NAME, READ_NAME.replace(".strip()", "")),
                ("    start = nickname.strip()[", "    start = nickname["),
                (ADD, "        nickname = nickname.strip()\n" + ADD),
            ),
            ("test_only_blanks_are_refused", "test_blanks_around_make_no_other_username"),
            "username.blank",
            "username.not_trimmed",
        ),
        (
            "letters_only",
            "Refuses a username with a digit in it.",
            (
                (
                    UNSEEN,
                    UNSEEN.replace("isprintable", "isalpha"),
                ),
            ),
            ("test_a_good_username_comes_in",),
            None,
        ),
        (
            "capitals_make_another",
            "Compares usernames as they are written: alice beside Alice.",
            ((KEY, "    return start\n"),),
            ("test_other_capitals_are_the_same_username",),
            "username.case",
        ),
        (
            "blank_inside",
            "Lets a username with a blank inside in.",
            ((BLANK, ""),),
            ("test_a_blank_inside_is_refused",),
            "username.any_text",
        ),
        (
            "first_word_only",
            "Keeps the first word of a username and says nothing.",
            ((BLANK, "        nickname = nickname.split()[0]\n"),),
            ("test_a_blank_inside_is_refused", "test_control_characters_are_refused"),
            "username.any_text",
        ),
        (
            "no_length",
            "Has no limit for the length.",
            ((LONG, ""),),
            ("test_21_characters_are_refused",),
            "username.any_text",
        ),
        (
            "21_characters",
            "Is one off: 21 characters come in.",
            ((LONG, LONG.replace("max_nickname:", "max_nickname + 1:")),),
            ("test_21_characters_are_refused",),
            "username.any_text",
        ),
        (
            "not_20_characters",
            "Is one off: 20 characters are refused.",
            ((LONG, LONG.replace("> max", ">= max")),),
            ("test_20_characters_come_in",),
            None,
        ),
        (
            "long_name_cut_off",
            "Cuts a long username off and says nothing.",
            ((LONG, "        nickname = nickname[:max_nickname]\n"),),
            ("test_21_characters_are_refused",),
            "username.any_text",
        ),
        (
            "control_characters",
            "Lets control characters in.",
            ((UNSEEN, ""),),
            ("test_control_characters_are_refused",),
            "username.any_text",
        ),
        (
            "only_escape_refused",
            "Knows one control character and not the others.",
            ((UNSEEN, UNSEEN.replace("not nickname.isprintable()", '"\\x1b" in nickname')),),
            ("test_control_characters_are_refused",),
            "username.any_text",
        ),
        (
            "taken_comes_in",
            "Does not look whether the username is online.",
            ((TAKEN, ""),),
            ("test_a_username_that_is_online_is_refused",),
            "username.not_checked",
        ),
        (
            "compares_with_is",
            "Compares texts with `is`: two equal usernames are never the same object.",
            (("        if key(other) == wanted:", "        if key(other) is wanted:"),),
            ("test_a_username_that_is_online_is_refused",),
            "username.not_checked",
        ),
        (
            "number_behind_the_name",
            "Gives the second one a number behind the username, and does not refuse it.",
            ((TAKEN, "        if find(nickname):\n            nickname += str(len(clients))\n"),),
            ("test_a_username_that_is_online_is_refused",),
            None,
        ),
        (
            "owner_thrown_out",
            "Lets the second one in, in place of the first.",
            (
                (
                    TAKEN,
                    """\
        owner = find(nickname)
        if owner:
            leave(owner)
            hang_up(owner)
""",
                ),
            ),
            ("test_a_username_that_is_online_is_refused",),
            None,
        ),
        (
            "announced_before_the_check",
            "Tells everybody that somebody joins, and then checks the username.",
            ((JOINED, ""), (EMPTY, JOINED + EMPTY)),
            ("test_nobody_is_told_of_the_refused_one", "test_one_of_twenty_gets_it"),
            "username.added_before_check",
        ),
        (
            "refusal_told_to_all",
            "Broadcasts why a username is refused.",
            ((PROBLEM, "            broadcast(problem)\n" + PROBLEM),),
            ("test_nobody_is_told_of_the_refused_one",),
            None,
        ),
        (
            "refused_one_is_listed",
            "Adds the client to both lists before it looks whether the username is online.",
            (
                (
                    TAKEN,
                    TAKEN.replace(
                        "            return", ADD.replace("    ", "      ") + "            return"
                    ),
                ),
            ),
            ("test_a_username_that_is_online_is_refused",),
            "username.added_before_check",
        ),
        (
            "refused_one_is_closed",
            "Closes the connection in place of asking again.",
            ((PROBLEM, PROBLEM + '            raise ConnectionError("refused")\n'),),
            ("test_the_refused_one_is_asked_again",),
            "username.closed_not_asked",
        ),
        (
            "no_reason",
            "Asks again and does not say why.",
            ((PROBLEM, ""),),
            ("test_the_refused_one_is_told_why",),
            "username.no_reason",
        ),
        (
            "not_asked_again",
            "Says why, and then waits without asking.",
            (("        while True:\n" + NICK, NICK[4:] + "        while True:\n"),),
            ("test_the_refused_one_is_asked_again",),
            None,
        ),
        (
            "second_try_not_checked",
            "Uses `if` in place of `while`: the second username is not checked.",
            (
                (
                    PROBLEM,
                    PROBLEM
                    + NICK
                    + """\
            nickname = read_line(client, buffer).strip()
            with lock:
                clients.append(client)
                nicknames.append(nickname)
                broadcast(f"{nickname} Bergabung!")
            return nickname
""",
                ),
            ),
            ("test_as_often_as_it_takes",),
            "username.asked_only_once",
        ),
        (
            "three_tries",
            "Gives everybody three tries.",
            (
                ("        while True:\n" + NICK, "        for _attempt in range(3):\n" + NICK),
                (PROBLEM, PROBLEM + '        raise ConnectionError("three tries")\n'),
            ),
            ("test_as_often_as_it_takes",),
            "username.asked_only_once",
        ),
        (
            "check_outside_the_lock",
            "Looks whether the username is online before it takes the lock to add it.",
            (
                ("    with lock:\n" + EMPTY, "    if True:\n" + EMPTY),
                (
                    ADD + JOINED,
                    "        with lock:\n"
                    + "".join("    " + line + "\n" for line in (ADD + JOINED).splitlines()),
                ),
            ),
            ("test_one_of_twenty_gets_it",),
            "username.check_then_act",
        ),
        (
            "cleans_up_by_name",
            "Cleans up by name: who was refused takes the owner off the lists when they go.",
            (
                (READ_NAME, READ_NAME + "                asked[client] = nickname\n"),
                (SERVER, "asked = {}\n" + SERVER),
                (
                    LEAVE,
                    """\
        if asked.get(client) in nicknames:
            index = nicknames.index(asked[client])
            del clients[index]
            nickname = nicknames.pop(index)
""",
                ),
            ),
            (
                "test_nobody_is_told_of_the_refused_one",
                "test_the_owner_stays",
                "test_leaving_in_the_middle_of_choosing",
            ),
            "username.removed_by_name",
        ),
        (
            "refused_one_leaves_aloud",
            "Tells everybody that somebody leaves who never came in.",
            (
                (
                    TOO_LATE,
                    """\
    except OSError:
        broadcast(f"{nickname} keluar!")
        raise
"""
                    + TOO_LATE,
                ),
            ),
            ("test_nobody_is_told_of_the_refused_one",),
            None,
        ),
        (
            "name_never_free",
            "Keeps all usernames that ever were in a set, and takes none out.",
            (
                (TAKEN, TAKEN.replace("find(nickname)", "key(nickname) in used")),
                (ADD, ADD + "        used.add(key(nickname))\n"),
                (SERVER, "used = set()\n" + SERVER),
            ),
            ("test_a_username_is_free_after_leaving", "test_a_username_is_free_after_a_crash"),
            "lists.name_stays_taken",
        ),
        (
            "name_not_free_after_a_crash",
            "Cleans up when somebody leaves, and not when a connection breaks.",
            (
                (EMPTY_RECV, "        if not data:\n            raise EOFError\n"),
                (
                    LEFT_HANDLE,
                    """\
    except EOFError:
        remove_client(client)
    except OSError:
        return
""",
                ),
            ),
            ("test_a_username_is_free_after_a_crash",),
            None,
        ),
        (
            "leaving_while_choosing_ends_the_server",
            "Ends the whole program when somebody leaves before they have a username.",
            ((TOO_LATE, "    except OSError:\n        os._exit(1)\n" + TOO_LATE),),
            ("test_the_owner_stays", "test_leaving_in_the_middle_of_choosing"),
            None,
        ),
    ),
)

PM = wrong(
    "pm",
    (
        (
            "pm_broadcast",
            "Broadcasts private messages.",
            ((DELIVER, DELIVER.replace("tell(target, ", "broadcast(")),),
            ("test_only_the_recipient_sees_it",),
            "pm.broadcast",
        ),
        (
            "pm_goes_on_as_chat",
            "Delivers the private message, and passes the line on to everybody as well.",
            ((DO_PM, DO_PM + '            broadcast(f"{nickname}: {line}")\n'),),
            ("test_only_the_recipient_sees_it",),
            "command.falls_through",
        ),
        (
            "pm_unknown_command",
            "Has no /pm.",
            ((IF_PM + DO_PM, ""),),
            ("test_the_recipient_gets_it",),
            None,
        ),
        (
            "pm_to_the_wrong_index",
            "Is one off in the list of clients.",
            ((DELIVER, DELIVER.replace("target,", "clients[clients.index(target) - 1],")),),
            ("test_the_recipient_gets_it",),
            None,
        ),
        (
            "pm_in_the_history",
            "Keeps everything, private messages too, and shows it to newcomers.",
            (
                (SERVER, "history = []\n" + SERVER),
                (DELIVER, DELIVER + DELIVER.replace("tell(target, ", "history.append(")),
                (ADD, ADD + "        for old in history:\n            tell(client, old)\n"),
            ),
            ("test_only_the_recipient_sees_it",),
            None,
        ),
        (
            "pm_first_word_only",
            "Uses split() in place of split(maxsplit=2): one word arrives.",
            (("line.split(maxsplit=2)", "line.split()"),),
            ("test_all_words_arrive",),
            "pm.first_word_only",
        ),
        (
            "pm_words_out_of_the_text",
            "Cuts /pm out of the line wherever it stands.",
            ((DELIVER, DELIVER.replace("words[1]", "words[1].replace('/pm ', '')")),),
            ("test_a_command_inside_is_text",),
            None,
        ),
        (
            "pm_beginning_of_a_name",
            "Takes the first one whose username begins so.",
            (
                (
                    FIND_PM,
                    FIND_PM.replace(
                        "find(words[0])",
                        "next((c for c, n in zip(clients, nicknames) if n.startswith(words[0])),"
                        " None)",
                    ),
                ),
            ),
            ("test_names_that_begin_alike", "test_the_beginning_of_a_name_is_nobody"),
            "pm.name_prefix",
        ),
        (
            "part_of_a_name_is_taken",
            "Looks for the username in one long text: Bo is refused where Bob is online.",
            (
                (
                    TAKEN,
                    TAKEN.replace("find(nickname)", 'key(nickname) in key(" ".join(nicknames))'),
                ),
            ),
            ("test_names_that_begin_alike",),
            None,
        ),
        (
            "pm_name_in_the_text",
            "Takes the first one whose username stands at the beginning of what follows /pm.",
            (
                (
                    FIND_PM,
                    FIND_PM.replace(
                        "find(words[0])",
                        "next((c for c, n in zip(clients, nicknames) if words[0].startswith(n)),"
                        " None)",
                    ),
                ),
            ),
            ("test_names_that_begin_alike",),
            "pm.name_prefix",
        ),
        (
            "pm_sender_not_told",
            "Delivers it and tells the sender nothing.",
            ((TELL_SENDER, ""),),
            ("test_the_sender_is_told",),
            "pm.sender_not_told",
        ),
        (
            "pm_all_hear_that_it_was_sent",
            "Tells everybody that a private message was sent, without its text.",
            ((TELL_SENDER, '        broadcast(f"{nickname} mengirim PM ke {words[0]}")\n'),),
            ("test_answers_go_to_the_sender_alone",),
            "command.answer_to_all",
        ),
        (
            "pm_delivered_twice",
            "Delivers it twice.",
            ((DELIVER, DELIVER + DELIVER),),
            ("test_everybody_can_write_to_everybody",),
            None,
        ),
        (
            "pm_first_one_left_out",
            "Looks from the second client on: nobody can write to the first.",
            (
                (
                    FIND_PM,
                    FIND_PM.replace(
                        "find(words[0])",
                        "dict(zip(nicknames[1:], clients[1:])).get(words[0])",
                    ),
                ),
            ),
            (
                "test_everybody_can_write_to_everybody",
                "test_names_that_begin_alike",
                "test_pm_to_oneself",
            ),
            None,
        ),
        (
            "pm_without_the_sender",
            "Does not say who wrote it.",
            ((DELIVER, DELIVER.replace(" dari {nickname}", "")),),
            ("test_the_recipient_sees_who_wrote_it",),
            "pm.sender_missing",
        ),
        (
            "pm_from_the_recipient",
            "Writes the recipient's name where the sender's belongs.",
            ((DELIVER, DELIVER.replace("{nickname}", "{words[0]}")),),
            ("test_the_recipient_sees_who_wrote_it",),
            "pm.sender_missing",
        ),
        (
            "pm_latin_letters",
            "Encodes with latin-1 and leaves out what it does not know.",
            (
                (
                    DELIVER,
                    DELIVER.replace(
                        "{words[1]}", "{words[1].encode('latin-1', 'ignore').decode('latin-1')}"
                    ),
                ),
            ),
            ("test_a_private_emoji",),
            None,
        ),
        (
            "pm_unknown_name_silent",
            "Says nothing when nobody has that username.",
            ((NO_TARGET_PM, NO_TARGET_PM.replace(NOT_THERE, "        pass\n")),),
            ("test_nobody_of_that_name",),
            "command.no_answer",
        ),
        (
            "pm_unknown_name_raises",
            "Uses nicknames.index(): where nobody has that username, the thread ends.",
            ((FIND_PM, FIND_PM.replace("find(words[0])", "clients[nicknames.index(words[0])]")),),
            ("test_nobody_of_that_name", "test_answers_go_to_the_sender_alone"),
            "command.unknown_name",
        ),
        (
            "pm_unknown_name_broadcast",
            "Passes the line on to everybody when nobody has that username.",
            (
                (
                    NO_TARGET_PM,
                    NO_TARGET_PM.replace(
                        NOT_THERE, "        broadcast(f\"{nickname}: /pm {' '.join(words)}\")\n"
                    ),
                ),
            ),
            ("test_a_failed_pm_is_not_shown",),
            "pm.failed_is_broadcast",
        ),
        (
            "pm_answer_broadcast",
            "Tells everybody that nobody has that username.",
            (
                (
                    NO_TARGET_PM,
                    NO_TARGET_PM.replace(
                        NOT_THERE, '        broadcast(f"{words[0]} tidak online.")\n'
                    ),
                ),
            ),
            ("test_answers_go_to_the_sender_alone",),
            "command.answer_to_all",
        ),
        (
            "pm_old_clients_kept",
            "Looks in a dict from which nobody is taken out: who has left raises KeyError.",
            (
                (SERVER, "known = {}\n" + SERVER),
                (ADD, ADD + "        known[nickname] = client\n"),
                (FIND_PM, FIND_PM.replace("find(words[0])", "known.get(words[0])")),
            ),
            ("test_somebody_who_has_just_left",),
            "command.unknown_name",
        ),
        (
            "pm_alone_raises",
            "Takes words[0] without looking whether there is one.",
            ((FIND_PM, FIND_PM.replace(" if words else None", "")),),
            ("test_pm_by_itself", "test_answers_go_to_the_sender_alone"),
            "command.missing_word",
        ),
        (
            "pm_without_text_raises",
            "Takes words[1] without looking whether there is one.",
            ((FIND_PM, FIND_PM.replace("len(words) < 2", "len(words) < 1")),),
            ("test_pm_without_a_message", "test_answers_go_to_the_sender_alone"),
            "command.missing_word",
        ),
        (
            "pm_startswith_and_unpack",
            "Takes all that starts with /pm, and unpacks three words that may not be there.",
            (
                (
                    IF_PM + DO_PM,
                    """\
        elif line.lower().startswith("/pm"):
            _pm, name, text = line.split(maxsplit=2)
            send_private(client, nickname, [name, text])
""",
                ),
            ),
            (
                "test_pm_by_itself",
                "test_pm_without_a_message",
                "test_what_only_looks_like_pm",
                "test_answers_go_to_the_sender_alone",
            ),
            "command.missing_word",
            "pm.command_prefix",
        ),
        (
            "pm_usage_silent",
            "Says nothing to an incomplete /pm.",
            ((USAGE_PM, "        pass\n"),),
            ("test_pm_by_itself", "test_pm_without_a_message"),
            "command.no_answer",
        ),
        (
            "pm_usage_broadcast",
            "Tells everybody how /pm is used.",
            ((USAGE_PM, USAGE_PM.replace("tell(client, ", "broadcast(")),),
            ("test_answers_go_to_the_sender_alone",),
            "command.answer_to_all",
        ),
        (
            "pm_odd_blanks_lost",
            "Splits at single blanks and drops what it does not understand.",
            (
                (SPLIT, '    command, *words = line.split(" ", 2)\n'),
                (
                    FIND_PM,
                    "    if words and not words[0]:\n        return\n" + FIND_PM,
                ),
            ),
            ("test_pm_with_odd_blanks",),
            "command.no_answer",
        ),
        (
            "pm_to_oneself_silent",
            "Drops a private message to oneself without a word.",
            (
                (
                    FIND_PM,
                    FIND_PM.replace(
                        "    if len", "    if target is client:\n        return\n    if len"
                    ),
                ),
            ),
            ("test_pm_to_oneself",),
            None,
        ),
        (
            "pm_small_letters_only",
            "Knows /pm and not /PM, and passes on what it does not know.",
            (
                (IF_PM, IF_PM.replace("command.lower()", "command")),
                (IF_UNKNOWN + ANSWER_UNKNOWN, ""),
            ),
            ("test_what_only_looks_like_pm",),
            "command.falls_through",
        ),
        (
            "pm_unknown_command_silent",
            "Says nothing to a command that it does not know.",
            ((ANSWER_UNKNOWN, "            pass\n"),),
            ("test_what_only_looks_like_pm",),
            "command.no_answer",
        ),
        (
            "pm_anywhere_in_the_line",
            "Looks for /pm anywhere in the line.",
            ((IF_PM, '        elif "/pm" in line.lower():\n'),),
            ("test_a_slash_inside_a_line_is_text",),
            "command.anywhere",
        ),
        (
            "pm_slash_anywhere",
            "Takes every line with a / in it for a command.",
            ((IF_UNKNOWN, '        elif "/" in line:\n'),),
            ("test_a_slash_inside_a_line_is_text",),
            "command.anywhere",
        ),
        (
            "pm_can_be_faked",
            "Passes chat lines on as they came, in the same form as private messages.",
            (
                (CHAT_A, "            broadcast(line)\n"),
                (DATA, DATA.replace("stamp + ", "")),
            ),
            ("test_a_private_message_cannot_be_faked",),
            None,
        ),
    ),
)

LIST = wrong(
    "list",
    (
        (
            "list_broadcast",
            "Broadcasts the list.",
            ((ANSWER_LIST, ANSWER_LIST.replace("tell(client, ", "broadcast(")),),
            ("test_the_list_goes_to_the_one_who_asked",),
            "list.to_everybody",
        ),
        (
            "list_goes_on_as_chat",
            "Answers, and passes the line on to everybody as well.",
            ((ANSWER_LIST, ANSWER_LIST + '            broadcast(f"{nickname}: {line}")\n'),),
            ("test_the_command_list_is_not_shown",),
            "command.falls_through",
        ),
        (
            "list_all_hear_who_asked",
            "Tells everybody that somebody asked for the list.",
            (
                (
                    ANSWER_LIST,
                    ANSWER_LIST
                    + '            broadcast(f"{nickname} melihat siapa yang online.")\n',
                ),
            ),
            (
                "test_list_names_everybody_once",
                "test_the_list_goes_to_the_one_who_asked",
            ),
            None,
        ),
        (
            "list_without_oneself",
            "Leaves out who asked.",
            (
                (
                    ANSWER_LIST,
                    ANSWER_LIST.replace("(nicknames)", "(n for n in nicknames if n != nickname)"),
                ),
            ),
            ("test_list_names_oneself",),
            "list.without_oneself",
        ),
        (
            "list_oneself_twice",
            "Adds who asked to the names of all.",
            ((ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "([nickname, *nicknames])")),),
            ("test_list_names_everybody_once",),
            None,
        ),
        (
            "list_of_sockets",
            "Shows the sockets in place of the usernames.",
            ((ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(map(repr, clients))")),),
            ("test_list_names_the_others",),
            None,
        ),
        (
            "list_as_a_number",
            "Tells how many are online, and not who.",
            ((ANSWER_LIST, '            tell(client, f"Online: {len(nicknames)}")\n'),),
            ("test_list_names_the_others",),
            None,
        ),
        (
            "list_to_the_newest",
            "Answers the client that came last.",
            ((ANSWER_LIST, ANSWER_LIST.replace("client,", "clients[-1],")),),
            ("test_list_names_the_others",),
            None,
        ),
        (
            "list_last_one_left_out",
            "Counts with range(len(nicknames) - 1).",
            ((ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(nicknames[:-1])")),),
            ("test_list_names_the_others",),
            None,
        ),
        (
            "list_not_for_one_alone",
            "Says nothing to somebody who is alone.",
            (
                (
                    ANSWER_LIST,
                    "            if len(nicknames) == 1:\n                return\n" + ANSWER_LIST,
                ),
            ),
            ("test_list_for_one_alone",),
            None,
        ),
        (
            "list_of_five",
            "Shows five names at most.",
            ((ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(nicknames[:5])")),),
            ("test_list_of_a_crowd",),
            None,
        ),
        (
            "list_of_all_who_ever_came",
            "Has a list of its own for /list, from which nobody is taken out.",
            (
                (SERVER, "ever = []\n" + SERVER),
                (ADD, ADD + "        ever.append(nickname)\n"),
                (ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(ever)")),
            ),
            ("test_list_has_nobody_who_has_left", "test_list_has_nobody_who_crashed"),
            "list.ghosts",
        ),
        (
            "list_with_the_crashed",
            "Cleans up when somebody leaves, and not when a connection breaks.",
            (
                (EMPTY_RECV, "        if not data:\n            raise EOFError\n"),
                (
                    LEFT_HANDLE,
                    """\
    except EOFError:
        remove_client(client)
    except OSError:
        return
""",
                ),
            ),
            ("test_list_has_nobody_who_crashed",),
            "list.ghosts",
        ),
        (
            "list_made_when_somebody_leaves",
            "Makes the list anew when somebody leaves, and not when somebody comes.",
            (
                (SERVER, "shown = []\n" + SERVER),
                (ADD, ADD + "        shown[:] = shown or nicknames\n"),
                (LEAVE, LEAVE + "            shown[:] = nicknames\n"),
                (ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(shown)")),
            ),
            ("test_list_names_the_others",),
            None,
        ),
        (
            "list_made_when_somebody_comes",
            "Makes the list anew when somebody comes, and not when somebody leaves.",
            (
                (SERVER, "shown = []\n" + SERVER),
                (ADD, ADD + "        shown[:] = nicknames\n"),
                (ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(shown)")),
            ),
            ("test_list_has_nobody_who_has_left", "test_list_has_nobody_who_crashed"),
            "list.ghosts",
        ),
        (
            "list_made_once",
            "Makes the list when somebody first asks for it, and never again.",
            (
                (SERVER, "shown = []\n" + SERVER),
                (
                    ANSWER_LIST,
                    "            shown.extend([] if shown else nicknames)\n"
                    + ANSWER_LIST.replace("(nicknames)", "(shown)"),
                ),
            ),
            ("test_list_has_who_has_just_come",),
            None,
        ),
        (
            "list_out_of_step",
            "Takes the last username off, whoever leaves.",
            ((LEAVE, LEAVE.replace("pop(index)", "pop()")),),
            ("test_list_has_nobody_who_has_left", "test_list_has_nobody_who_crashed"),
            None,
        ),
        (
            "list_with_the_nameless",
            "Lists those too who have no username yet.",
            (
                (
                    ANSWER_LIST,
                    "            nobody = ['(tanpa nama)'] * (len(outboxes) - len(clients))\n"
                    + ANSWER_LIST.replace("(nicknames)", "(nicknames + nobody)"),
                ),
            ),
            ("test_list_has_nobody_without_a_username",),
            "lists.added_too_early",
        ),
        (
            "list_counts_the_nameless",
            "Counts those too who have no username yet.",
            ((ANSWER_LIST, ANSWER_LIST.replace("Online:", "Online ({len(outboxes)}):")),),
            ("test_list_has_nobody_without_a_username",),
            "lists.added_too_early",
        ),
        (
            "list_with_the_refused",
            "Has a list of its own for /list, and adds a username before it is checked.",
            (
                (SERVER, "shown = []\n" + SERVER),
                (EMPTY, "        shown.append(nickname)\n" + EMPTY),
                (LEFT_A, "            shown.remove(nickname)\n" + LEFT_A),
                (ANSWER_LIST, ANSWER_LIST.replace("(nicknames)", "(shown)")),
            ),
            ("test_list_has_nobody_who_was_refused",),
            "username.added_before_check",
        ),
        (
            "list_anywhere_in_the_line",
            "Looks for /list anywhere in the line.",
            ((IF_LIST, 'if "/list" in line:\n'),),
            ("test_list_inside_a_line_is_text",),
            "command.anywhere",
        ),
        (
            "list_at_the_end_of_the_line",
            "Takes a line that ends with a command for a command.",
            ((IF_UNKNOWN, '        elif "/" in line:\n'),),
            ("test_list_inside_a_line_is_text",),
            "command.anywhere",
        ),
        (
            "unknown_command_broadcast",
            "Passes on a command that it does not know.",
            ((IF_UNKNOWN + ANSWER_UNKNOWN, ""),),
            ("test_an_unknown_command",),
            "command.falls_through",
        ),
        (
            "unknown_command_silent",
            "Says nothing to a command that it does not know.",
            ((ANSWER_UNKNOWN, "            pass\n"),),
            ("test_an_unknown_command",),
            "command.no_answer",
        ),
        (
            "unknown_command_told_to_all",
            "Tells everybody that there is no such command.",
            ((ANSWER_UNKNOWN, ANSWER_UNKNOWN.replace("tell(client, ", "broadcast(")),),
            ("test_an_unknown_command",),
            "command.answer_to_all",
        ),
        (
            "unknown_command_ends_the_thread",
            "Looks a command up in a dict: one that it does not know raises KeyError.",
            (
                (
                    ANSWER_UNKNOWN,
                    '            tell(client, {"/help": "/list, /pm, /kick"}[command])\n',
                ),
            ),
            ("test_an_unknown_command",),
            "command.unknown_name",
        ),
    ),
)

KICKED_BY_FLAG: tuple[Edit, ...] = (
    (SERVER, "kicked = []\n" + SERVER),
    (
        LEFT_HANDLE,
        LEFT_HANDLE.replace(
            "        remove", "        if client not in kicked:\n            remove"
        ),
    ),
)

KICK_BANK = wrong(
    "kick",
    (
        (
            "kick_by_anybody",
            "Does not look who sends /kick.",
            ((IS_ADMIN, "    if False:\n"),),
            ("test_only_the_admin_may_kick",),
            "kick.anybody",
        ),
        (
            "kick_by_admin2",
            "Looks whether the username begins with admin.",
            ((IS_ADMIN, "    if not nickname.startswith(admin):\n"),),
            ("test_nearly_the_admin_may_not_kick",),
            "kick.nearly_admin",
        ),
        (
            "kick_by_myadmin",
            "Looks whether admin is in the username.",
            ((IS_ADMIN, "    if admin not in nickname:\n"),),
            ("test_nearly_the_admin_may_not_kick",),
            "kick.nearly_admin",
        ),
        (
            "kick_by_admi",
            "Looks whether the username is in the text admin.",
            ((IS_ADMIN, "    if nickname not in admin:\n"),),
            ("test_nearly_the_admin_may_not_kick",),
            "kick.nearly_admin",
        ),
        (
            "kick_by_the_first",
            "Takes whoever came first for the admin.",
            ((IS_ADMIN, "    if client is not clients[0]:\n"),),
            ("test_the_kicked_one_is_disconnected", "test_nearly_the_admin_may_not_kick"),
            "kick.nearly_admin",
        ),
        (
            "kick_by_nobody",
            "Compares with another spelling of admin: nobody may kick.",
            ((IS_ADMIN, '    if nickname != "Administrator":\n'),),
            (
                "test_the_kicked_one_is_disconnected",
                "test_the_kicked_one_is_told",
                "test_the_others_are_told_once",
                "test_the_kicked_one_is_on_no_list",
                "test_only_the_admin_may_kick",
            ),
            None,
        ),
        (
            "kick_off_the_lists_only",
            "Takes the client off the lists and leaves its connection open.",
            ((KICK, "        leave(target)\n"),),
            ("test_the_kicked_one_is_disconnected", "test_the_kicked_one_is_told"),
            "kick.only_off_the_list",
        ),
        (
            "kick_told_only",
            "Tells the client that it is kicked, takes it off the lists and does not close it.",
            ((KICK, '        leave(target)\n        tell(target, "Kamu dikeluarkan.")\n'),),
            ("test_the_kicked_one_is_disconnected",),
            "kick.only_off_the_list",
        ),
        (
            "kick_at_the_next_line",
            "Sets a mark that the client's thread sees when the next line comes.",
            (
                (SERVER, "kicked = []\n" + SERVER),
                (
                    KICK,
                    '        tell(target, "Kamu dikeluarkan.")\n        kicked.append(target)\n',
                ),
                (
                    "        if client not in clients:\n",
                    "        if client in kicked:\n            hang_up(client)\n"
                    "        elif client not in clients:\n",
                ),
            ),
            (
                "test_the_kicked_one_is_disconnected",
                "test_the_others_are_told_once",
                "test_the_kicked_one_is_on_no_list",
                "test_only_the_admin_may_kick",
            ),
            None,
        ),
        (
            "kick_closed_but_listed",
            "Closes the connection and leaves the client on both lists.",
            (*KICKED_BY_FLAG, (KICK, "        kicked.append(target)\n" + TELL_AND_CLOSE)),
            (
                "test_the_others_are_told_once",
                "test_the_kicked_one_is_on_no_list",
                "test_a_username_is_free_after_a_kick",
            ),
            "kick.only_closed",
        ),
        (
            "kick_without_a_word",
            "Closes the connection without telling the client why.",
            ((KICK, "        leave(target)\n        hang_up(target)\n"),),
            ("test_the_kicked_one_is_told",),
            "kick.not_told",
        ),
        (
            "kick_not_told",
            "Tells the others nothing.",
            (
                (
                    KICK,
                    """\
        index = clients.index(target)
        del clients[index]
        del nicknames[index]
"""
                    + KICK.partition("\n")[2],
                ),
            ),
            ("test_the_others_are_told_once",),
            None,
        ),
        (
            "kick_told_twice",
            "Says that somebody was kicked, and once more that they left.",
            ((KICK, '        broadcast(f"{words[0]} dikeluarkan!")\n' + KICK),),
            ("test_the_others_are_told_once",),
            "kick.told_twice",
        ),
        (
            "kick_goes_on_as_chat",
            "Does it, and passes the line on to everybody as well.",
            ((DO_KICK, DO_KICK + '            broadcast(f"{nickname}: {line}")\n'),),
            ("test_the_command_kick_is_not_shown",),
            "command.falls_through",
        ),
        (
            "kick_names_out_of_step",
            "Takes the client off and the last username.",
            (
                (
                    KICK,
                    """\
        clients.remove(target)
        broadcast(f"{words[0]} keluar!")
        nicknames.pop()
"""
                    + KICK.partition("\n")[2],
                ),
            ),
            (
                "test_the_others_go_on",
                "test_the_kicked_one_is_on_no_list",
                "test_a_username_is_free_after_a_kick",
            ),
            "lists.out_of_step",
            "lists.name_stays_taken",
        ),
        (
            "kick_one_too_early",
            "Is one off: kicks who stands before in the list.",
            ((KICK, "        target = clients[clients.index(target) - 1]\n" + KICK),),
            (
                "test_the_kicked_one_is_disconnected",
                "test_the_others_are_told_once",
                "test_the_kicked_one_is_on_no_list",
                "test_only_the_admin_may_kick",
            ),
            None,
        ),
        (
            "kick_for_ever",
            "Never lets the username in again.",
            (
                (SERVER, "banned = []\n" + SERVER),
                (
                    TAKEN,
                    TAKEN.replace("find(nickname)", "find(nickname) or key(nickname) in banned"),
                ),
                (KICK, "        banned.append(key(words[0]))\n" + KICK),
            ),
            ("test_a_username_is_free_after_a_kick",),
            "lists.name_stays_taken",
        ),
        (
            "kick_answer_broadcast",
            "Tells everybody that somebody may not kick.",
            ((NOT_ADMIN, '        broadcast(f"{nickname} bukan admin!")\n'),),
            ("test_who_may_not_kick_is_told",),
            "command.answer_to_all",
        ),
        (
            "kick_not_allowed_silent",
            "Says nothing to somebody who may not kick.",
            ((NOT_ADMIN, "        pass\n"),),
            ("test_who_may_not_kick_is_told",),
            "command.no_answer",
        ),
        (
            "kick_unknown_name_raises",
            "Uses nicknames.index(): where nobody has that username, the admin's thread ends.",
            (
                (
                    FIND_KICK,
                    FIND_KICK.replace("find(words[0])", "clients[nicknames.index(words[0])]"),
                ),
            ),
            ("test_kick_of_nobody",),
            "command.unknown_name",
        ),
        (
            "kick_unknown_name_silent",
            "Says nothing when nobody has that username.",
            ((NO_TARGET_KICK, NO_TARGET_KICK.replace(NOT_THERE, "        pass\n")),),
            ("test_kick_of_nobody",),
            "command.no_answer",
        ),
        (
            "kick_unknown_name_broadcast",
            "Tells everybody that nobody has that username.",
            (
                (
                    NO_TARGET_KICK,
                    NO_TARGET_KICK.replace(
                        NOT_THERE, '        broadcast(f"{words[0]} tidak online.")\n'
                    ),
                ),
            ),
            ("test_kick_of_nobody",),
            "command.answer_to_all",
        ),
        (
            "kick_beginning_of_a_name",
            "Takes the first one whose username begins so.",
            (
                (
                    FIND_KICK,
                    FIND_KICK.replace(
                        "find(words[0])",
                        "next((c for c, n in zip(clients, nicknames) if n.startswith(words[0])),"
                        " None)",
                    ),
                ),
            ),
            ("test_kick_of_nobody",),
            "pm.name_prefix",
        ),
        (
            "kick_alone_raises",
            "Takes words[0] without looking whether there is one.",
            ((FIND_KICK, FIND_KICK.replace(" if words else None", "")),),
            ("test_kick_without_a_name",),
            "command.missing_word",
        ),
        (
            "kick_usage_broadcast",
            "Tells everybody how /kick is used.",
            ((USAGE_KICK, USAGE_KICK.replace("tell(client, ", "broadcast(")),),
            ("test_kick_without_a_name",),
            "command.answer_to_all",
        ),
        (
            "kick_usage_silent",
            "Says nothing to a /kick without a username.",
            ((USAGE_KICK, "        pass\n"),),
            ("test_kick_without_a_name",),
            "command.no_answer",
        ),
        (
            "kick_oneself_silent",
            "Says nothing to an admin who kicks the admin.",
            ((ONESELF, "        pass\n"),),
            ("test_the_admin_kicks_the_admin",),
            None,
        ),
        (
            "kick_oneself_ends_the_server",
            "Ends the whole program when the admin kicks the admin.",
            ((ONESELF, ONESELF + "        os._exit(0)\n"),),
            ("test_the_admin_kicks_the_admin",),
            "threads.fixed_number",
        ),
        (
            "kick_ends_the_admins_thread",
            "Calls sys.exit() to end the client's thread, and ends the admin's.",
            ((KICK, KICK + "        sys.exit()\n"),),
            (
                "test_the_others_go_on",
                "test_the_kicked_one_is_on_no_list",
                "test_one_who_is_speaking_is_kicked",
            ),
            None,
        ),
        (
            "kick_leaves_a_thread",
            "Lets the thread of a client that is on no list any more wait for ever.",
            (
                (KICK, "        leave(target)\n" + TELL_AND_CLOSE),
                (
                    LEFT_HANDLE,
                    """\
    except OSError:
        if client not in clients:
            threading.Event().wait()
    finally:
        remove_client(client)
""",
                ),
            ),
            ("test_no_thread_is_left",),
            "kick.close_without_shutdown",
        ),
        (
            "kick_waits_for_the_target",
            "Waits for an answer of the target before it closes the connection.",
            (
                (
                    KICK,
                    """\
        tell(target, "Kamu dikeluarkan. Ketik apa saja.")
        progress.wait_for(lambda: target not in clients)
""",
                ),
            ),
            (
                "test_the_kicked_one_is_disconnected",
                "test_the_others_are_told_once",
                "test_the_kicked_one_is_on_no_list",
            ),
            None,
        ),
        (
            "kick_closes_the_socket_under_recv",
            "Calls close() alone: while the thread waits in recv, the connection stays open.",
            (
                (
                    KICK,
                    """\
        leave(target)
        tell(target, "Kamu dikeluarkan.")
        target.close()
""",
                ),
            ),
            ("test_the_kicked_one_is_disconnected",),
            "kick.close_without_shutdown",
        ),
    ),
)

# Edits of servers in a simpler style than `complete`, for mistakes that do not show on that one.

COMMANDS = """\
            if message.startswith("/"):
                command(client, nickname, message)
            else:
                broadcast(message)
"""
PRIVATE = "                private_message(client, nickname, message)\n"
TO_TARGET = '            send(target, "[pribadi dari " + nickname + "] " + words[2])\n'
NOBODY = """\
    elif words[1] not in nicknames:
        send(client, words[1] + " tidak sedang online")
"""
CAUGHT = (
    "    except OSError:\n        pass\n    finally:",
    "    except:\n        pass\n    finally:",
)

SIMPLER = (
    WrongServer(
        "pm_is_chat",
        "Has no /pm: the line goes to everybody as it was typed.",
        ((PRIVATE, "                broadcast(message)\n"),),
        fails=("test_only_the_recipient_sees_it",),
        named="command.treated_as_chat",
        base="solutions/exercise_pm.py",
        challenges=("pm",),
    ),
    WrongServer(
        "list_and_kick_are_chat",
        "Has no commands: every line goes to everybody as it was typed.",
        ((COMMANDS, "            broadcast(message)\n"),),
        fails=("test_list_names_the_others", "test_kick_does_something"),
        named="command.treated_as_chat",
        base="solutions/exercise_admin.py",
        challenges=("list", "kick"),
    ),
    WrongServer(
        "bare_except_hides_the_unknown_name",
        "Looks up a name that nobody has, and a bare except throws the sender out for it.",
        ((NOBODY, ""), CAUGHT),
        fails=("test_nobody_of_that_name", "test_answers_go_to_the_sender_alone"),
        named="command.unknown_name",
        base="solutions/exercise_pm.py",
        challenges=("pm",),
    ),
    WrongServer(
        "broadcast_inside_the_lock",
        "Tells everybody of the /pm inside the lock that broadcast takes too.",
        ((TO_TARGET, TO_TARGET + '            broadcast("pesan pribadi terkirim")\n'),),
        fails=(
            "test_the_recipient_sees_who_wrote_it",
            "test_the_sender_is_told",
            "test_everybody_can_write_to_everybody",
            "test_names_that_begin_alike",
            "test_pm_with_odd_blanks",
            "test_pm_to_oneself",
        ),
        named="locks.taken_twice",
        base="solutions/exercise_pm.py",
        challenges=("pm",),
    ),
    WrongServer(
        "kicked_is_closed_but_listed",
        "Closes the kicked one, whose thread then thinks that somebody else has cleaned up.",
        (
            (
                '            remove_client(target, "dikeluarkan oleh admin!")\n',
                """\
            with lock:
                target.shutdown(socket.SHUT_RDWR)
                target.close()
            broadcast(words[1] + " dikeluarkan!")
""",
            ),
            (
                "    finally:\n        remove_client(client)\n",
                """\
    finally:
        with lock:
            closed = client.fileno() < 0
        if not closed:
            remove_client(client)
""",
            ),
        ),
        fails=("test_the_kicked_one_is_on_no_list",),
        named="kick.only_closed",
        base="solutions/exercise_admin.py",
        challenges=("list", "kick"),
    ),
)

BANK = (*TIMESTAMP_A, *TIMESTAMP_B, *USERNAME, *PM, *LIST, *KICK_BANK, *SIMPLER)
