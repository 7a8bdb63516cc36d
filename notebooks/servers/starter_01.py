"""A chat server for one client at a time. TUGAS 1 to 4 (tasks 1 to 4) are for you to fill in."""

import socket

server = socket.socket()  # buka pintu / open the door
server.bind(("127.0.0.1", 5005))
server.listen()


def handle(client):
    # TUGAS 1 / TASK 1

    nickname = client.recv(1024)
    print("Username", nickname)
    # TUGAS 2 / TASK 2

    message = client.recv(1024)  # TUGAS 3 / TASK 3
    client.send(message)

    client.close()  # bereskan / clean up


client, address = server.accept()  # TUGAS 4 / TASK 4
print("Terhubung dengan", address)
handle(client)
