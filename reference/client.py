"""The chat client, for every server in these folders. Start a server first.

It has to wait for two things at the same time, so it has two threads:

    write()      waits for what you type           (the main thread)
    receive()    waits for what the server sends   (a thread of its own)

Your username goes in front of every message, and the server sends the message to everybody,
to you too. A line that begins with / is a command: it goes out as you typed it.
"""

import os
import socket
import sys
import threading

try:
    import readline  # knows what has been typed so far
    import termios
except ImportError:
    readline = termios = None  # Windows has neither

host = "127.0.0.1"
port = 5005

questions = {"NICK": "Masukkan username: ", "PASS": "Masukkan password: "}
prompt = questions["NICK"]  # what stands in front of the cursor: one of the questions, or ">> "
asked = threading.Event()  # set when the server has asked for the username

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def write():
    """Send what you type: a username when the server asks for one, after that messages."""
    global prompt
    while True:
        text = ask()
        if prompt in questions.values():
            while not asked.wait(3):
                print("Menunggu server...")
            if prompt == questions["NICK"]:
                nickname = text
            prompt = ">> "
            send(text)
        elif text.startswith("/"):
            send(text)
        elif text.strip():
            send(f"{nickname}: {text}")


def send(line):
    """Send one line to the server."""
    try:
        client.sendall((line + "\n").encode("utf-8", errors="replace"))
    except OSError:
        pass  # the server is gone; receive() notices that too, and says so


def receive():
    """Show what the server sends, until the connection ends."""
    global prompt
    buffer = bytearray()
    try:
        while True:
            line = read_line(client, buffer)
            if line not in questions:
                show(line)
            elif prompt == questions[line]:
                asked.set()
            else:  # the username was refused, or a password is wanted
                prompt = questions[line]
                show()
    except OSError:
        with screen:
            stop("Koneksi ke server terputus.", 1)


def read_line(client, buffer):
    """Baca / read until the buffer holds a whole line, then potong / cut it off."""
    while b"\n" not in buffer:
        data = client.recv(1024)
        if not data:  # nothing, not even later: the server has gone
            raise ConnectionError("the server has gone")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    return line.decode("utf-8", errors="replace").removesuffix("\r")


# The rest is about the terminal. A message may arrive while you are typing. Where readline can
# tell what you have typed, the line is erased and written again below the message.

terminal = os.isatty(0) and os.isatty(1)
can_redraw = terminal and readline is not None and "libedit" not in readline.__doc__
screen = threading.Lock()  # one thread at a time writes to the screen
if can_redraw:
    readline.set_pre_input_hook(screen.release)
settings = termios.tcgetattr(0) if terminal and termios else None

erase = "\r\x1b[K"  # back to the start of the line, and erase it
control_characters = dict.fromkeys([*range(32), *range(127, 160)])  # could erase everything


def ask():
    """Wait for one line to be typed."""
    if can_redraw:
        screen.acquire()  # readline releases it as soon as the prompt is on the screen
        return input(f"\001{erase}\002{prompt}")  # \001 ... \002: this takes up no room
    return input(f"\r{prompt}")


def show(*lines):
    """Show lines from the server, then the prompt again and what has been typed so far."""
    text = "".join(line.translate(control_characters) + "\n" for line in lines)
    with screen:
        if can_redraw:
            print(f"{erase}{text}{prompt}{readline.get_line_buffer()}", end="", flush=True)
        else:
            print(f"\n{text}{prompt}", end="", flush=True)


def stop(sentence, status):
    """Say why, leave the terminal as it was, and end both threads at once."""
    print(f"\n{sentence}", flush=True)
    if settings:
        termios.tcsetattr(0, termios.TCSANOW, settings)
    os._exit(status)


if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(errors="replace")  # "?" for a letter that this terminal does not know
try:
    client.connect((host, port))
except OSError:
    sys.exit(f"Tidak ada server di {host}:{port}. Jalankan server.py dulu, lalu coba lagi.")
try:
    threading.Thread(target=receive, daemon=True).start()
    write()
except (KeyboardInterrupt, EOFError):
    stop("Sampai jumpa!", 0)
