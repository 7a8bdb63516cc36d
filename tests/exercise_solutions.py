"""The exercises solved as their hints say: for each file of a starter its edits, (old, new).

Each `old` stands there exactly once when its turn comes, in either language.
"""

from __future__ import annotations

Edits = list[tuple[str, str]]

IMPORT = ("import threading\n", "import threading\nfrom datetime import datetime\n")
DATA = '        data = (message + "\\n").encode("utf-8")\n'
REMOVE_CLIENT = "\n\ndef remove_client(client):\n"
UNKNOWN_COMMAND = '    else:\n        tell(client, f"Perintah tidak dikenal: {line}")\n'

SOLUTIONS: dict[str, dict[str, Edits]] = {
    "timestamp": {
        "folder_a/server.py": [
            IMPORT,
            (
                DATA,
                '        stamp = datetime.now().strftime("[%Y-%m-%d %H:%M:%S] ")\n'
                '        data = (stamp + message + "\\n").encode("utf-8")\n',
            ),
        ],
        "folder_b/server.py": [
            IMPORT,
            (
                DATA,
                '        stamp = datetime.now().strftime("[%H:%M:%S] ")\n'
                '        data = (stamp + message + "\\n").encode("utf-8")\n',
            ),
        ],
    },
    "username": {
        "server.py": [
            (
                "    nickname = read_line(client, buffer)\n",
                "    nickname = read_line(client, buffer).strip()\n",
            ),
            (
                "        clients.append(client)\n",
                "        if not nickname:\n"
                '            return "Username tidak boleh kosong."\n'
                "        if len(nickname) > 20:\n"
                '            return "Username paling panjang 20 karakter."\n'
                '        if " " in nickname or not nickname.isprintable():\n'
                '            return "Username tidak boleh berisi spasi."\n'
                "        clients.append(client)\n",
            ),
            (
                "    return nickname\n",
                "    while problem is not None:\n"
                "        tell(client, problem)\n"
                '        tell(client, "NICK")\n'
                "        nickname = read_line(client, buffer).strip()\n"
                "        problem = join(client, nickname)\n"
                "    return nickname\n",
            ),
            (
                "        clients.append(client)\n",
                "        if nickname.casefold() in [other.casefold() for other in nicknames]:\n"
                '            return "Username itu sedang dipakai."\n'
                "        clients.append(client)\n",
            ),
        ],
    },
    "pm": {
        "server.py": [
            (
                "            broadcast(message)\n",
                '            if message.startswith("/"):\n'
                "                obey(client, nickname, message)\n"
                "                continue\n"
                "            broadcast(message)\n",
            ),
            (
                "\n\ndef find(nickname):\n",
                '    if line.split()[0] == "/pm":\n'
                "        send_private(client, nickname, line)\n" + UNKNOWN_COMMAND + "\n\n"
                "def find(nickname):\n",
            ),
            (
                "    return None\n\n\ndef send_private(",
                "    with lock:\n"
                "        for client, other in zip(clients, nicknames, strict=True):\n"
                "            if other.casefold() == nickname.casefold():\n"
                "                return client\n"
                "    return None\n\n\ndef send_private(",
            ),
            (
                REMOVE_CLIENT,
                "    words = line.split(maxsplit=2)\n"
                "    if len(words) < 3:\n"
                '        tell(client, "Cara pakai: /pm username pesan")\n'
                "        return\n"
                "    target = find(words[1])\n"
                "    if target is None:\n"
                '        tell(client, f"{words[1]} tidak online.")\n'
                "    else:\n"
                '        tell(target, f"PM dari {nickname}: {words[2]}")\n'
                '        tell(client, f"PM untuk {words[1]}: {words[2]}")\n' + REMOVE_CLIENT,
            ),
            (
                "            broadcast(message)\n",
                '            if not message.startswith(f"{nickname}: "):\n'
                '                message = f"{nickname}: {message}"\n'
                "            broadcast(message)\n",
            ),
        ],
    },
    "admin": {
        "server.py": [
            (
                UNKNOWN_COMMAND,
                '    elif command == "/list":\n        list_online(client)\n' + UNKNOWN_COMMAND,
            ),
            (
                "\n\ndef kick(client, nickname, line):\n",
                "    with lock:\n"
                '        names = ", ".join(nicknames)\n'
                '    tell(client, f"Online: {names}")\n'
                "\n\ndef kick(client, nickname, line):\n",
            ),
            (
                UNKNOWN_COMMAND,
                '    elif command == "/kick":\n        kick(client, nickname, line)\n'
                + UNKNOWN_COMMAND,
            ),
            (
                REMOVE_CLIENT,
                "    words = line.split()\n"
                "    target = find(words[1]) if len(words) == 2 else None\n"
                "    if nickname != admin:\n"
                '        tell(client, f"Hanya {admin} yang boleh memakai /kick.")\n'
                "        return\n"
                "    if len(words) != 2:\n"
                '        tell(client, "Cara pakai: /kick username")\n'
                "        return\n"
                "    if target is None:\n"
                '        tell(client, f"{words[1]} tidak online.")\n'
                "        return\n"
                "    if target is client:\n"
                '        tell(client, "Kamu tidak bisa mengeluarkan dirimu sendiri.")\n'
                "        return\n" + REMOVE_CLIENT,
            ),
            (
                REMOVE_CLIENT,
                '    tell(target, f"Kamu dikeluarkan oleh {admin}.")\n'
                "    remove_client(target)\n"
                "    hang_up(target)\n" + REMOVE_CLIENT,
            ),
        ],
    },
}
