"""On `asyncio`: one thread, a task for each client."""

import asyncio

members = {}  # StreamWriter -> name


def broadcast(text):
    # No await in here: nobody else's message can come in between.
    for writer in members:
        writer.write(f"{text}\n".encode())


async def read_line(reader):
    line = await reader.readuntil(b"\n")
    return line.decode("utf-8", "replace").rstrip("\r\n")


async def handle(reader, writer):
    print("Terhubung dengan", writer.get_extra_info("peername"))
    writer.write(b"NICK\n")
    try:
        name = await read_line(reader)
        print("Username", name)
        members[writer] = name
        broadcast(f"{name} Bergabung!")
        while True:
            broadcast(await read_line(reader))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        pass
    finally:
        name = members.pop(writer, None)
        if name is not None:
            broadcast(f"{name} keluar!")
        writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 5005)
    async with server:
        await server.serve_forever()


asyncio.run(main())
