"""accept and recv give up after a second and try again, so that Ctrl-C is heard."""

import socket
import threading

host = "127.0.0.1"
port = 5005
running = True

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message.encode("utf-8") + b"\n")
            except OSError:
                hang_up(client)


def hang_up(client):
    # Gone, or does not read and has half a line now. Its own thread's recv says so and cleans up.
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def read_lines(client):
    buffer = b""
    while running:
        try:
            data = client.recv(1024)
        except TimeoutError:
            continue
        except OSError:
            return
        if not data:
            return
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            yield line.decode("utf-8", "replace").strip()


def handle(client):
    client.settimeout(1.0)
    nickname = None
    try:
        client.sendall(b"NICK\n")
        for line in read_lines(client):
            if nickname is None:
                nickname = line
                print("Username", nickname)
                with lock:
                    clients.append(client)
                    nicknames.append(nickname)
                broadcast(f"{nickname} Bergabung!")
            else:
                broadcast(line)
    except OSError:
        pass
    if nickname is not None:
        with lock:
            index = clients.index(client)
            clients.pop(index)
            nicknames.pop(index)
        broadcast(f"{nickname} keluar!")
    client.close()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()
server.settimeout(1.0)
try:
    while True:
        try:
            client, address = server.accept()
        except TimeoutError:
            continue
        print("Terhubung dengan", address)
        threading.Thread(target=handle, args=(client,)).start()
except KeyboardInterrupt:
    running = False
