"""A class for the server and a thread class for each member."""

import socket
import threading


class Member(threading.Thread):
    def __init__(self, room, connection, address):
        super().__init__(name=f"member {address[1]}", daemon=True)
        self.room = room
        self.connection = connection
        self.username = None
        self.rest = b""

    def read_line(self):
        """The next line without its end, or None when the member has left."""
        while b"\n" not in self.rest:
            data = self.connection.recv(1024)
            if data == b"":
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").rstrip("\r")

    def run(self):
        try:
            self.connection.sendall(b"NICK\n")
            self.username = self.read_line()
            if self.username is None:
                return
            print("Username", self.username)
            self.room.enter(self)
            while (line := self.read_line()) is not None:
                self.room.say(line)
        except OSError:
            pass  # reset by the peer
        finally:
            self.room.leave(self)
            self.connection.close()


class ChatServer:
    def __init__(self, host="127.0.0.1", port=5005):
        self.members = []
        self.lock = threading.RLock()
        self.socket = socket.create_server((host, port))

    def say(self, text):
        with self.lock:
            for member in self.members:
                try:
                    member.connection.sendall(f"{text}\n".encode())
                except OSError:
                    continue

    def enter(self, member):
        with self.lock:
            self.members.append(member)
            self.say(f"{member.username} Bergabung!")

    def leave(self, member):
        with self.lock:
            if member in self.members:
                self.members.remove(member)
                self.say(f"{member.username} keluar!")

    def run(self):
        while True:
            connection, address = self.socket.accept()
            print("Terhubung dengan", address)
            Member(self, connection, address).start()


if __name__ == "__main__":
    try:
        ChatServer().run()
    except KeyboardInterrupt:
        print("Server berhenti.")
