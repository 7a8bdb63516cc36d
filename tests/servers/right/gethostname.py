"""Binds the address of the machine's own name, as many tutorials do."""

import socket
import threading

PORT = 5005
SERVER = socket.gethostbyname(socket.gethostname())
ADDRESS = (SERVER, PORT)
FORMAT = "utf-8"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(ADDRESS)

members = []
lock = threading.Lock()


def broadcast(message):
    with lock:
        for member in members:
            try:
                member["socket"].sendall(f"{message}\n".encode(FORMAT))
            except OSError:
                pass


def handle_client(connection, address):
    print(f"[KONEKSI BARU] {address}")
    member = None
    try:
        connection.sendall("NICK\n".encode(FORMAT))
        with connection.makefile("r", encoding=FORMAT, errors="replace", newline="\n") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break
                if member is None:
                    member = {"socket": connection, "name": line.strip()}
                    with lock:
                        members.append(member)
                    broadcast(f"{member['name']} Bergabung!")
                else:
                    broadcast(line.strip())
    except OSError:
        pass
    if member is not None:
        with lock:
            members.remove(member)
        broadcast(f"{member['name']} keluar!")
    connection.close()


def start():
    server.listen()
    print(f"[MENDENGARKAN] {SERVER}:{PORT}")
    while True:
        connection, address = server.accept()
        thread = threading.Thread(target=handle_client, args=(connection, address))
        thread.start()
        print(f"[AKTIF] {threading.active_count() - 1}")


print("[MULAI] server menyala...")
start()
