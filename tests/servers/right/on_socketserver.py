"""On `socketserver.ThreadingTCPServer`."""

import socketserver
import threading

lock = threading.Lock()
members = {}  # name of each handler object


def broadcast(data):
    with lock:
        for member in members:
            try:
                member.wfile.write(data)
            except OSError:
                pass


class Chat(socketserver.StreamRequestHandler):
    def handle(self):
        print("Terhubung dengan", self.client_address)
        try:
            self.wfile.write(b"NICK\n")
            line = self.rfile.readline()
            if not line.endswith(b"\n"):
                return
            name = line.decode("utf-8", "replace").strip()
            print("Username", name)
            with lock:
                members[self] = name
            broadcast(f"{name} Bergabung!\n".encode())
            while (line := self.rfile.readline()).endswith(b"\n"):
                broadcast(line)
        except ConnectionError:
            pass
        finally:
            with lock:
                name = members.pop(self, None)
            if name is not None:
                broadcast(f"{name} keluar!\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 5005), Chat) as server:
        server.serve_forever()
