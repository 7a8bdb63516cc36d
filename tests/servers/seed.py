"""The server in the manner of the course module: right where it is right, wrong where it is wrong.

No line ends, one recv(1024) is one message, ASCII, the username asked in the accept loop, no look
at the empty recv, two lists without a lock and kept in step by index.
"""

import socket
import threading

host = "127.0.0.1"
port = 5005

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()

clients = []
nicknames = []


def broadcast(message):
    for client in clients:
        client.send(message.encode("ascii"))


def remove_client(client):
    index = clients.index(client)
    clients.remove(client)
    client.close()
    nickname = nicknames[index]
    broadcast(f"{nickname} keluar!")
    nicknames.remove(nickname)


def handle(client):
    while True:
        try:
            message = client.recv(1024).decode("ascii")
            broadcast(message)
        except:  # noqa: E722
            remove_client(client)
            break


def receive():
    while True:
        client, address = server.accept()
        print(f"Terhubung dengan {address}")

        client.send("NICK".encode("ascii"))
        nickname = client.recv(1024).decode("ascii")
        nicknames.append(nickname)
        clients.append(client)

        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")

        thread = threading.Thread(target=handle, args=(client,))
        thread.start()


receive()
