"""Classes for the room and its members, colours, a welcome text, date and time in front.

Solves: timestamp_a, username, pm, list, kick.
"""

import socket
import threading
import time

GREEN, RED, GREY, PLAIN = "\033[32m", "\033[31m", "\033[90m", "\033[0m"


class Refused(Exception):
    pass


class Left(Exception):
    pass


class Room:
    def __init__(self):
        self.members = []
        self.lock = threading.RLock()

    def find(self, name):
        for member in self.members:
            if member.name.casefold() == name.casefold():
                return member
        return None

    def enter(self, member, name):
        if not name:
            raise Refused("nama kosong")
        if len(name) > 20:
            raise Refused("nama terlalu panjang, paling banyak 20 huruf")
        if " " in name or not name.isprintable():
            raise Refused("nama hanya boleh berisi huruf, angka dan tanda baca")
        with self.lock:
            if self.find(name):
                raise Refused(f"nama {name} sudah dipakai orang lain")
            member.name = name
            self.members.append(member)
            member.write(f"{GREEN}=== Selamat datang di ruang chat! ==={PLAIN}")
            self.say(f"{GREEN}{name} Bergabung!{PLAIN}")

    def leave(self, member, text="{} keluar!"):
        with self.lock:
            if member not in self.members:
                return False
            self.members.remove(member)
            self.say(RED + text.format(member.name) + PLAIN)
            return True

    def say(self, text):
        stamp = time.strftime("[%Y-%m-%d %H:%M:%S]")
        with self.lock:
            for member in self.members:
                member.write(f"{GREY}{stamp}{PLAIN} {text}")


class Member(threading.Thread):
    def __init__(self, room, connection):
        super().__init__(daemon=True)
        self.room = room
        self.connection = connection
        self.rest = b""

    def write(self, text):
        try:
            self.connection.sendall(text.encode() + b"\n")
        except OSError:
            pass

    def read(self):
        while b"\n" not in self.rest:
            data = self.connection.recv(4096)
            if not data:
                raise Left
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").rstrip("\r")

    def run(self):
        try:
            self.introduce()
            while True:
                self.obey(self.read())
        except (Left, OSError):
            pass
        finally:
            self.room.leave(self)
            self.connection.close()

    def introduce(self):
        while True:
            self.write("NICK")
            try:
                self.room.enter(self, self.read().strip())
                return
            except Refused as reason:
                self.write(f"Maaf: {reason}.")

    def obey(self, line):
        if not line.startswith("/"):
            start = self.name + ": "
            self.room.say(start + line.removeprefix(start))
            return
        command, *words = line[1:].split(None, 2)[:3] or [""]
        method = getattr(self, "do_" + command.lower(), None)
        if method is None:
            self.write(f"Perintah tidak dikenal: {line.split()[0]}")
        else:
            method(words)

    def do_pm(self, words):
        if len(words) < 2:
            self.write("Tulis: /pm username pesan")
            return
        with self.room.lock:
            other = self.room.find(words[0])
        if other is None:
            self.write(f"Tidak ada {words[0]} di sini.")
            return
        other.write(f"[PM dari {self.name}] {words[1]}")
        self.write(f"[PM untuk {other.name}] {words[1]}")

    def do_list(self, words):
        with self.room.lock:
            for number, member in enumerate(self.room.members, 1):
                self.write(f"{number}. {member.name}")

    def do_kick(self, words):
        if self.name != "admin":
            self.write("Kamu bukan admin.")
        elif not words:
            self.write("Tulis: /kick username")
        else:
            with self.room.lock:
                target = self.room.find(words[0])
            if target is None:
                self.write(f"Tidak ada {words[0]} di sini.")
                return
            target.write("Kamu dikeluarkan admin. Sampai jumpa!")
            if self.room.leave(target, "{} dikeluarkan oleh admin."):
                target.connection.shutdown(socket.SHUT_RDWR)


def main():
    room = Room()
    with socket.create_server(("127.0.0.1", 5005)) as server:
        while True:
            connection, _ = server.accept()
            Member(room, connection).start()


if __name__ == "__main__":
    main()
