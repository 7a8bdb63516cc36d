"""The lesson before: one client until it leaves, then the next."""

import socket

server = socket.socket()
server.bind(("127.0.0.1", 5005))
server.listen()
while True:
    client, address = server.accept()
    print("Terhubung dengan", address)
    try:
        client.sendall(b"NICK\n")
        lines = client.makefile(encoding="utf-8", newline="\n")
        nickname = lines.readline().strip()
        client.sendall(f"{nickname} Bergabung!\n".encode())
        for line in lines:
            client.sendall(line.encode())
    except OSError:
        pass
    client.close()
    print(nickname, "keluar!")
