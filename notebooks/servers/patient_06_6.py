import socket
import threading

host = "127.0.0.1"
port = 5005

clients = []
nicknames = []
lock = threading.Lock()

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
        thread = threading.Thread(target=handle, args=(client,))
        thread.start()


# sambut, baca / welcome, read
def handle(client):
    buffer = bytearray()
    try:
        client.send(b"NICK\n")
        nickname = read_line(client, buffer)
        with lock:
            nicknames.append(nickname)
            clients.append(client)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            broadcast(message)
    except OSError:
        remove_client(client)


# potong / cut
def read_line(client, buffer):
    while b"\n" not in buffer:
        data = client.recv(1024)
        if not data:
            raise ConnectionError("the client has left")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    return line.decode("utf-8", errors="replace")


# sebarkan / share
def broadcast(message):
    with lock:
        for client in clients:
            client.send((message + "\n").encode("utf-8"))


# bereskan / clean up
def remove_client(client):
    nickname = None
    with lock:
        if client in clients:
            index = clients.index(client)
            clients.pop(index)
            nickname = nicknames.pop(index)
    client.close()
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


receive()
