"""Project: a complete chat server, ready for a feature of your own.

The six steps of every chat server, in this file from top to bottom:

    1. open the door    socket, bind, listen
    2. welcome          accept, NICK, username
    3. read             recv
    4. cut              bytes into lines
    5. share            broadcast
    6. clean up         remove, close, tell the others

A message is one line of UTF-8 text, ended by a newline.

This server can do everything from the exercises before: timestamps, usernames, /pm, /list and
/kick. You may change any part of it, as long as all of that goes on working.
"""

import signal
import socket
import sys
import threading
from datetime import datetime

host = "127.0.0.1"
port = 5005
admin = "admin"  # the username that may /kick

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
    """Welcome: accept every client and give it a thread of its own."""
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
        nickname = ask_nickname(client, buffer)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            if message.startswith("/"):
                obey(client, nickname, message)
            else:
                if not message.startswith(f"{nickname}: "):
                    message = f"{nickname}: {message}"
                broadcast(message)
    except OSError:
        pass  # the client left, or its connection broke: either way this is the end
    finally:
        remove_client(client)
        client.close()


def ask_nickname(client, buffer):
    """Ask for a username until it is a good one. Then the client is in the chat."""
    while True:
        tell(client, "NICK")
        nickname = read_line(client, buffer).strip()
        problem = join(client, nickname)
        if problem is None:
            return nickname
        tell(client, problem)


def join(client, nickname):
    """Put a client on both lists; where that cannot be, return one sentence that says why."""
    with lock:
        if not nickname:
            return "Username tidak boleh kosong."
        if len(nickname) > 20:
            return "Username paling panjang 20 karakter."
        if " " in nickname or not nickname.isprintable():
            return "Username tidak boleh berisi spasi atau karakter yang tidak terlihat."
        if nickname.casefold() in [other.casefold() for other in nicknames]:
            return "Username itu sedang dipakai."
        clients.append(client)
        nicknames.append(nickname)
    return None


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


def broadcast(message):
    """Share: send one message to everybody, the sender too."""
    with lock:
        stamp = datetime.now().strftime("[%H:%M:%S] ")
        data = (stamp + message + "\n").encode("utf-8")
        for client in clients:
            try:
                client.sendall(data)
            except OSError:
                pass  # gone; its own thread notices that too, and cleans up


def tell(client, message):
    """Send one message to this client alone."""
    with lock:
        try:
            client.sendall((message + "\n").encode("utf-8"))
        except OSError:
            pass  # gone; its own thread notices that too, and cleans up


def obey(client, nickname, line):
    """Carry out a command of this client; line begins with "/"."""
    command = line.split()[0]
    if command == "/pm":
        send_private(client, nickname, line)
    elif command == "/list":
        list_online(client)
    elif command == "/kick":
        kick(client, nickname, line)
    # A command of your own can go in here.
    else:
        tell(client, f"Perintah tidak dikenal: {line}")


def find(nickname):
    """Return the socket of the person with this username, or None."""
    with lock:
        for client, other in zip(clients, nicknames, strict=True):
            if other.casefold() == nickname.casefold():
                return client
    return None


def send_private(client, nickname, line):
    """/pm username message: send a message to one person alone."""
    words = line.split(maxsplit=2)
    if len(words) < 3:
        tell(client, "Cara pakai: /pm username pesan")
        return
    target = find(words[1])
    if target is None:
        tell(client, f"{words[1]} tidak online.")
    else:
        tell(target, f"PM dari {nickname}: {words[2]}")
        tell(client, f"PM untuk {words[1]}: {words[2]}")


def list_online(client):
    """/list: tell this client who is online."""
    with lock:
        names = ", ".join(nicknames)
    tell(client, f"Online: {names}")


def kick(client, nickname, line):
    """/kick username: send somebody away. Only the admin may."""
    words = line.split()
    if nickname != admin:
        tell(client, f"Hanya {admin} yang boleh memakai /kick.")
        return
    if len(words) != 2:
        tell(client, "Cara pakai: /kick username")
        return
    target = find(words[1])
    if target is None:
        tell(client, f"{words[1]} tidak online.")
    elif target is client:
        tell(client, "Kamu tidak bisa mengeluarkan dirimu sendiri.")
    else:
        tell(target, f"Kamu dikeluarkan oleh {admin}.")
        remove_client(target)
        hang_up(target)


def remove_client(client):
    """Clean up: take the client off both lists, and tell the others. May be called twice."""
    nickname = None
    with lock:
        if client in clients:  # it is not, if it never came in or is off the lists already
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


def hang_up(client):
    """End a connection: that client's thread wakes up from recv(), and cleans up the rest."""
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the connection has ended already


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
