"""listen(5), as many tutorials write it: only a few may wait at the door at the same moment."""

import socket
import threading

clients = []
nicknames = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            try:
                client.sendall(message.encode("utf-8") + b"\n")
            except OSError:
                pass


def remove_client(client):
    with lock:
        if client not in clients:
            return
        index = clients.index(client)
        clients.pop(index)
        nickname = nicknames.pop(index)
    broadcast(nickname + " keluar!")


def handle(client):
    try:
        client.sendall(b"NICK\n")
        nickname = None
        waiting = b""
        while True:
            data = client.recv(1024)
            if not data:
                break
            waiting = waiting + data
            while b"\n" in waiting:
                line, waiting = waiting.split(b"\n", 1)
                message = line.decode("utf-8", "replace").strip()
                if nickname is None:
                    nickname = message
                    with lock:
                        clients.append(client)
                        nicknames.append(nickname)
                    print("Username", nickname)
                    broadcast(nickname + " Bergabung!")
                else:
                    broadcast(message)
    except OSError:
        print("Koneksi putus")
    remove_client(client)
    client.close()


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", 5005))
server.listen(5)
print("Server siap")
while True:
    client, address = server.accept()
    print("Terhubung dengan", address)
    threading.Thread(target=handle, args=(client,)).start()
