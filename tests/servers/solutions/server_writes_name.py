"""The client sends only its text, the server writes the sender's name, and the sender gets no echo.

It asks with a sentence in place of NICK, and another one after a refused username.

Solves: timestamp_a, username, pm, list, kick.
"""

import socket
import threading
from datetime import datetime

people = {}  # name in lower case -> (name, socket)
lock = threading.Lock()


def tell(connection, text):
    try:
        connection.sendall(f"{text}\n".encode())
    except OSError:
        pass


def tell_all(text, besides=None):
    line = f"[{datetime.now().replace(microsecond=0)}] {text}"
    with lock:
        for _, connection in people.values():
            if connection is not besides:
                tell(connection, line)


def sign_in(connection, file):
    tell(connection, "Halo! Siapa namamu?")
    while True:
        line = file.readline()
        if not line.endswith("\n"):
            return None
        name = line.strip()
        if not (0 < len(name) < 21) or not name.isprintable() or len(name.split()) != 1:
            tell(connection, "Nama harus 1 sampai 20 huruf, tanpa spasi. Coba lagi:")
            continue
        with lock:
            if name.lower() not in people:
                people[name.lower()] = (name, connection)
                return name
        tell(connection, "Nama itu sedang dipakai. Coba yang lain:")


def private(connection, name, words):
    if len(words) < 3:
        tell(connection, "/pm siapa apa")
        return
    with lock:
        entry = people.get(words[1].lower())
        if entry is None:
            tell(connection, "Dia tidak ada.")
        else:
            tell(entry[1], f"{name} (hanya untukmu): {words[2]}")
            tell(connection, "Pesanmu sampai.")


def kick(connection, name, words):
    if name != "admin":
        tell(connection, "Itu urusan admin.")
        return
    with lock:
        target = people.pop(words[1].lower(), None) if len(words) > 1 else None
    if target is None:
        tell(connection, "Siapa? Tulis /kick dan nama orang yang online.")
        return
    tell(target[1], "Admin mengeluarkanmu.")
    tell_all(f"{target[0]} dikeluarkan.", besides=connection)
    tell(connection, "Beres.")
    try:
        target[1].shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def obey(connection, name, line):
    words = line.split(maxsplit=2)
    if words[0] == "/list":
        with lock:
            names = [entry[0] for entry in people.values()]
        tell(connection, "\n".join(sorted(names)))
    elif words[0] == "/pm":
        private(connection, name, words)
    elif words[0] == "/kick":
        kick(connection, name, words)
    else:
        tell(connection, "Perintah yang ada: /list, /pm, /kick")


def serve(connection):
    name = None
    with connection, connection.makefile("r", encoding="utf-8", errors="replace", newline="\n") as file:
        try:
            name = sign_in(connection, file)
            if name is None:
                return
            tell_all(f"{name} masuk")
            for line in file:
                text = line.rstrip("\r\n")
                if text.startswith("/"):
                    obey(connection, name, text)
                else:
                    tell_all(f"<{name}> {text}", besides=connection)
        except OSError:
            pass
        finally:
            with lock:
                gone = name is not None and people.get(name.lower(), (0, 0))[1] is connection
                if gone:
                    del people[name.lower()]
            if gone:
                tell_all(f"{name} pergi")


with socket.create_server(("127.0.0.1", 5005)) as server:
    while True:
        connection, address = server.accept()
        print("Terhubung dengan", address)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
