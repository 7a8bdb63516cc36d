import socket
import threading

host = "127.0.0.1"
port = 5005

guests = []

# buka pintu / open the door
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((host, port))
server.listen()


def receive():
    # sambut / welcome
    while True:
        client, address = server.accept()
        print(f"Terhubung dengan {address}")
        thread = threading.Thread(target=handle, args=(client,))
        thread.start()


def handle(client):
    client.sendall(b"NICK\n")
    nickname = client.recv(1024).decode().strip()
    print(f"Username {nickname}")
    client.sendall(f"Selamat datang, {nickname}!\n".encode())
    guests.append(nickname)
    client.sendall(f"Kamu tamu ke-{len(guests)}.\n".encode())
    # baca / read
    while True:
        message = client.recv(1024)
        if not message:
            break
        client.sendall(message)
    # bereskan / clean up
    client.close()


receive()
