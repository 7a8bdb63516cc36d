"""Complete: folder_a, with checked usernames, with /pm, /list and /kick, and made to last.

The six steps of every chat server, in this file from top to bottom:

    1. buka pintu / open the door    socket, bind, listen
    2. sambut / welcome              accept, NICK, username, perhaps PASS
    3. baca / read                   recv
    4. potong / cut                  bytes into lines
    5. sebarkan / share              broadcast, and the commands
    6. bereskan / clean up           remove, close, tell the others

A message is one line of UTF-8 text, ended by a newline. A line to everybody begins with a stamp,
then comes the username that the server knows; a line to one person alone has no stamp. So nobody
can send a line that looks like a private message, or like a message from somebody else.

Strangers may connect. So all that a client can use up has a limit, and nobody waits for a client:
what its connection does not take at once goes to its outbox, and a writer thread sends it on.
When its outbox is full, the client has stopped reading, and is dropped.
"""

import hmac
import os
import socket
import sys
import threading
import time
import unicodedata
from datetime import datetime

host = "127.0.0.1"
port = 5005

admin = "admin"  # the username that may /kick
password = os.fsencode(os.environ.get("CHAT_ADMIN_PASSWORD", ""))  # empty: admin needs none

max_clients = 2000
max_nickname = 20  # characters
max_line = 100_000  # bytes; so 20,000 characters of any kind fit
max_outbox = 1_000_000  # bytes that may wait for one client
login_seconds = 60  # from the first NICK to a good username
goodbye_seconds = 1  # for the last words to a client
can_send_at_once = sys.platform == "linux"  # elsewhere the writer threads send everything

clients = []  # the sockets of everybody in the chat
nicknames = []  # their usernames: nicknames[i] belongs to clients[i]
outboxes = {}  # for every connection, in the chat or not yet: the bytes that wait to be sent
lock = threading.RLock()  # guards all three, and the order; who holds it may take it again
progress = threading.Condition(lock)  # to wait until something was sent or removed

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_door():
    """Buka pintu / open the door: from now on clients can connect."""
    if sys.platform == "win32":
        # On Windows accept() does not notice Ctrl-C before it returns. So it returns often.
        server.settimeout(1)
    else:
        # A server that is started again gets its port back at once. Windows does that anyway;
        # there, this option would let two servers take the same port.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen(max_clients)
    except OSError as error:
        sys.exit(
            f"Port {port} tidak bisa dibuka ({error.strerror}). "
            "Hentikan dulu server yang masih berjalan, atau ganti port."
        )
    print(f"Server berjalan di {host}:{port}. Tekan Ctrl-C untuk berhenti.")
    if not password:
        print(f"CHAT_ADMIN_PASSWORD belum diisi: siapa saja bisa masuk sebagai {admin}.")


def receive():
    """Sambut / welcome: accept every client and give it a thread of its own."""
    while True:
        try:
            client, address = server.accept()
        except (ConnectionError, TimeoutError):
            continue  # this client left before it was accepted, or nobody came
        except OSError as error:  # out of file descriptors, for example
            print(f"Client berikutnya harus menunggu: {error.strerror}")
            time.sleep(1)
            continue
        print(f"Terhubung dengan {address}")
        with lock:
            outboxes[client] = bytearray()
            full = len(outboxes) > max_clients
        thread = threading.Thread(target=handle, args=(client,), daemon=True)
        if full or not start(thread):
            tell(client, "Server penuh. Coba lagi nanti.")
            remove_client(client)


def start(thread):
    """Start a thread; return whether the machine had one left."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


def handle(client):
    """Serve one client, from its username until it leaves. Runs in the client's own thread."""
    buffer = bytearray()  # what this client has sent and is not yet a whole line
    try:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # no delay for short messages
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # notice a lost machine
        nickname = ask_nickname(client, buffer)
        print(f"Username {nickname}")
        while True:
            try:
                obey(client, nickname, read_line(client, buffer))
            except UnicodeDecodeError:
                tell(client, "Itu bukan teks UTF-8.")
    except OSError:
        pass  # the client left, or its connection broke: either way this is the end
    finally:
        remove_client(client)


def ask_nickname(client, buffer):
    """Ask for a username until it is a good one. Then the client is in the chat."""
    too_late = (client, f"Waktu habis: {login_seconds} detik tanpa username.")
    timer = threading.Timer(login_seconds, say_goodbye, too_late)
    if not start(timer):
        raise ConnectionError("no thread for the timer")
    try:
        while True:
            tell(client, "NICK")
            try:
                nickname = read_line(client, buffer).strip()
                if password and key(nickname) == key(admin) and not knows_password(client, buffer):
                    problem = "Password salah."
                else:
                    problem = join(client, nickname)
            except UnicodeDecodeError:
                problem = "Itu bukan teks UTF-8."
            if not problem:
                return nickname
            tell(client, problem)
    finally:
        timer.cancel()


def knows_password(client, buffer):
    """Ask for the password, and compare it in a time that does not tell how much is right."""
    tell(client, "PASS")
    return hmac.compare_digest(read_line(client, buffer).encode("utf-8"), password)


def join(client, nickname):
    """Let a client into the chat, or return why it cannot have this username."""
    with lock:  # of two who ask for the same name at the same moment, one gets it
        if not nickname:
            return "Username tidak boleh kosong."
        if len(nickname) > max_nickname:
            return f"Username paling panjang {max_nickname} karakter."
        if len(nickname.split()) > 1:
            return "Username tidak boleh berisi spasi."
        if not nickname.isprintable():
            return "Username tidak boleh berisi karakter yang tidak terlihat."
        if find(nickname):
            return "Username itu sedang dipakai."
        clients.append(client)
        nicknames.append(nickname)
        broadcast(f"{nickname} Bergabung!")


def find(nickname):
    """Return the client with this username, or None."""
    wanted = key(nickname)
    for client, other in zip(clients, nicknames, strict=True):
        if key(other) == wanted:
            return client


def key(nickname):
    """Return what is equal for usernames that count as the same, like zoë and ZOË."""
    start = nickname.strip()[: 5 * max_nickname]  # a long text would take long, and is no username
    return unicodedata.normalize("NFKC", start).casefold()


def read_line(client, buffer):
    """Baca / read until the buffer holds a whole line, then potong / cut it off."""
    while b"\n" not in buffer:
        if len(buffer) > max_line:
            tell(client, f"Satu baris paling panjang {max_line} byte.")
            raise ConnectionError("a line without end")
        data = client.recv(1024)
        if not data:  # nothing, not even later: the client has left
            raise ConnectionError("the client has left")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    # Only whole lines are decoded: a piece may end in the middle of a letter.
    return line.decode("utf-8").removesuffix("\r")


def obey(client, nickname, line):
    """Do what a line says: it is a command, or a message to everybody."""
    command, *words = line.split(maxsplit=2) or [""]
    with lock:
        # Who does not read what we send has to wait here.
        progress.wait_for(lambda: len(outboxes[client]) <= max_outbox // 2)
        if client not in clients:
            pass  # it was kicked: nobody listens any more
        elif command.lower() == "/list":
            tell(client, f"Online: {', '.join(nicknames)}")
        elif command.lower() == "/pm":
            send_private(client, nickname, words)
        elif command.lower() == "/kick":
            kick(client, nickname, words)
        elif command.startswith("/"):
            tell(client, "Perintah tidak dikenal. Yang ada: /list, /pm, /kick")
        elif command:  # an empty line says nothing
            name, colon, text = line.partition(": ")
            if not colon or key(name) != key(nickname):
                text = line  # so whoever writes another name in front gets the right one before it
            broadcast(f"{nickname}: {text}")


def send_private(client, nickname, words):
    """/pm: tell one person alone, and tell the sender that it was done."""
    target = find(words[0]) if words else None
    if len(words) < 2:
        tell(client, "Cara pakai: /pm username pesan")
    elif target is None:
        tell(client, f"{words[0]} tidak online.")
    else:
        tell(target, f"PM dari {nickname}: {words[1]}")
        tell(client, f"PM untuk {nicknames[clients.index(target)]}: {words[1]}")


def kick(client, nickname, words):
    """/kick: send somebody away. Only the admin may."""
    target = find(words[0]) if words else None
    if key(nickname) != key(admin):
        tell(client, f"Hanya {admin} yang boleh memakai /kick.")
    elif len(words) != 1:
        tell(client, "Cara pakai: /kick username")
    elif target is None:
        tell(client, f"{words[0]} tidak online.")
    elif target is client:
        tell(client, "Kamu tidak bisa mengeluarkan dirimu sendiri.")
    else:
        leave(target)
        say_goodbye(target, f"Kamu dikeluarkan oleh {admin}.")


def broadcast(message):
    """Sebarkan / share: send one message to everybody, the sender too."""
    with lock:
        stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")
        data = (stamp + message + "\n").encode("utf-8")
        for client in clients:
            send(client, data)


def tell(client, message):
    """Send one message to one client alone."""
    with lock:
        send(client, (message + "\n").encode("utf-8"))


def send(client, data):
    """Send to one client, and never wait for it: what it does not take now goes to its outbox.

    Whoever calls this holds the lock.
    """
    outbox = outboxes[client]
    idle = not outbox  # nothing waits, so there is no writer thread
    if idle and can_send_at_once:
        try:
            data = data[client.send(data, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            pass  # it takes nothing now
        except OSError:
            hang_up(client)  # gone; its own thread notices, and cleans up
            return
    if len(outbox) + len(data) > max_outbox:
        hang_up(client)  # it has stopped reading
    elif data:
        outbox += data
        if idle and not start(threading.Thread(target=write, args=(client,), daemon=True)):
            outbox.clear()
            hang_up(client)


def write(client):
    """Send what waits in an outbox, as fast as the client reads. Runs in a thread of its own."""
    outbox = outboxes[client]
    count = 0
    try:
        while True:
            with lock:
                del outbox[:count]
                progress.notify_all()
                if not outbox:
                    return
                data = bytes(outbox[:65536])
            count = client.send(data)
    except OSError:
        with lock:
            hang_up(client)
            outbox.clear()
            progress.notify_all()


def say_goodbye(client, message):
    """Tell a client why it has to go, and end its connection. Its own thread cleans up."""
    with lock:
        if client in outboxes:  # it may have left by itself
            tell(client, message)
            progress.wait_for(lambda: not outboxes.get(client), goodbye_seconds)
            hang_up(client, socket.SHUT_WR)  # it reads this to the end, and then hangs up itself
            progress.wait_for(lambda: client not in outboxes, goodbye_seconds)
            hang_up(client)


def hang_up(client, how=socket.SHUT_RDWR):
    """End a connection, or one half of it. Every thread that waits for this client wakes up."""
    try:
        client.shutdown(how)
    except OSError:
        pass  # it has ended already


def leave(client):
    """Take the client off both lists, and tell the others."""
    with lock:
        if client in clients:  # it is not, if it left before it gave a username, or was kicked
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
            broadcast(f"{nickname} keluar!")


def remove_client(client):
    """Bereskan / clean up: take the client off every list, and close it."""
    leave(client)
    with lock:
        progress.wait_for(lambda: not outboxes[client], goodbye_seconds)
        hang_up(client)
        progress.wait_for(lambda: not outboxes[client])  # its writer thread has ended
        del outboxes[client]
        client.close()
        progress.notify_all()


threading.stack_size(512 * 1024)  # bytes for each thread, of which there may be thousands
if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(errors="replace")  # "?" for a letter that this terminal does not know
try:
    open_door()
    receive()
except KeyboardInterrupt:
    with lock:
        broadcast("Server berhenti.")
        progress.wait_for(lambda: not any(outboxes.values()), goodbye_seconds)
    print("\nServer berhenti.")
