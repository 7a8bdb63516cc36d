"""Reads checks, solutions, others' work, the gradebook and environments, by path and by /proc."""

import json
import os
import socket
from pathlib import Path

aim = json.loads(Path("aim.json").read_text())


def shows(what, path):
    try:
        content = Path(path).read_bytes().decode(errors="replace").replace("\0", " ")
    except OSError:
        return
    if aim["secret"] in content or what == "checks":
        print("READ", what)


shows("path", aim["path"])
shows("checks", aim["checks"])
for pid in filter(str.isdigit, os.listdir("/proc")):
    shows("environment of another", f"/proc/{pid}/environ")
    shows("through root", f"/proc/{pid}/root{aim['path']}")
    shows("through the working folder", f"/proc/{pid}/cwd/{Path(aim['path']).name}")
if aim["secret"] in repr(dict(os.environ)):
    print("READ environment")
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
