"""Everything that it says or prints would be a command somewhere: terminal, HTML, spreadsheet."""

import socket

EVIL = (
    "\x1b]0;taken\x07\x1b[2J\x1b[31m<script>document.title='taken'</script>"
    "<img src=x onerror=\"document.title='taken'\">=cmd()|'x'!A1 ]]></failure>\u202e"
)
print(EVIL)
server = socket.create_server(("127.0.0.1", 5005))
client, _address = server.accept()
client.sendall(f"NICK\n{EVIL}\n".encode())
name = client.recv(1024)
client.sendall(f"=1+1 {EVIL}\n".encode())
client.recv(1024)
raise ValueError(EVIL)
