"""Exercise modul_contoh: a chat server that you will make fit for many clients.

The six steps of every chat server, in this file from top to bottom:

    1. open the door    socket, bind, listen
    2. welcome          accept, NICK, username
    3. read             recv
    4. cut              bytes into lines
    5. share            broadcast
    6. clean up         remove, close, tell the others

A message is one line of UTF-8 text, ended by a newline.

This server runs already, but it serves one client at a time, like the one of Pertemuan 3, the
lesson before. Look for TASK 1 to TASK 5; nothing else needs to be changed.
"""

import signal
import socket
import sys
import threading

host = "127.0.0.1"
port = 5005

clients = []  # the sockets of everybody in the chat
nicknames = []  # their usernames: nicknames[i] belongs to clients[i]
lock = threading.Lock()  # guards both lists, and the order in which messages are sent

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_door():
    """Open the door: from now on clients can connect."""
    if sys.platform == "win32":
        # On Windows accept() does not notice Ctrl-C. So Ctrl-C simply ends the program.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:
        # A server that is started again gets its port back at once. Windows does that anyway;
        # there, this option would let two servers take the same port.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen()
    except OSError as error:
        sys.exit(
            f"Port {port} tidak bisa dibuka ({error.strerror}). "
            "Hentikan dulu server yang masih berjalan, atau ganti port."
        )
    print(f"Server berjalan di {host}:{port}. Tekan Ctrl-C untuk berhenti.")


def receive():
    """Welcome: accept every client that comes."""
    while True:
        try:
            client, address = server.accept()
        except ConnectionError:
            continue  # this client left before it was accepted
        print(f"Terhubung dengan {address}")
        # TASK 1: the next line serves one client until it leaves; all others have to wait.
        # Hand handle(client) over to a new thread.
        handle(client)


def handle(client):
    """Serve one client, from its username until it leaves."""
    buffer = bytearray()  # what this client has sent and is not yet a whole line
    try:
        client.sendall(b"NICK\n")
        nickname = read_line(client, buffer)
        # TASK 2: put client on clients and nickname on nicknames, inside one `with lock:`.
        print(f"Username {nickname}")
        # TASK 3 (part b): in the two places below, replace answer(client, ...) by
        # broadcast(...), so that everybody gets it.
        answer(client, f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            answer(client, message)
    except OSError:
        pass  # the client left, or its connection broke: either way this is the end
    finally:
        remove_client(client)


def read_line(client, buffer):
    """Read until the buffer holds a whole line, then cut it off."""
    while b"\n" not in buffer:
        data = client.recv(1024)
        if not data:  # nothing, not even later: the client has left
            raise ConnectionError("the client has left")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    # Only whole lines are decoded: a piece may end in the middle of a letter.
    return line.decode("utf-8", errors="replace").removesuffix("\r")


def answer(client, message):
    """Send one message to this client alone. After TASK 3 it is not used any more."""
    client.sendall((message + "\n").encode("utf-8"))


def broadcast(message):
    """Share: send one message to everybody, the sender too."""
    with lock:
        data = (message + "\n").encode("utf-8")
        # TASK 3 (part a): send data to every client in clients. If sending to one of them
        # fails (OSError), the others must get it all the same.


def remove_client(client):
    """Clean up: take the client off both lists, close its connection, tell the others."""
    nickname = None
    # TASK 4: inside `with lock:`, if client is in clients: take the client and its name off
    # both lists, and keep the name in nickname.
    client.close()
    # TASK 5: if nickname is not None, tell everybody: "<nickname> keluar!"


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
