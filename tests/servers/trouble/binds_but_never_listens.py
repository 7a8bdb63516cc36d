"""listen() is missing: the address is taken and every connection refused."""

import socket
import threading

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", 5005))
print("Server siap di port 5005")
threading.Event().wait()
