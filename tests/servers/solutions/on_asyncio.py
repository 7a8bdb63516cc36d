"""On `asyncio`: one thread, a task for each client; date and time in front.

Solves: timestamp_a, username, pm, list, kick.
"""

import asyncio
from datetime import datetime

writers = {}  # username -> StreamWriter


def tell(name, text):
    writers[name].write(f"{text}\n".encode())


def tell_all(text):
    stamp = datetime.now().isoformat(" ", "seconds")
    for name in writers:
        tell(name, f"[{stamp}] {text}")


def who(name):
    return next((other for other in writers if other.upper() == name.upper()), None)


async def read(reader):
    line = await reader.readuntil(b"\n")
    return line.decode(errors="replace").rstrip("\r\n")


async def sign_in(reader, writer):
    while True:
        writer.write(b"NICK\n")
        name = (await read(reader)).strip()
        if name == "":
            reason = "kosong"
        elif len(name) > 20:
            reason = "terlalu panjang"
        elif not name.isprintable() or any(map(str.isspace, name)):
            reason = "tidak boleh berisi spasi"
        elif who(name) is not None:
            reason = "sudah dipakai"
        else:
            writers[name] = writer  # no await since the question: nobody came between
            return name
        writer.write(f"Username {reason}.\n".encode())


def obey(name, line):
    match line.split(" ", 2):
        case ["/list"]:
            tell(name, "Online sekarang: " + ", ".join(writers))
        case ["/pm", other, text] if who(other) and text.strip():
            tell(who(other), f"*{name}* {text}")
            tell(name, f"*ke {who(other)}* {text}")
        case ["/pm", other, text] if other and text:
            tell(name, f"{other} tidak ada")
        case ["/pm", *_]:
            tell(name, "/pm username pesan")
        case ["/kick", *_] if name != "admin":
            tell(name, "hanya untuk admin")
        case ["/kick", other] if who(other):
            other = who(other)
            tell(other, "kamu dikeluarkan")
            writers.pop(other).close()
            tell_all(f"{other} dikeluarkan admin")
        case ["/kick", *_]:
            if name in writers:
                tell(name, "/kick username yang online")
        case [command, *_]:
            tell(name, f"{command}: perintah apa itu?")


async def serve(reader, writer):
    name = None
    try:
        name = await sign_in(reader, writer)
        tell_all(f"{name} Bergabung!")
        while True:
            line = await read(reader)
            if writers.get(name) is not writer:
                break
            if line.startswith("/"):
                obey(name, line)
            else:
                tell_all(line if line.startswith(f"{name}: ") else f"{name}: {line}")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        pass
    finally:
        if name is not None and writers.get(name) is writer:
            del writers[name]
            tell_all(f"{name} keluar!")
        writer.close()


async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", 5005) as server:
        await server.serve_forever()


asyncio.run(main())
