import socket
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []

# buka pintu / open the door
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()
print(f"Server berjalan di {host}:{port}.")


# sambut / welcome
def receive():
    while True:
        client, address = server.accept()
        print(f"Terhubung dengan {address}")
        client.send(b"NICK")
        nickname = client.recv(1024).decode("utf-8")
        nicknames.append(nickname)
        clients.append(client)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        thread = threading.Thread(target=handle, args=(client,))
        thread.start()


# baca / read
def handle(client):
    try:
        while True:
            message = client.recv(1024).decode("utf-8")
            if message == "":
                raise ConnectionError("the client has left")
            broadcast(message)
    except OSError:
        remove_client(client)


# sebarkan / share
def broadcast(message):
    for client in clients:
        client.send(message.encode("utf-8"))


# bereskan / clean up
def remove_client(client):
    index = clients.index(client)
    clients.pop(index)
    nickname = nicknames.pop(index)
    client.close()
    broadcast(f"{nickname} keluar!")


receive()
