"""Pertemuan 3: a chat server for one client at a time, without threads.

The six steps of every chat server, but for one, in this file from top to bottom:

    1. buka pintu / open the door    socket, bind, listen
    2. sambut / welcome              accept, NICK, username
    3. baca / read                   recv
    4. potong / cut                  bytes into lines
    5. sebarkan / share              not yet: the answer goes back to the only one there is
    6. bereskan / clean up           close

A message is one line of UTF-8 text, ended by a newline.

What this server does not promise: while one client is being served, everybody else waits in
front of the door, in the backlog, without a word.
"""

import signal
import socket
import sys

host = "127.0.0.1"
port = 5005

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_door():
    """Buka pintu / open the door: from now on clients can connect."""
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
    """Sambut / welcome: accept one client, serve it until it leaves, then accept the next."""
    while True:
        try:
            client, address = server.accept()
        except ConnectionError:
            continue  # this client left before it was accepted
        print(f"Terhubung dengan {address}")
        handle(client)
        print(f"Terputus dari {address}")


def handle(client):
    """Serve one client, from its username until it leaves."""
    buffer = bytearray()  # what this client has sent and is not yet a whole line
    try:
        client.sendall(b"NICK\n")
        nickname = read_line(client, buffer)
        print(f"Username {nickname}")
        answer(client, f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            print(message)
            answer(client, message)
    except OSError:
        pass  # the client left, or its connection broke: either way this is the end
    finally:
        client.close()  # bereskan / clean up


def read_line(client, buffer):
    """Baca / read until the buffer holds a whole line, then potong / cut it off."""
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
    """In place of sebarkan / share: send one message back to this client."""
    client.sendall((message + "\n").encode("utf-8"))


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
