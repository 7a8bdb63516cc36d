"""accept() is missing: the kernel takes the connections and nobody picks them up."""

import socket
import threading

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", 5005))
server.listen()
print("Server siap di port 5005")
threading.Event().wait()
