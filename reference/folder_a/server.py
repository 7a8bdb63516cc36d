"""Folder A: modul_contoh, with the date and the time in front of every message.

The six steps of every chat server, in this file from top to bottom:

    1. buka pintu / open the door    socket, bind, listen
    2. sambut / welcome              accept, NICK, username
    3. baca / read                   recv
    4. potong / cut                  bytes into lines
    5. sebarkan / share              broadcast
    6. bereskan / clean up           remove, close, tell the others

A message is one line of UTF-8 text, ended by a newline.

What this server does not promise: when a client stops reading, broadcast() waits for it,
and everybody else waits too. When no more sockets or threads can be had, it ends.
"""

import signal
import socket
import sys
import threading
from datetime import datetime

host = "127.0.0.1"
port = 5005

clients = []  # the sockets of everybody in the chat
nicknames = []  # their usernames: nicknames[i] belongs to clients[i]
lock = threading.Lock()  # guards both lists, and the order in which messages are sent

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
    """Sambut / welcome: accept every client and give it a thread of its own."""
    while True:
        try:
            client, address = server.accept()
        except ConnectionError:
            continue  # this client left before it was accepted
        print(f"Terhubung dengan {address}")
        thread = threading.Thread(target=handle, args=(client,), daemon=True)
        thread.start()


def handle(client):
    """Serve one client, from its username until it leaves. Runs in the client's own thread."""
    buffer = bytearray()  # what this client has sent and is not yet a whole line
    try:
        client.sendall(b"NICK\n")
        nickname = read_line(client, buffer)
        with lock:
            clients.append(client)
            nicknames.append(nickname)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            broadcast(message)
    except OSError:
        pass  # the client left, or its connection broke: either way this is the end
    finally:
        remove_client(client)


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


def broadcast(message):
    """Sebarkan / share: send one message to everybody, the sender too."""
    with lock:
        stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")
        data = (stamp + message + "\n").encode("utf-8")
        for client in clients:
            try:
                client.sendall(data)
            except OSError:
                pass  # gone; its own thread notices that too, and cleans up


def remove_client(client):
    """Bereskan / clean up: take the client off both lists, close it, tell the others."""
    nickname = None
    with lock:
        if client in clients:  # it is not, if it left before it gave a username
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
    client.close()
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
