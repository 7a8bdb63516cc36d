"""What `reference/complete/server.py` does, written with the streams of `asyncio`: one thread.

It gives the same answers and keeps the same limits: names, length of a line, clients, time for a
username, and bytes that wait for a client who does not read.
"""

import asyncio
import hmac
import os
import socket
import unicodedata
from datetime import datetime

host = "127.0.0.1"
port = 5005
admin = "admin"
password = os.fsencode(os.environ.get("CHAT_ADMIN_PASSWORD", ""))
max_clients = 2000
max_nickname = 20  # characters
max_line = 100_000  # bytes
max_outbox = 1_000_000  # bytes
login_seconds = 60
goodbye_seconds = 1

people = {}  # key of the username -> (username, writer)
connections = set()  # all writers, in the chat or not yet


class Leave(Exception):
    """This client is not served any longer; the text is for the client."""


def key(nickname):
    return unicodedata.normalize("NFKC", nickname.strip()[: 5 * max_nickname]).casefold()


def send(writer, data):
    if writer.is_closing():
        return
    if writer.transport.get_write_buffer_size() + len(data) > max_outbox:
        writer.transport.abort()  # it has stopped reading
        return
    writer.write(data)


def tell(writer, message):
    send(writer, f"{message}\n".encode())


def broadcast(message):
    stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")
    data = f"{stamp}{message}\n".encode()
    for _nickname, writer in people.values():
        send(writer, data)


async def read_line(reader):
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise Leave(f"Satu baris paling panjang {max_line} byte.") from None
    return line[:-1].decode("utf-8").removesuffix("\r")


async def ask_nickname(reader, writer):
    while True:
        tell(writer, "NICK")
        try:
            nickname = (await read_line(reader)).strip()
            problem = await problem_with(nickname, reader, writer)
        except UnicodeDecodeError:
            problem = "Itu bukan teks UTF-8."
        if not problem:
            people[key(nickname)] = (nickname, writer)
            broadcast(f"{nickname} Bergabung!")
            return nickname
        tell(writer, problem)


async def problem_with(nickname, reader, writer):
    if password and key(nickname) == key(admin):
        tell(writer, "PASS")
        if not hmac.compare_digest((await read_line(reader)).encode(), password):
            return "Password salah."
    if not nickname:
        return "Username tidak boleh kosong."
    if len(nickname) > max_nickname:
        return f"Username paling panjang {max_nickname} karakter."
    if len(nickname.split()) > 1:
        return "Username tidak boleh berisi spasi."
    if not nickname.isprintable():
        return "Username tidak boleh berisi karakter yang tidak terlihat."
    if key(nickname) in people:
        return "Username itu sedang dipakai."
    return None


def obey(writer, nickname, line):
    command, *words = line.split(maxsplit=2) or [""]
    if command.lower() == "/list":
        tell(writer, f"Online: {', '.join(name for name, _writer in people.values())}")
    elif command.lower() == "/pm":
        send_private(writer, nickname, words)
    elif command.lower() == "/kick":
        kick(writer, nickname, words)
    elif command.startswith("/"):
        tell(writer, "Perintah tidak dikenal. Yang ada: /list, /pm, /kick")
    elif command:
        name, colon, text = line.partition(": ")
        if not colon or key(name) != key(nickname):
            text = line
        broadcast(f"{nickname}: {text}")


def send_private(writer, nickname, words):
    target = people.get(key(words[0])) if words else None
    if len(words) < 2:
        tell(writer, "Cara pakai: /pm username pesan")
    elif target is None:
        tell(writer, f"{words[0]} tidak online.")
    else:
        tell(target[1], f"PM dari {nickname}: {words[1]}")
        tell(writer, f"PM untuk {target[0]}: {words[1]}")


def kick(writer, nickname, words):
    target = people.get(key(words[0])) if words else None
    if key(nickname) != key(admin):
        tell(writer, f"Hanya {admin} yang boleh memakai /kick.")
    elif len(words) != 1:
        tell(writer, "Cara pakai: /kick username")
    elif target is None:
        tell(writer, f"{words[0]} tidak online.")
    elif target[1] is writer:
        tell(writer, "Kamu tidak bisa mengeluarkan dirimu sendiri.")
    else:
        leave(*target)
        tell(target[1], f"Kamu dikeluarkan oleh {admin}.")
        target[1].write_eof()
        asyncio.get_running_loop().call_later(goodbye_seconds, target[1].transport.abort)


def leave(nickname, writer):
    if people.get(key(nickname)) == (nickname, writer):
        del people[key(nickname)]
        broadcast(f"{nickname} keluar!")


async def serve(reader, writer):
    nickname = None
    connections.add(writer)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        if len(connections) > max_clients:
            raise Leave("Server penuh. Coba lagi nanti.")
        try:
            async with asyncio.timeout(login_seconds):
                nickname = await ask_nickname(reader, writer)
        except TimeoutError:
            raise Leave(f"Waktu habis: {login_seconds} detik tanpa username.") from None
        while True:
            try:
                line = await read_line(reader)
            except UnicodeDecodeError:
                tell(writer, "Itu bukan teks UTF-8.")
                continue
            if writer.transport.get_write_buffer_size() > max_outbox // 2:
                await writer.drain()
            if people.get(key(nickname)) != (nickname, writer):
                return
            obey(writer, nickname, line)
    except Leave as reason:
        tell(writer, reason)
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        if nickname is not None:
            leave(nickname, writer)
        connections.discard(writer)
        writer.close()


async def main():
    server = await asyncio.start_server(serve, host, port, limit=max_line, backlog=max_clients)
    async with server:
        await server.serve_forever()


asyncio.run(main())
