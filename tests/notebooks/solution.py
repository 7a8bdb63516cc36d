"""The exercise modul_contoh solved as its hints say, as edits of the starter."""

from __future__ import annotations

from pathlib import Path

TASKS: dict[int, list[tuple[str, str]]] = {
    1: [
        (
            "        handle(client)\n",
            "        thread = threading.Thread(target=handle, args=(client,), daemon=True)\n"
            "        thread.start()\n",
        )
    ],
    2: [
        (
            "        nickname = read_line(client, buffer)\n",
            "        nickname = read_line(client, buffer)\n"
            "        with lock:\n"
            "            clients.append(client)\n"
            "            nicknames.append(nickname)\n",
        )
    ],
    3: [
        (
            '        data = (message + "\\n").encode("utf-8")\n',
            '        data = (message + "\\n").encode("utf-8")\n'
            "        for client in clients:\n"
            "            try:\n"
            "                client.sendall(data)\n"
            "            except OSError:\n"
            "                pass\n",
        ),
        ('answer(client, f"{nickname} Bergabung!")', 'broadcast(f"{nickname} Bergabung!")'),
        ("            answer(client, message)\n", "            broadcast(message)\n"),
    ],
    4: [
        (
            "    nickname = None\n",
            "    nickname = None\n"
            "    with lock:\n"
            "        if client in clients:\n"
            "            index = clients.index(client)\n"
            "            clients.pop(index)\n"
            "            nickname = nicknames.pop(index)\n",
        )
    ],
    5: [
        (
            "    client.close()\n",
            "    client.close()\n"
            "    if nickname is not None:\n"
            '        broadcast(f"{nickname} keluar!")\n',
        )
    ],
}


def solve(server: Path, *tasks: int) -> None:
    """Fill in the gaps of the starter at `server`: those of `tasks`, or all."""
    program = server.read_text(encoding="utf-8")
    for task in tasks or TASKS:
        for before, after in TASKS[task]:
            assert program.count(before) == 1, before
            program = program.replace(before, after)
    server.write_text(program, encoding="utf-8")
