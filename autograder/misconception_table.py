"""The misconceptions that we know: what each is called, why it happens, and hints in rising order.

How each is recognised stands in `autograder.misconceptions`. The texts are English messages that
the catalogue translates.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.i18n import N_


@dataclass(frozen=True)
class Misconception:
    """A wrong idea that many beginners have.

    Args:
        id: short name, such as `pm.broadcast`.
        title: the idea, or what comes of it, in a few words.
        shows: how it shows from outside, a sentence.
        why: why it happens, one to three sentences.
        hints: a question, where to look, almost the code.
        lesson: number of the lesson that speaks of it, two digits.
    """

    id: str
    title: str
    shows: str
    why: str
    hints: tuple[str, str, str]
    lesson: str


MISCONCEPTIONS: tuple[Misconception, ...] = (
    Misconception(
        "start.never_listens",
        N_("The door is built but never opened"),
        shows=N_("The program runs, but it listens on no port."),
        why=N_(
            "A server socket needs three calls in this order: `bind` gives it an address, "
            "`listen` opens the door, `accept` lets somebody in. Without `listen` nobody can "
            "connect."
        ),
        hints=(
            N_("Which call makes the kernel say yes to a client that connects?"),
            N_(
                "Look at the lines between `socket.socket(…)` and `accept()`. Do they run before "
                "anything that waits?"
            ),
            N_("    server.bind((host, port))\n    server.listen()"),
        ),
        lesson="01",
    ),
    Misconception(
        "start.keyboard",
        N_("A server that asks the keyboard"),
        shows=N_("The program stops at `input()` before it opens its door."),
        why=N_(
            "A server has nobody at its keyboard: it runs alone and gets everything from its "
            "clients. `input()` belongs in the client."
        ),
        hints=(
            N_("Who is supposed to type the answer to your `input()`?"),
            N_("Look for `input(` in server.py."),
            N_("Write the value into the program, for example:\n    port = 5005"),
        ),
        lesson="01",
    ),
    Misconception(
        "threads.main_ends",
        N_("The main thread has nothing left to do"),
        shows=N_("The program ends by itself, without an error, while clients come."),
        why=N_(
            "When the main thread reaches the end of the file, Python ends the program, and "
            "daemon threads end with it. A server has to stay in its accept loop."
        ),
        hints=(
            N_("What does your main thread do after its last line?"),
            N_(
                "Look at the end of the file: who calls the function with `accept()`, and does "
                "that call ever return?"
            ),
            N_(
                "Let the main thread itself run the loop:\n    while True:\n        client, "
                "address = server.accept()\n        …"
            ),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.one_at_a_time",
        N_("One client at a time"),
        shows=N_("While the first client is there, nobody welcomes the second."),
        why=N_(
            "The loop that should welcome clients is busy serving the first one until it "
            "leaves. Only a thread that was really started works beside the loop: "
            "`handle(client)`, `target=handle(client)` and `thread.run()` all do the work in "
            "the loop itself."
        ),
        hints=(
            N_("Who calls `accept()` again while the first client is chatting?"),
            N_(
                "Look at the lines after `accept()`. Which of them comes back only when the "
                "client has left?"
            ),
            N_(
                "Name the function without calling it, and start the thread:\n    thread = "
                "threading.Thread(target=handle, args=(client,))\n    thread.start()"
            ),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.joined_at_once",
        N_("Waiting for the thread that was just started"),
        shows=N_("Each client has a thread, and still the second one is not welcomed."),
        why=N_(
            "`thread.join()` waits until the thread ends, and that is when the client "
            "leaves. So the accept loop stands still although there are threads."
        ),
        hints=(
            N_("What does `join()` wait for?"),
            N_("Look at what comes after `thread.start()` in the accept loop."),
            N_("`thread.start()` is enough: take the `thread.join()` out of the loop."),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.not_started",
        N_("A thread that was made but not started"),
        shows=N_("Clients connect, and nothing at all comes from the server."),
        why=N_(
            "`threading.Thread(…)` only describes the work. It begins when `start()` is called."
        ),
        hints=(
            N_("Which line tells the new thread to begin?"),
            N_("Look at the line after `threading.Thread(…)`."),
            N_("    thread = threading.Thread(target=handle, args=(client,))\n    thread.…()"),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.args",
        N_("The thread does not get its client"),
        shows=N_("Each new thread ends at once with a TypeError."),
        why=N_(
            "`args` has to be a tuple, one element for each parameter of the function. "
            "`(client)` is only `client` in brackets; the comma makes the tuple."
        ),
        hints=(
            N_("What is the difference between `(client)` and `(client,)`?"),
            N_("Compare `args=` in `threading.Thread(…)` with the parameters of `handle`."),
            N_("    threading.Thread(target=handle, args=(client,))"),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.name_in_accept_loop",
        N_("A silent guest locks the door"),
        shows=N_("One client that does not give its username keeps everybody else out."),
        why=N_(
            "The username is waited for in the loop that also opens the door. While it waits "
            "in `recv` for one guest, it cannot call `accept` for the next."
        ),
        hints=(
            N_("Who welcomes new clients while the server waits for somebody's username?"),
            N_(
                "Find the `recv` that reads the username: in which function is it, and in which "
                "thread does that function run?"
            ),
            N_(
                "Move these two steps from the accept loop to the top of `handle(client)`: send "
                "`NICK`, read the username."
            ),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.accept_loop_unguarded",
        N_("One guest's error ends the accept loop"),
        shows=N_("Somebody leaves before giving a username, and after that nobody can come in."),
        why=N_(
            "An exception that nothing catches ends the thread in which it happens. In the "
            "accept loop that is the thread that welcomes everybody."
        ),
        hints=(
            N_(
                "What happens to the accept loop when a client is gone before it has given its "
                "username?"
            ),
            N_(
                "Look at the traceback: in which function is the line that failed, and which "
                "thread runs it?"
            ),
            N_(
                "Do everything that concerns one client in that client's own thread, inside\n    "
                "try:\n        …\n    except OSError:\n        …"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "threads.lock_while_waiting",
        N_("Holding the lock while waiting"),
        shows=N_(
            "As long as one client says nothing, all others stand still, although everybody "
            "has a thread."
        ),
        why=N_(
            "Whoever holds a lock keeps all others who want it waiting. `recv` may wait for "
            "ever, so a lock must never be held around it."
        ),
        hints=(
            N_("How long is the lock held when the client inside it stays silent?"),
            N_(
                "Look at every `with lock:`. Is there a `recv` inside, or a call to a function "
                "that has one?"
            ),
            N_(
                "Wait first, then lock:\n    nickname = read_line(…)\n    with lock:\n        "
                "clients.append(client)\n        …"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "threads.shared_variable",
        N_("All threads share one variable"),
        shows=N_(
            "What belongs to one client turns up at another: messages are lost, mixed or "
            "under a wrong name."
        ),
        why=N_(
            "A global variable exists once for all threads. When the next client comes, it "
            "is overwritten for everybody. What belongs to one client has to be a local "
            "variable of its own thread."
        ),
        hints=(
            N_(
                "How many `client` or `buffer` variables are there when three clients are in: "
                "one or three?"
            ),
            N_(
                "Look for a `global`, and for variables outside of the functions that hold "
                "something of one client."
            ),
            N_(
                "Hand the client to the thread, and make everything else inside the "
                "function:\n    def handle(client):\n        buffer = …"
            ),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.fixed_number",
        N_("A door for a fixed number of clients"),
        shows=N_("The first few clients are served; the next one finds the door closed."),
        why=N_(
            "The server welcomes a number of clients that the program fixes, and then stops "
            "welcoming. Nobody knows beforehand how many will come, or who comes back."
        ),
        hints=(
            N_("What does your program do after the last client that it counts on?"),
            N_(
                "Look at the loop around `accept()`: when does it end? And at any `if` that "
                "compares `len(clients)` with a number."
            ),
            N_("    while True:\n        client, address = server.accept()"),
        ),
        lesson="02",
    ),
    Misconception(
        "threads.busy_wait",
        N_("Asking again and again instead of waiting"),
        shows=N_("The processor works at full speed although nobody says anything."),
        why=N_(
            "A loop that never waits uses all the processor time it can get. `accept` and "
            "`recv` wait by themselves and use none; `while True: pass` and sockets set not "
            "to block never wait."
        ),
        hints=(
            N_("Which loop of yours goes round when nothing happens?"),
            N_(
                "Look for `while True` loops without a call that waits: `accept`, `recv`, `join` "
                "or `queue.get`."
            ),
            N_(
                "Let a call do the waiting. In the main thread for example, call the accept loop "
                "directly instead of\n    while True:\n        pass"
            ),
        ),
        lesson="02",
    ),
    Misconception(
        "broadcast.not_to_sender",
        N_("The sender is left out"),
        shows=N_("Everybody gets the message but the one who sent it."),
        why=N_(
            "Here “everybody” means the sender too: that is how they see that their message "
            "went through, and in which order."
        ),
        hints=(
            N_("Does Alice see her own message in your chat?"),
            N_(
                "Look for an `if` in the loop of `broadcast` that compares a client with the "
                "sender."
            ),
            N_("    for client in clients:\n        client.sendall(data)"),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.echo_only",
        N_("An echo instead of a broadcast"),
        shows=N_("Only the sender gets the message back; the others get nothing."),
        why=N_(
            "`client.sendall(…)` sends to one single client: the one whose thread is "
            "running. For all others you need the list of clients and a loop."
        ),
        hints=(
            N_("To whom does `client` belong in the thread that has just read a message?"),
            N_("Look at what `handle` does with a message after reading it."),
            N_(
                "Hand the message to the function that knows everybody:\n    message = …\n    "
                "broadcast(message)"
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.after_the_loop",
        N_("Sending after the loop instead of inside it"),
        shows=N_("Only the one who came last gets the message."),
        why=N_(
            "What stands behind a `for` loop and not inside it runs once, when the loop is "
            "over. The loop variable then still holds the last client."
        ),
        hints=(
            N_("How many times does the line with `sendall` run for three clients?"),
            N_("Look at the indentation of the lines below `for client in clients:`."),
            N_(
                "    for client in clients:\n        client.sendall(data)    # four blanks "
                "further in than the for"
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.return_in_loop",
        N_("The loop ends after the first client"),
        shows=N_("Only the one who came first gets the message."),
        why=N_("`return` and `break` inside a loop end it at once, in the very first round."),
        hints=(
            N_("What does the loop do after it has sent to the first client?"),
            N_("Look for a `return` or a `break` inside `for client in clients:`."),
            N_("Move the `return` out of the loop, or delete it: a function ends by itself."),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.off_by_one",
        N_("Counting one too few"),
        shows=N_("The one who came last never gets anything."),
        why=N_(
            "`range(n)` already stops before n. With `range(len(clients) - 1)` the last "
            "client is never reached."
        ),
        hints=(
            N_("Which numbers does `range(3)` give, and which does `range(3 - 1)`?"),
            N_("Look at the `for` in `broadcast`: does it count, and up to where?"),
            N_("Go through the list itself and count nothing:\n    for client in clients:"),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.twice",
        N_("Sent to the sender, and then to everybody"),
        shows=N_("The sender gets each of its messages twice."),
        why=N_(
            "The sender is one of `clients`. Who answers the sender first and then "
            "broadcasts to all sends it to the sender twice."
        ),
        hints=(
            N_("Is the sender in the list that `broadcast` goes through?"),
            N_("Look for a `client.sendall(…)` near the call of `broadcast(…)`."),
            N_(
                "Delete the `client.sendall(message)`: `broadcast(message)` reaches the sender too."
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.nested_loops",
        N_("A loop inside a loop"),
        shows=N_("With n people in the chat, everybody gets each message n times."),
        why=N_(
            "A loop inside another runs completely for each round of the outer one. One loop "
            "over the clients is all that a broadcast needs."
        ),
        hints=(
            N_("With three people in, how many times does the line with `sendall` run?"),
            N_(
                "Look for a second `for` around the one that sends, in `broadcast` or where it "
                "is called."
            ),
            N_("Keep one loop only:\n    for client in clients:\n        client.sendall(data)"),
        ),
        lesson="03",
    ),
    Misconception(
        "broadcast.one_dead_ends_all",
        N_("One dead connection stops the whole broadcast"),
        shows=N_("After somebody has left, some of the others get nothing any more."),
        why=N_(
            "Sending to somebody who has gone raises an exception. With the `try` around the "
            "whole loop (or none at all), the loop ends there and all who come later in the "
            "list get nothing."
        ),
        hints=(
            N_("If the second of five sends fails, who gets the message?"),
            N_("Look at which of the two is inside the other: the `try` or the `for`."),
            N_(
                "The `try` belongs inside the loop:\n    for client in clients:\n        "
                "try:\n            client.sendall(data)\n        except OSError:\n            "
                "pass"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "text.ascii",
        N_("Text is more than ASCII"),
        shows=N_("The first letter beyond a to z, such as é or an emoji, ends a connection."),
        why=N_(
            '`"ascii"` knows 128 characters only. For every other one, `encode("ascii")` and '
            '`decode("ascii")` raise an exception, and the client\'s thread ends.'
        ),
        hints=(
            N_("Which encoding knows the letters of all languages, and emoji too?"),
            N_(
                "Look for every `encode(…)` and `decode(…)`, and read the last line of the "
                "traceback."
            ),
            N_('    message.encode("utf-8")\n    data.decode("utf-8", errors="replace")'),
        ),
        lesson="06",
    ),
    Misconception(
        "text.letters_lost",
        N_("Making the error go away instead of the cause"),
        shows=N_("Letters beyond ASCII disappear or turn into question marks."),
        why=N_(
            '`errors="ignore"` and `errors="replace"` silence the error, but the letter is '
            "lost. ASCII is still the wrong encoding."
        ),
        hints=(
            N_("What is left of “café” in ASCII?"),
            N_(
                "Look at the encoding that you name in `encode(…)` and `decode(…)`, not only at "
                "`errors=`."
            ),
            N_('    message.encode("utf-8")\n    line.decode("utf-8", errors="replace")'),
        ),
        lesson="03",
    ),
    Misconception(
        "text.wrong_decoding",
        N_("Read with one encoding, written with another"),
        shows=N_("One letter arrives as two strange ones: é as Ã©."),
        why=N_(
            "In UTF-8, é is two bytes. Who reads them as Latin-1 sees two letters, and sends "
            "on two letters."
        ),
        hints=(
            N_(
                "With which encoding did the client write the bytes, and with which do you read "
                "them?"
            ),
            N_("Compare the encoding in your `decode(…)` with the one in your `encode(…)`."),
            N_('Use the same one everywhere:\n    line.decode("utf-8", errors="replace")'),
        ),
        lesson="03",
    ),
    Misconception(
        "text.cut_letter",
        N_("Decoding a piece that ends inside a letter"),
        shows=N_("A letter whose bytes come in two pieces is broken, or ends the thread."),
        why=N_(
            "TCP cuts the stream wherever it likes, also between the two bytes of an é. Each "
            "half alone is not a letter."
        ),
        hints=(
            N_("What does `recv` give you if the piece ends after the first byte of é?"),
            N_("Look at what comes first: `decode(…)`, or cutting at the line end."),
            N_(
                "Collect bytes, cut whole lines, and only then decode:\n    line, _, rest = "
                'buffer.partition(b"\\n")\n    text = line.decode("utf-8", errors="replace")'
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "text.bytes_shown",
        N_("Bytes that were never turned into text"),
        shows=N_("People read b'Alice: Halo' instead of Alice: Halo."),
        why=N_(
            "`recv` gives bytes. Put into an f-string or `str(…)`, they show up with the b "
            "and the quotation marks."
        ),
        hints=(
            N_("What is the type of what `recv` returns?"),
            N_("Follow the message from `recv` to `broadcast`: where does it become text?"),
            N_('    text = data.decode("utf-8")'),
        ),
        lesson="01",
    ),
    Misconception(
        "text.not_encoded",
        N_("Sending text where bytes are needed"),
        shows=N_("The thread ends with a TypeError: a bytes-like object is required."),
        why=N_("A socket carries bytes, not text. `sendall` takes only bytes."),
        hints=(
            N_("What turns a `str` into `bytes`?"),
            N_(
                "Look at the line that the traceback names: what type does the value in "
                "`sendall(…)` have?"
            ),
            N_('    client.sendall(message.encode("utf-8"))'),
        ),
        lesson="01",
    ),
    Misconception(
        "text.f_string",
        N_("The f in front of the string is missing"),
        shows=N_("Everybody reads {nickname} instead of the name."),
        why=N_(
            "Only an f-string, with an f in front of the quotation mark, replaces what "
            "stands in braces."
        ),
        hints=(
            N_('What is the difference between "{nickname}" and f"{nickname}"?'),
            N_("Look for the string with the braces that people get to see."),
            N_('    f"{nickname} …"'),
        ),
        lesson="01",
    ),
    Misconception(
        "text.first_word",
        N_("Only the first word is passed on"),
        shows=N_("Of each message the first word arrives, and the rest is gone."),
        why=N_(
            "`split()` cuts at every blank. Who then takes one piece of the list has one "
            "word and not the whole text."
        ),
        hints=(
            N_(
                'What does "Alice: good morning all".split() return, and which part of it do you '
                "send?"
            ),
            N_("Look for a `split()` followed by `[1]` or `[:2]`."),
            N_(
                'Send the message as it came, or say how many times to cut:\n    text.split(" ", 1)'
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "stream.one_recv",
        N_("One recv is not one message"),
        shows=N_("Long messages come in pieces, and several at once come as one lump."),
        why=N_(
            "TCP is a stream, not a post office: `recv` gives what has arrived so far. That "
            "may be half a message, or ten of them."
        ),
        hints=(
            N_("If a message has 20,000 letters, how many times does `recv(1024)` return?"),
            N_(
                "Look at what happens between `recv` and `broadcast`: where is a whole line put "
                "together?"
            ),
            N_(
                "Keep a buffer for each client:\n    buffer += client.recv(1024)\n    while "
                'b"\\n" in buffer:\n        line, _, buffer = buffer.partition(b"\\n")'
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "stream.rest_lost",
        N_("What came behind the first line is thrown away"),
        shows=N_("Of many messages at once only some arrive."),
        why=N_(
            "One `recv` can bring several lines, and the beginning of another. Who takes one "
            "line and forgets the rest loses messages."
        ),
        hints=(
            N_("What is in your buffer after you have cut off the first line?"),
            N_("Look at the lines that cut: what happens to the part behind the line end?"),
            N_(
                "Keep the rest for the next round:\n    line, _, rest = "
                'buffer.partition(b"\\n")\n    buffer = rest'
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "stream.long_cut",
        N_("A long message loses its end"),
        shows=N_("The beginning of a long message arrives, the rest never does."),
        why=N_(
            "The 1024 in `recv(1024)` says how much to take at once, not how long a message "
            "may be. The rest of the message comes with the next `recv`."
        ),
        hints=(
            N_("Where is the rest of the message when `recv(1024)` has returned?"),
            N_("Look for a number that cuts: `[:1024]`, or one single `recv` for each message."),
            N_(
                'Read on until the line end has come:\n    while b"\\n" not in buffer:\n        '
                "buffer += client.recv(1024)"
            ),
        ),
        lesson="03",
    ),
    Misconception(
        "lists.join_not_announced",
        N_("Nobody is told who came in"),
        shows=N_("Chatting works, but nobody learns that somebody has joined."),
        why=N_("A server says only what its code says. Adding somebody to the lists tells nobody."),
        hints=(
            N_("After which line should the others learn that somebody new is there?"),
            N_("Look at `handle`, just behind the place where client and name are added."),
            N_('    broadcast(f"{nickname} Bergabung!")'),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.join_only_newcomer",
        N_("Only the newcomer is told that they are in"),
        shows=N_("The newcomer reads the notice; the others do not."),
        why=N_(
            "`client.sendall(…)` reaches one client: the new one. That somebody has come is "
            "news for everybody."
        ),
        hints=(
            N_("Who already knows that this client has come in, and who does not?"),
            N_(
                "Look at the line that sends the join notice: does it send to one client, or to "
                "all?"
            ),
            N_("Hand the notice to `broadcast(…)` instead of `client.sendall(…)`."),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.join_before_name",
        N_("Announced before there is a name"),
        shows=N_("The others read an address and a port instead of a username."),
        why=N_(
            "Right after `accept` the server knows only the address. Who it is, it knows "
            "when the username has come."
        ),
        hints=(
            N_("What does the server know about a client right after `accept()`?"),
            N_("Look where the join notice is sent: before or behind reading the username?"),
            N_(
                "First the name, then the notice:\n    nickname = …\n    …\n    "
                'broadcast(f"{nickname} Bergabung!")'
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.empty_recv",
        N_("The empty recv was not looked for"),
        shows=N_("After somebody has left, the server works at full speed for ever."),
        why=N_(
            'When a client has left, `recv` does not wait any more: it returns b"" at once, '
            "every time. A loop that does not look for it spins without end."
        ),
        hints=(
            N_("What does `recv` return when the other side has closed the connection?"),
            N_("Look at the line below `recv(…)`: is there a question whether anything came?"),
            N_(
                "    data = client.recv(1024)\n    if not data:\n        …    # has left: end "
                "the loop, clean up"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.empty_recv_flood",
        N_("Nothing is passed on as a message, again and again"),
        shows=N_("After somebody has left, the others get empty messages without end."),
        why=N_(
            'When a client has left, `recv` returns b"" at once, every time. Here each of '
            "these nothings is sent to everybody."
        ),
        hints=(
            N_('What does your server broadcast when `recv` returns b""?'),
            N_("Look at the line below `recv(…)`: is there a question whether anything came?"),
            N_(
                "    data = client.recv(1024)\n    if not data:\n        …    # has left: end "
                "the loop, clean up"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.ghost_after_fin",
        N_("A ghost: who leaves normally stays on the lists"),
        shows=N_("A broken connection is noticed, but somebody who simply quits is not."),
        why=N_(
            "A client that closes its connection in good order causes no exception: `recv` "
            'returns b"". Cleaning up in `except` alone misses it.'
        ),
        hints=(
            N_('Which line of yours runs when `recv` returns b""?'),
            N_("Look at all ways out of the loop in `handle`: which of them leads to cleaning up?"),
            N_(
                "Let every way out pass through the same place:\n    try:\n        …\n    "
                "finally:\n        remove_client(client)"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.ghost_after_rst",
        N_("A ghost: who loses the connection stays on the lists"),
        shows=N_("Leaving is noticed, but a connection that breaks is not."),
        why=N_(
            "When a connection breaks, `recv` raises an exception (ConnectionResetError). If "
            "nothing catches it, the thread ends without cleaning up."
        ),
        hints=(
            N_("What happens in `handle` when `recv` raises an exception?"),
            N_("Look for the `try` around the loop: does cleaning up run after an exception too?"),
            N_(
                "    try:\n        …\n    except OSError:\n        pass\n    finally:\n        "
                "remove_client(client)"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.leave_not_announced",
        N_("Nobody is told who left"),
        shows=N_("Somebody leaves or crashes, and the others hear nothing."),
        why=N_(
            "That a thread ends, or that a socket is closed, tells nobody. Cleaning up has "
            "three parts: off the lists, close, tell the others."
        ),
        hints=(
            N_("Which of your lines runs last for a client that leaves?"),
            N_(
                "Look at `remove_client`: is it called on every way out, and does it tell the "
                "others?"
            ),
            N_('    client.close()\n    broadcast(f"{nickname} keluar!")'),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.leave_twice",
        N_("Leaving is announced in two places"),
        shows=N_("The others read twice that somebody left."),
        why=N_(
            "Two places in the code run for the same leaving, often an `except` and the "
            "clean-up behind it."
        ),
        hints=(
            N_("How many lines of yours say that somebody left?"),
            N_("Look for the leave notice: once in `except`, and once more in `remove_client`?"),
            N_("Keep it in one place: in `remove_client`, and nowhere else."),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.nameless_leaver",
        N_("Somebody without a name is announced"),
        shows=N_(
            "A client leaves before giving a username, and the others read “None keluar!” or "
            "a notice without a name."
        ),
        why=N_(
            "Cleaning up also runs for clients that never gave a username. They were on no "
            "list, so there is nobody to announce."
        ),
        hints=(
            N_("What is in `nickname` if the client has left before giving one?"),
            N_("Look at the leave notice: is it sent in every case?"),
            N_("    if nickname is not None:\n        broadcast(…)"),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.empty_name_joins",
        N_("The empty recv taken for a username"),
        shows=N_("A client leaves before giving a username, and somebody without a name joins."),
        why=N_(
            'b"" from `recv` means that the client has left. Taken for a username, it lets '
            "nobody in and announces them."
        ),
        hints=(
            N_("What does `recv` give for a client that left while it was asked for its name?"),
            N_("Look at the lines between reading the username and adding it to the list."),
            N_("    if not data:\n        return    # left before giving a name"),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.nameless_takes_another",
        N_("Who was never on the list takes somebody else off it"),
        shows=N_(
            "A client leaves before giving a username, and somebody else is announced as gone."
        ),
        why=N_(
            "A search that finds nothing must not be used as an index: in Python, -1 means "
            "the last one in the list."
        ),
        hints=(
            N_("What is `clients[-1]`?"),
            N_("Look at what your clean-up does for a client that is not in `clients`."),
            N_("    if client in clients:\n        index = clients.index(client)\n        …"),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.client_not_added",
        N_("Nobody is reached"),
        shows=N_("Nobody gets anything, neither messages nor notices."),
        why=N_(
            "`broadcast` sends to those who are in `clients`. If nobody was put on that "
            "list, or if nothing goes through it, nobody gets anything."
        ),
        hints=(
            N_("What is in `clients` when three people are in the chat?"),
            N_(
                "Look for `clients.append(…)`, and for the loop in `broadcast`: are both there, "
                "and do they run?"
            ),
            N_(
                "    clients.append(client)\nfor everybody who comes in, and in "
                "`broadcast`:\n    for client in clients:\n        …"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.name_not_added",
        N_("The name was never put on the list"),
        shows=N_("When somebody leaves, the thread ends with an IndexError."),
        why=N_(
            "`nicknames[index]` belongs to `clients[index]` only if both lists are filled "
            "together. Here there is a client without a name."
        ),
        hints=(
            N_("How long is `nicknames` when two people are in the chat?"),
            N_("Look at the place where a client is added: are there two `append`, side by side?"),
            N_(
                "    with lock:\n        clients.append(client)\n        nicknames.append(nickname)"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.out_of_step",
        N_("Two lists out of step"),
        shows=N_(
            "When somebody leaves, the wrong person is announced, at once or at the next leaving."
        ),
        why=N_(
            "`nicknames[i]` belongs to `clients[i]`. As soon as something is taken off one "
            "list only, or at another place, all names behind it belong to the wrong client."
        ),
        hints=(
            N_("After Bob has left: is the name at index 1 still that of the client at index 1?"),
            N_(
                "Look at the lines that take a client and its name off: is it the same index, "
                "found before anything is removed?"
            ),
            N_(
                "    index = clients.index(client)\n    del clients[index]\n    nickname = "
                "nicknames.pop(index)"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.index_after_removal",
        N_("Looking for somebody who was just removed"),
        shows=N_("When somebody leaves, the thread ends with ValueError: … is not in list."),
        why=N_(
            "`index()` searches the list as it is now. What was removed a line earlier is "
            "not found any more."
        ),
        hints=(
            N_("Which of the two runs first: finding the index, or removing the client?"),
            N_("Look at the order of `clients.index(client)` and `clients.remove(client)`."),
            N_(
                "First find, then remove:\n    index = clients.index(client)\n    del "
                "clients[index]\n    …"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.forgot_global",
        N_("An assignment makes a new local variable"),
        shows=N_("The thread ends with an UnboundLocalError."),
        why=N_(
            "A name that a function assigns to (`clients = …`) is a local variable in all of "
            "that function. The global list of the same name is then out of sight."
        ),
        hints=(
            N_("Does the line change the list, or does it make a new one with the same name?"),
            N_(
                "Look for `clients = …` or `nicknames = …` inside a function; the traceback "
                "names the line."
            ),
            N_("Change the list itself: `clients.remove(client)` or `del clients[index]`."),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.emptied",
        N_("All are removed when one leaves"),
        shows=N_("After somebody has left, those who remain hear nothing any more."),
        why=N_(
            "`clear()` empties the whole list, and `clients = []` makes a new, empty one. "
            "Only the one who left should go."
        ),
        hints=(
            N_("Who is in `clients` after Bob has left?"),
            N_("Look at the clean-up for `clear()`, or for an assignment of an empty list."),
            N_("    index = clients.index(client)\n    del clients[index]"),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.closed_but_listed",
        N_("Closed, but still on the list"),
        shows=N_("After somebody has left, a broadcast fails with “Bad file descriptor”."),
        why=N_(
            "A socket that was closed can send nothing. While it is still in `clients`, "
            "every broadcast runs into it."
        ),
        hints=(
            N_("What does `broadcast` do when it comes to the socket of somebody who has left?"),
            N_(
                "Look at `remove_client`: is the client really taken off the list before it is "
                "closed?"
            ),
            N_("    del clients[index]\n    nicknames.pop(index)\n    client.close()"),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.name_stays_taken",
        N_("A name that never becomes free again"),
        shows=N_("Somebody who left cannot come back under their own name."),
        why=N_("The name is remembered in a place that is not cleaned up when its owner leaves."),
        hints=(
            N_("In how many places does your server remember a username?"),
            N_(
                "Look at the list (or set) in which taken names are looked up: what takes a name "
                "off it?"
            ),
            N_(
                "Ask the list of those who are online, and take the name off it when its owner "
                "leaves:\n    if nickname in nicknames:"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "lists.innocent_sender",
        N_("The wrong one is thrown out"),
        shows=N_("Somebody left earlier; now the next one who speaks loses the connection."),
        why=N_(
            "A broadcast runs in the thread of the one who speaks. If sending to a dead "
            "connection raises there, it is the speaker who is cleaned up."
        ),
        hints=(
            N_(
                "In whose thread does the exception happen when `broadcast` sends to somebody "
                "who has gone?"
            ),
            N_("Look at `broadcast`: what catches an exception of `sendall` inside its loop?"),
            N_(
                "    for client in clients:\n        try:\n            "
                "client.sendall(data)\n        except OSError:\n            pass    # its own "
                "thread will notice"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.changed_in_loop",
        N_("A list changed while it is looped over"),
        shows=N_("When a connection has broken, the next one on the list misses a message."),
        why=N_(
            "A `for` loop goes from place to place. When the client at place 2 is taken off the "
            "list, the next one moves up to place 2, and the loop goes on with place 3: one is "
            "skipped."
        ),
        hints=(
            N_("Who stands at place 2 after the client at place 2 has been taken off the list?"),
            N_(
                "Look for a `remove`, `pop` or `del` inside a loop over the same list. The thread "
                "of the one who has gone can do that instead."
            ),
            N_(
                "    for client in clients:\n        try:\n            "
                "client.sendall(data)\n        except OSError:\n            pass    # nothing is "
                "removed in here"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.closes_the_door",
        N_("The server's own socket is closed"),
        shows=N_("When somebody leaves, nobody can come in any more: “Bad file descriptor”."),
        why=N_(
            "`server` is the door, `client` is one guest. Closing the door when one guest "
            "goes keeps everybody else out."
        ),
        hints=(
            N_("Which of the two sockets belongs to the one who has left?"),
            N_("Look for `server.close()`."),
            N_("    client.close()"),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.reset_ends_everything",
        N_("One broken connection ends the whole server"),
        shows=N_("Somebody's connection breaks, and the server is gone for everybody."),
        why=N_(
            "A broken connection is something that happens every day. It concerns one "
            "client, and it should end that client's work only."
        ),
        hints=(
            N_("Who should notice when Charlie's connection breaks, apart from being told?"),
            N_(
                "Look for `exit`, and for an exception that is not caught, on the way that a "
                "ConnectionResetError takes."
            ),
            N_("    except OSError:\n        …    # only this client: clean up, tell the others"),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.ends_when_empty",
        N_("The server goes home with the last guest"),
        shows=N_("When the last one leaves, the program ends."),
        why=N_(
            "A server waits for those who are still to come. An empty chat is no reason to end."
        ),
        hints=(
            N_("What should happen when somebody comes five minutes later?"),
            N_(
                "Look for an `if` that asks whether `clients` is empty, and for `exit` or "
                "`break` below it."
            ),
            N_("Delete that condition: the accept loop goes on by itself."),
        ),
        lesson="06",
    ),
    Misconception(
        "lists.added_too_early",
        N_("On the list before there is a name"),
        shows=N_("Somebody who has not given a username yet already counts."),
        why=N_(
            "The client is added when it connects, and its name later. In between there is "
            "an entry without a name, and the two lists do not match."
        ),
        hints=(
            N_("What stands on your lists while somebody is still choosing a name?"),
            N_(
                "Look for the place where something is first added for a new client: before or "
                "behind reading the username?"
            ),
            N_(
                "First the name, then both lists at once:\n    nickname = …\n    with "
                "lock:\n        clients.append(client)\n        nicknames.append(nickname)"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "locks.taken_twice",
        N_("A thread waits for itself: the lock is taken twice"),
        shows=N_("From one moment on everything stands still: a deadlock."),
        why=N_(
            "A `threading.Lock` can be taken once. If a thread that holds it calls a "
            "function that takes it again, it waits for itself, and all others wait for it."
        ),
        hints=(
            N_("Which lock does the thread hold when it calls `broadcast`?"),
            N_(
                "Look at every call inside a `with lock:`. Does the function that is called use "
                "`with lock:` too?"
            ),
            N_("Leave the lock first, then tell:\n    with lock:\n        …\n    broadcast(…)"),
        ),
        lesson="04",
    ),
    Misconception(
        "locks.not_released",
        N_("A lock that is not given back"),
        shows=N_(
            "Somebody leaves before giving a username, and from then on everything stands still."
        ),
        why=N_(
            "Between `acquire()` and `release()` a `return` or an exception leaves the lock "
            "taken for ever. `with lock:` gives it back on every way out."
        ),
        hints=(
            N_(
                "Is there a way from `acquire()` to the end of the function that does not pass "
                "`release()`?"
            ),
            N_(
                "Look for `return` and for what may raise between `lock.acquire()` and "
                "`lock.release()`."
            ),
            N_("    with lock:\n        if client not in clients:\n            return"),
        ),
        lesson="04",
    ),
    Misconception(
        "locks.missing",
        N_("Two threads at the same lists at once"),
        shows=N_(
            "As long as one leaves after another all is well; when several leave at the same "
            "moment, the wrong ones are taken off the lists."
        ),
        why=N_(
            "Between finding an index and using it, another thread can take something off the same "
            "lists: then the index belongs to somebody else. All of it has to happen under one "
            "lock, without a gap: a race condition."
        ),
        hints=(
            N_("What becomes of your `index` when another thread removes a client just then?"),
            N_(
                "Look at all lines that use both lists: does one `with lock:` stand around those "
                "that belong together?"
            ),
            N_(
                "    with lock:\n        index = clients.index(client)\n        del "
                "clients[index]\n        nickname = nicknames.pop(index)"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "stamp.taken_once",
        N_("The time is taken once, not for each message"),
        shows=N_(
            "Every message carries the time at which the server started (or somebody came in)."
        ),
        why=N_(
            "A variable keeps the value it got. `datetime.now()` has to be called each time "
            "a message is sent."
        ),
        hints=(
            N_("How many times does your `datetime.now()` run for three messages?"),
            N_(
                "Look where the stamp is made: at the top of the file, at the start of `handle`, "
                "or for each message?"
            ),
            N_(
                "Make it where the message is sent:\n    def stamp():\n        return "
                "datetime.now().strftime(…)"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.month_name",
        N_("%h is the name of the month, not the hour"),
        shows=N_("Where the hour should be, the stamp says Jan or Oct."),
        why=N_(
            "In `strftime` capital and small letters differ: `%H` is the hour from 00 to 23, "
            "`%h` is the short name of the month."
        ),
        hints=(
            N_("Which letter stands for the hour in the table of `strftime`?"),
            N_("Look at the letters in your `strftime(…)`, one by one."),
            N_('    strftime("%Y-%m-%d %H:…")'),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.minutes_for_month",
        N_("%m and %M changed places"),
        shows=N_("The minutes stand where the month should be, or the other way round."),
        why=N_(
            "In `strftime` `%m` is the month and `%M` the minute. Now and then the two are "
            "equal, so the mistake hides."
        ),
        hints=(
            N_("Which of the two is the month: `%m` or `%M`?"),
            N_("Look at the letters in your `strftime(…)`, one by one."),
            N_('    "%Y-%m-%d" for the date, "%H:%M:%S" for the time'),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.twelve_hours",
        N_("A clock with twelve hours"),
        shows=N_("At five in the afternoon the stamp says 05."),
        why=N_(
            "`%I` counts the hours from 01 to 12. Without AM or PM nobody can tell morning "
            "from evening; `%H` counts from 00 to 23."
        ),
        hints=(
            N_("What does your stamp say at 17:00?"),
            N_("Look at the letter for the hour in your `strftime(…)`."),
            N_('    strftime("%H:%M:%S")'),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.utc",
        N_("The time of Greenwich instead of the local time"),
        shows=N_("The stamp is off by some hours, always the same number."),
        why=N_(
            "`utcnow()`, `gmtime()` and `timezone.utc` give the time in UTC. In Jakarta it "
            "is seven hours later."
        ),
        hints=(
            N_("Does your wall clock show the same as your stamp?"),
            N_("Look for `utc` and `gmtime` in your program."),
            N_("    datetime.now()"),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.twice",
        N_("Stamped in two places"),
        shows=N_("A message carries two stamps."),
        why=N_(
            "The stamp is added on the way in and again on the way out: once in `handle`, "
            "for example, and once in `broadcast`."
        ),
        hints=(
            N_("Which way does a message go, and at how many places is a stamp added?"),
            N_("Look for every place that puts the stamp in front of a text."),
            N_("Keep it in one place: in `broadcast`, and nowhere else."),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.console_only",
        N_("The stamp is printed, but not sent"),
        shows=N_("The server's own window shows the time; the chat does not."),
        why=N_(
            "`print` writes to the server's window. People read what is sent over their connection."
        ),
        hints=(
            N_("Who sees what `print` writes?"),
            N_("Compare the text that you print with the text that you give to `broadcast`."),
            N_(
                'Build the text once and use it twice:\n    text = f"[{…}] {message}"\n    '
                "print(text)\n    broadcast(text)"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.not_on_notices",
        N_("Only chat messages are stamped"),
        shows=N_("The notices that somebody came or left carry no time."),
        why=N_("The stamp is added where chat messages pass and not where everything passes."),
        hints=(
            N_(
                "Which function does every text go through before it is sent to all: messages "
                "and notices?"
            ),
            N_("Look for all calls of `broadcast(…)`: which of them get a stamp?"),
            N_("Add the stamp inside `broadcast(message)`; then nothing can pass it."),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.not_padded",
        N_("Numbers below ten have lost their zero"),
        shows=N_("The stamp says 3:4:5 instead of 03:04:05."),
        why=N_(
            "`now.hour` is a number, and the number 3 is written 3. `strftime` writes two "
            "digits by itself."
        ),
        hints=(
            N_('What does f"{now.hour}" give at three in the morning?'),
            N_("Look for `.hour`, `.minute` or `.day` in your stamp."),
            N_('    now.strftime("%H:%M:%S")\nor two digits in an f-string: f"{now.hour:02}"'),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.other_form",
        N_("Nearly the form that was asked for"),
        shows=N_("There is a stamp, but with other brackets, marks or blanks."),
        why=N_(
            "A program that reads these lines looks at every character. "
            "`str(datetime.now())`, for example, also writes microseconds."
        ),
        hints=(
            N_(
                "Put your stamp and the one asked for below each other: what is the first "
                "difference?"
            ),
            N_(
                "Look at your `strftime(…)` and at the text around it: brackets, dashes, colons, "
                "and one blank behind."
            ),
            N_('    f"[{now:%H:%M:%S}] {message}"'),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.per_client",
        N_("A new time for each receiver"),
        shows=N_("The same message has different stamps for different people."),
        why=N_(
            "The time is taken inside the loop over the clients, so the clock runs on "
            "between one client and the next."
        ),
        hints=(
            N_("How many times is the time taken for one message and five clients?"),
            N_("Look where the stamp is made in `broadcast`: before the loop or inside it?"),
            N_(
                "First the stamp, then the loop:\n    data = …\n    for client in "
                "clients:\n        client.sendall(data)"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "stamp.message_formatted",
        N_("The message itself goes through strftime"),
        shows=N_("Something like %H or 100% in a message is changed or causes an error."),
        why=N_(
            "`strftime` and the `%` operator replace every % in the text they get. Only the "
            "stamp should pass through them, never what people have written."
        ),
        hints=(
            N_("What happens to “100%” in your program?"),
            N_("Look at the text inside `strftime(…)`: is the message part of it?"),
            N_('    stamp = now.strftime("[%H:%M:%S]")\n    text = stamp + " " + message'),
        ),
        lesson="05",
    ),
    Misconception(
        "username.not_checked",
        N_("Two people with one name"),
        shows=N_("Somebody gets in under a name that is already online."),
        why=N_(
            "Nobody compares the new name with those that are in use. From then on the two "
            "cannot be told apart."
        ),
        hints=(
            N_("Which of your lines asks whether a name is already online?"),
            N_("Look at the lines between reading the username and adding it to `nicknames`."),
            N_("    with lock:\n        taken = nickname in nicknames"),
        ),
        lesson="05",
    ),
    Misconception(
        "username.case",
        N_("alice, Alice and ALICE count as three"),
        shows=N_("Somebody gets in under a name that differs only in capitals."),
        why=N_("`==` and `in` compare letter by letter, and “a” is another letter than “A”."),
        hints=(
            N_('What is "alice" in ["Alice"]?'),
            N_("Look at the line that asks whether a name is in use."),
            N_(
                "Compare both in the same form:\n    nickname.casefold() in [name.casefold() for "
                "name in nicknames]"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "username.blank",
        N_("A name of nothing"),
        shows=N_("Somebody gets in with an empty username, or with nothing but blanks."),
        why=N_(
            '"" is empty, but "   " is not: three blanks are three characters. Take the '
            "blanks off first, then ask whether anything is left."
        ),
        hints=(
            N_('What is bool("   ")?'),
            N_(
                "Look at the line that asks whether the name is empty: what was done to the name "
                "before?"
            ),
            N_("    nickname = nickname.strip()\n    if not nickname:\n        …"),
        ),
        lesson="05",
    ),
    Misconception(
        "username.not_trimmed",
        N_("Blanks around the name belong to the name"),
        shows=N_("“ Alice ” comes in as another person than “Alice”."),
        why=N_(
            "`strip()` gives back a new text; the old one stays as it is. Without it, or "
            "with its result thrown away, the blanks remain."
        ),
        hints=(
            N_("What is in `nickname` after the line `nickname.strip()`?"),
            N_("Look at what happens to the name right after it was read."),
            N_("    nickname = nickname.strip()"),
        ),
        lesson="05",
    ),
    Misconception(
        "username.added_before_check",
        N_("In first, checked later"),
        shows=N_("Somebody who is refused was announced, or stands on the list."),
        why=N_(
            "The name is added (or the notice sent) before it is known whether the name is allowed."
        ),
        hints=(
            N_("In which order does your server do these three: check, add, announce?"),
            N_(
                "Look for the first line in which the new name gets into a list or into a "
                "`broadcast`."
            ),
            N_(
                "    if …:          # not allowed\n        …          # say why, ask again\n    "
                "else:\n        nicknames.append(nickname)\n        broadcast(…)"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "username.removed_by_name",
        N_("The refused one takes the owner off the list"),
        shows=N_(
            "When somebody who was refused leaves, the owner of the name is announced as gone."
        ),
        why=N_(
            "Cleaning up looks for the name, and the name belongs to somebody else. Who was "
            "never let in has nothing to clean up."
        ),
        hints=(
            N_("What does your clean-up do for a client that was refused?"),
            N_("Look at what is searched there: the client, or the name?"),
            N_("    if client in clients:\n        index = clients.index(client)\n        …"),
        ),
        lesson="05",
    ),
    Misconception(
        "username.closed_not_asked",
        N_("Thrown out instead of asked again"),
        shows=N_("Who chooses a taken name loses the connection."),
        why=N_(
            "A taken name is no crime: the client should hear why, and then `NICK` again, on "
            "the same connection."
        ),
        hints=(
            N_("What would you expect from a chat when your name is taken?"),
            N_(
                "Look at what follows the refusal: `close()` or `return`, or the question once "
                "more?"
            ),
            N_(
                '    while True:\n        client.sendall(b"NICK\\n")\n        nickname = '
                "…\n        if …:    # allowed\n            break"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "username.asked_only_once",
        N_("Checked once, then no more"),
        shows=N_("A second attempt with a bad name gets in, or is not answered."),
        why=N_("An `if` asks once. People may need three attempts, or ten: that is a loop."),
        hints=(
            N_("What happens in your program when the second name is taken too?"),
            N_("Look at the check: is it an `if`, or the condition of a `while`?"),
            N_("    while not allowed(nickname):\n        …    # say why, ask again"),
        ),
        lesson="05",
    ),
    Misconception(
        "username.no_reason",
        N_("Refused in silence"),
        shows=N_("Who is refused gets no word about it."),
        why=N_(
            "For the client, silence looks like a server that hangs. It has to be told what "
            "to do better."
        ),
        hints=(
            N_("What does the refused client see on its screen?"),
            N_("Look at what your server sends between a bad name and the next question."),
            N_('    client.sendall("Username sudah dipakai\\n".encode("utf-8"))'),
        ),
        lesson="05",
    ),
    Misconception(
        "username.check_then_act",
        N_("First ask, then act, and in between somebody else"),
        shows=N_("Several clients get the same name when they ask for it at the same moment."),
        why=N_(
            "Between the check and the adding, another thread can check the same name: it is "
            "still free. Both have to happen under one lock, without a gap: a race condition."
        ),
        hints=(
            N_("What can another thread do between your `in nicknames` and your `append`?"),
            N_(
                "Look at the `with lock:` around the check and the one around the adding: are "
                "they one block or two?"
            ),
            N_(
                "    with lock:\n        if nickname not in nicknames:\n            "
                "nicknames.append(nickname)\n            …"
            ),
        ),
        lesson="04",
    ),
    Misconception(
        "username.any_text",
        N_("Any text may be a name"),
        shows=N_(
            "A name with a blank inside, with 21 characters or with control characters gets in."
        ),
        why=N_(
            "Names end up in commands (`/pm Bob …`) and on other people's screens. A blank "
            "cuts the command in two, and control characters can change colours or delete "
            "lines."
        ),
        hints=(
            N_("What does `/pm Budi Santoso halo` mean: to whom, and what?"),
            N_("Look at the checks of the name: which of the rules is missing?"),
            N_(
                "    any(letter.isspace() or not letter.isprintable() for letter in "
                "nickname)\n    len(nickname) > 20"
            ),
        ),
        lesson="05",
    ),
    Misconception(
        "pm.broadcast",
        N_("A private message for everybody"),
        shows=N_("Others can read what was meant for one person."),
        why=N_(
            "`broadcast` sends to all clients. A private message goes to one socket: the one "
            "that belongs to the name."
        ),
        hints=(
            N_("Which socket belongs to the name behind `/pm`?"),
            N_("Look at what your program does with the text once it knows the name."),
            N_("    index = nicknames.index(name)\n    clients[index].sendall(…)"),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.first_word_only",
        N_("split() cuts at every blank"),
        shows=N_("Of a private message only the first word arrives."),
        why=N_(
            '`"/pm Bob see you tomorrow".split()` gives five pieces, and the third of them '
            "is only “see”. Say how many times to cut."
        ),
        hints=(
            N_(
                "How many pieces does `split()` make of `/pm Bob see you tomorrow`, and how many "
                "do you need?"
            ),
            N_("Look at the `split(…)` with which you take the command apart."),
            N_("    command, name, text = line.split(maxsplit=2)"),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.command_prefix",
        N_("Everything that begins like the command is taken for it"),
        shows=N_("`/pmBob` is treated as `/pm`, and something goes wrong."),
        why=N_(
            '`startswith("/pm")` is also true for `/pmBob` and `/pmx`. The command is the '
            "first word of the line, all of it."
        ),
        hints=(
            N_("What is the first word of `/pmBob hi`?"),
            N_("Look at the condition that recognises the command."),
            N_('    words = line.split(maxsplit=2)\n    if words[0] == "/pm":'),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.name_prefix",
        N_("Bo is in Bob"),
        shows=N_("A message for Bob reaches Bobby, or one for Bo reaches Bob."),
        why=N_(
            "`startswith` and `in` on a text also find parts of a name. A name is the right "
            "one only if all of it is equal."
        ),
        hints=(
            N_('What is "Bo" in "Bobby"?'),
            N_("Look at how your program looks for the recipient."),
            N_("    if nickname == name:"),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.sender_not_told",
        N_("The sender is left in the dark"),
        shows=N_("A private message goes out, and its sender sees nothing."),
        why=N_(
            "A chat message comes back to its sender by broadcast. A private message does "
            "not, so somebody has to tell them."
        ),
        hints=(
            N_("How does Alice know that her private message reached Bob?"),
            N_("Look at what your program sends to `client` after it has sent to the recipient."),
            N_('    client.sendall(f"(ke {name}) {text}\\n".encode("utf-8"))'),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.failed_is_broadcast",
        N_("What cannot be delivered is shown to everybody"),
        shows=N_("A private message to nobody turns up in the chat."),
        why=N_(
            "If the recipient is not found, the line falls through to `broadcast` like any "
            "other. A secret with a typing error in the name is still a secret."
        ),
        hints=(
            N_("Which way does a line go whose recipient is not there?"),
            N_(
                "Follow each `if` of the command to its end: which of them comes out at "
                "`broadcast`?"
            ),
            N_("    if name not in nicknames:\n        …    # tell the sender\n        continue"),
        ),
        lesson="06",
    ),
    Misconception(
        "pm.sender_missing",
        N_("A letter without a sender"),
        shows=N_("The recipient sees the text, but not who wrote it."),
        why=N_(
            "The name is not in the line `/pm Bob hi`. The server knows it: it belongs to "
            "the connection that the line came from."
        ),
        hints=(
            N_("Which variable holds the name of the one whose thread is running?"),
            N_("Look at the text that you send to the recipient."),
            N_('    f"(dari {nickname}) {text}"'),
        ),
        lesson="06",
    ),
    Misconception(
        "command.treated_as_chat",
        N_("A command is sent on like a chat message"),
        shows=N_("The others read the command line itself."),
        why=N_(
            "To the server every line is text, until it looks. A line that begins with `/` "
            "is for the server, not for the others."
        ),
        hints=(
            N_("Which line of yours looks at how a message begins, before it is broadcast?"),
            N_("Look at the loop in `handle` between reading a line and `broadcast`."),
            N_(
                '    if message.startswith("/"):\n        …    # a command: do it, answer, do '
                "not broadcast\n    else:\n        broadcast(message)"
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "command.falls_through",
        N_("Done, and then broadcast all the same"),
        shows=N_(
            "The command works, but the others see its line too (or that of a command nobody "
            "knows)."
        ),
        why=N_(
            "After the `if` of a command the program goes on to the next line, which is "
            "`broadcast`. Every way through the commands has to end before it."
        ),
        hints=(
            N_("Which line runs right after your command has been carried out?"),
            N_(
                "Look for the `else`, `continue` or `return` that keeps commands away from "
                "`broadcast`."
            ),
            N_('    if words[0] == "/list":\n        …\n        continue'),
        ),
        lesson="06",
    ),
    Misconception(
        "command.missing_word",
        N_("Counting on words that nobody wrote"),
        shows=N_("A command without its name or its text ends the thread with an error."),
        why=N_(
            "`words[1]` exists only if there are two words. People send `/pm` alone, and the "
            "sender's thread must survive it."
        ),
        hints=(
            N_('What is "/pm".split()[1]?'),
            N_(
                "Look at every `words[…]` and at every assignment to several names: is the "
                "number of words asked first?"
            ),
            N_("    if len(words) < 3:\n        …    # say how the command is written"),
        ),
        lesson="06",
    ),
    Misconception(
        "command.unknown_name",
        N_("Looking for a name that is not there"),
        shows=N_("A command with an unknown name ends the thread with an error."),
        why=N_(
            "`list.index(…)` and `dict[…]` raise an exception if they find nothing. Names "
            "that people type are often not there."
        ),
        hints=(
            N_('What does `nicknames.index("Nobody")` do?'),
            N_("Look at the line that the traceback names, and at what comes before it."),
            N_("    if name in nicknames:\n        …\n    else:\n        …    # tell the sender"),
        ),
        lesson="06",
    ),
    Misconception(
        "command.no_answer",
        N_("Silence is no answer"),
        shows=N_("A command that cannot be carried out is swallowed: its sender learns nothing."),
        why=N_(
            "Who gets no answer types the same thing again, or thinks that it worked. Every "
            "way through a command ends with a line to its sender."
        ),
        hints=(
            N_("What does the sender see if the name does not exist or a word is missing?"),
            N_(
                "Go through the `if`s of the command: which way ends without sending anything to "
                "`client`?"
            ),
            N_("    else:\n        client.sendall(…)    # what was wrong"),
        ),
        lesson="06",
    ),
    Misconception(
        "command.answer_to_all",
        N_("An answer for one is sent to all"),
        shows=N_("Everybody reads the answer to a command of somebody else."),
        why=N_(
            "`broadcast` is for what concerns all. The answer to a command concerns the one "
            "who sent it."
        ),
        hints=(
            N_("Who wants to read “there is nobody called …”?"),
            N_("Look at the answers to commands: `broadcast(…)`, or `client.sendall(…)`?"),
            N_('    client.sendall(f"…\\n".encode("utf-8"))'),
        ),
        lesson="06",
    ),
    Misconception(
        "command.anywhere",
        N_("A command in the middle of a sentence"),
        shows=N_("A chat message that only mentions /pm or /list is taken for the command."),
        why=N_(
            '`"/pm" in message` finds it anywhere. A command stands at the beginning of the line.'
        ),
        hints=(
            N_("Is “write /list to see who is here” a command?"),
            N_("Look at the condition that recognises the command: `in`, or `startswith`?"),
            N_('    if message.startswith("/"):'),
        ),
        lesson="06",
    ),
    Misconception(
        "list.to_everybody",
        N_("One asks, and all get the list"),
        shows=N_("The answer to /list reaches everybody."),
        why=N_("`broadcast` sends to all clients. Only one of them asked."),
        hints=(
            N_("To whom does your program send the list of names?"),
            N_("Look at the line behind the one that puts the names together."),
            N_("    client.sendall(…)    # the one whose thread this is"),
        ),
        lesson="06",
    ),
    Misconception(
        "list.ghosts",
        N_("Ghosts on the list"),
        shows=N_("/list names people who have gone."),
        why=N_(
            "The list of names is not cleaned up on every way in which people go: a normal "
            "end, a broken connection, a kick."
        ),
        hints=(
            N_("Which of your lines takes a name off `nicknames`, and when does it run?"),
            N_("Look at all ways out of `handle`: do they all reach the clean-up?"),
            N_("    try:\n        …\n    finally:\n        remove_client(client)"),
        ),
        lesson="06",
    ),
    Misconception(
        "list.without_oneself",
        N_("Everybody but me"),
        shows=N_("/list leaves out the one who asks."),
        why=N_(
            "Who asks is online too. A list with everybody on it is also the way to see "
            "one's own name."
        ),
        hints=(
            N_("How many names should /list show if three people are in?"),
            N_("Look for an `if` that compares a name with that of the asker."),
            N_('    ", ".join(nicknames)'),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.only_off_the_list",
        N_("Off the list, but still in the room"),
        shows=N_("Who was kicked is announced as gone, and still connected."),
        why=N_(
            "The lists are only your program's notes. The connection stays open until it is closed."
        ),
        hints=(
            N_("What is the difference between taking somebody off a list and hanging up?"),
            N_("Look at what `/kick` does with the socket of the one who is kicked."),
            N_("    target.shutdown(socket.SHUT_RDWR)"),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.close_without_shutdown",
        N_("close() does not wake a thread that waits in recv"),
        shows=N_("Who was kicked stays connected, and their thread goes on waiting."),
        why=N_(
            "While a thread waits in `recv` on a socket, `close()` in another thread only "
            "takes the socket away from your program: the connection lives on until `recv` "
            "returns. `shutdown()` ends the connection at once and wakes the thread."
        ),
        hints=(
            N_("Where does the thread of the one who is kicked stand at that moment?"),
            N_("Look at the thread map after a kick, and at the line with `close()`."),
            N_("    target.shutdown(socket.SHUT_RDWR)    # its own thread wakes up and cleans up"),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.anybody",
        N_("Anybody may kick"),
        shows=N_("Somebody who is not the admin throws others out."),
        why=N_(
            "A command does what it says for everybody who types it, unless the program asks "
            "who is typing."
        ),
        hints=(
            N_("Who sent the line with `/kick`, and where does your program ask that?"),
            N_("Look at the beginning of your `/kick`: which name is checked there?"),
            N_('    if nickname != "admin":\n        …    # tell them, and do nothing'),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.nearly_admin",
        N_("Nearly the admin is enough"),
        shows=N_("admin2 or myadmin may kick too."),
        why=N_(
            '`"admin" in nickname` and `startswith("admin")` are true for many names. Only '
            "one name is the admin."
        ),
        hints=(
            N_('What is "admin" in "myadmin2"?'),
            N_("Look at the comparison with the name of the admin."),
            N_('    if nickname == "admin":'),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.only_closed",
        N_("Hung up, but still on the list"),
        shows=N_("Who was kicked is disconnected, and still online for the others."),
        why=N_(
            "Closing a connection changes no list. The name stays in use, and `/list` shows it."
        ),
        hints=(
            N_("What is in `nicknames` after a kick?"),
            N_(
                "Look at whether the clean-up (`remove_client`) also runs for the one who was "
                "kicked."
            ),
            N_(
                "Let their own thread clean up: `shutdown()` wakes it, and it runs into its "
                "`finally:`."
            ),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.not_told",
        N_("Thrown out without a word"),
        shows=N_("Who is kicked loses the connection and does not know why."),
        why=N_(
            "After the connection is closed nothing can be said any more. The reason has to "
            "be sent before."
        ),
        hints=(
            N_("What does the one who is kicked see last?"),
            N_("Look at the order: first a line to them, then hang up."),
            N_("    target.sendall(…)\n    target.shutdown(socket.SHUT_RDWR)"),
        ),
        lesson="06",
    ),
    Misconception(
        "kick.told_twice",
        N_("Announced by the kick and by the thread"),
        shows=N_("The others read twice that somebody is gone."),
        why=N_(
            "`/kick` announces it, and then the thread of the one who was kicked wakes up "
            "and announces it too."
        ),
        hints=(
            N_("Which two threads notice that somebody was kicked?"),
            N_("Look for every place that tells the others: in `/kick` and in `remove_client`."),
            N_(
                "Let only one of them speak: `/kick` hangs up, the thread of the kicked one "
                "cleans up and tells."
            ),
        ),
        lesson="06",
    ),
)

BY_ID: dict[str, Misconception] = {each.id: each for each in MISCONCEPTIONS}
