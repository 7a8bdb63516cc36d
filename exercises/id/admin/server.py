"""Latihan admin: chat server dengan perintah /list dan /kick.

Enam langkah setiap chat server, di file ini dari atas ke bawah:

    1. buka pintu    socket, bind, listen
    2. sambut        accept, NICK, username
    3. baca          recv
    4. potong        byte menjadi baris
    5. sebarkan      broadcast
    6. bereskan      remove, close, beri tahu yang lain

Satu pesan adalah satu baris teks UTF-8, diakhiri ganti baris.

Server ini sudah memeriksa username dan mengenal /pm. Carilah TUGAS 1 sampai TUGAS 3; bagian
yang lain tidak perlu diubah.
"""

import signal
import socket
import sys
import threading

host = "127.0.0.1"
port = 5005
admin = "admin"  # username yang boleh memakai /kick

clients = []  # socket semua orang yang ada di chat
nicknames = []  # username mereka: nicknames[i] milik clients[i]
lock = threading.Lock()  # menjaga kedua list itu, dan urutan pengiriman pesan

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_door():
    """Buka pintu: mulai sekarang client bisa terhubung."""
    if sys.platform == "win32":
        # Di Windows, accept() tidak memperhatikan Ctrl-C. Biarlah Ctrl-C menghentikan program.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    else:
        # Server yang dijalankan lagi langsung mendapatkan port-nya kembali. Di Windows memang
        # selalu begitu; di sana pilihan ini malah membuat dua server bisa memakai port yang sama.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen()
    except OSError as error:
        sys.exit(
            f"Port {port} tidak bisa dibuka ({error.strerror}). "
            "Hentikan dulu server yang masih berjalan, atau ganti port."
        )
    print(f"Server berjalan di {host}:{port}. Tekan Ctrl-C untuk berhenti.")


def receive():
    """Sambut: terima setiap client, dan beri masing-masing thread-nya sendiri."""
    while True:
        try:
            client, address = server.accept()
        except ConnectionError:
            continue  # client ini sudah pergi sebelum sempat disambut
        print(f"Terhubung dengan {address}")
        thread = threading.Thread(target=handle, args=(client,), daemon=True)
        thread.start()


def handle(client):
    """Layani satu client, dari username-nya sampai ia pergi, di thread-nya sendiri."""
    buffer = bytearray()  # yang sudah dikirim client ini tetapi belum menjadi satu baris utuh
    try:
        nickname = ask_nickname(client, buffer)
        print(f"Username {nickname}")
        broadcast(f"{nickname} Bergabung!")
        while True:
            message = read_line(client, buffer)
            if message.startswith("/"):
                obey(client, nickname, message)
            else:
                if not message.startswith(f"{nickname}: "):
                    message = f"{nickname}: {message}"
                broadcast(message)
    except OSError:
        pass  # client pergi, atau koneksinya putus: bagaimanapun, inilah akhirnya
    finally:
        remove_client(client)
        client.close()


def ask_nickname(client, buffer):
    """Tanyakan username sampai ada yang baik. Setelah itu client ini ada di chat."""
    while True:
        tell(client, "NICK")
        nickname = read_line(client, buffer).strip()
        problem = join(client, nickname)
        if problem is None:
            return nickname
        tell(client, problem)


def join(client, nickname):
    """Catat client di kedua list; kalau tidak bisa, kembalikan satu kalimat yang menjelaskannya."""
    with lock:
        if not nickname:
            return "Username tidak boleh kosong."
        if len(nickname) > 20:
            return "Username paling panjang 20 karakter."
        if " " in nickname or not nickname.isprintable():
            return "Username tidak boleh berisi spasi atau karakter yang tidak terlihat."
        if nickname.casefold() in [other.casefold() for other in nicknames]:
            return "Username itu sedang dipakai."
        clients.append(client)
        nicknames.append(nickname)
    return None


def read_line(client, buffer):
    """Baca sampai buffer berisi satu baris utuh, lalu potong baris itu."""
    while b"\n" not in buffer:
        data = client.recv(1024)
        if not data:  # kosong, dan akan tetap kosong: client sudah pergi
            raise ConnectionError("the client has left")
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    buffer[:] = rest
    # Hanya baris utuh yang diubah menjadi teks: sepotong data bisa berakhir di tengah huruf.
    return line.decode("utf-8", errors="replace").removesuffix("\r")


def broadcast(message):
    """Sebarkan: kirim satu pesan kepada semua orang, juga kepada pengirimnya."""
    with lock:
        data = (message + "\n").encode("utf-8")
        for client in clients:
            try:
                client.sendall(data)
            except OSError:
                pass  # client itu pergi; thread-nya sendiri juga tahu, dan membereskannya


def tell(client, message):
    """Kirim satu pesan hanya kepada client ini."""
    with lock:
        try:
            client.sendall((message + "\n").encode("utf-8"))
        except OSError:
            pass  # client itu pergi; thread-nya sendiri juga tahu, dan membereskannya


def obey(client, nickname, line):
    """Kerjakan satu perintah dari client ini; line diawali "/"."""
    command = line.split()[0]
    if command == "/pm":
        send_private(client, nickname, line)
    # TUGAS 1: "/list" memanggil list_online().
    # TUGAS 2: "/kick" memanggil kick().
    else:
        tell(client, f"Perintah tidak dikenal: {line}")


def find(nickname):
    """Kembalikan socket milik orang dengan username ini, atau None."""
    with lock:
        for client, other in zip(clients, nicknames, strict=True):
            if other.casefold() == nickname.casefold():
                return client
    return None


def send_private(client, nickname, line):
    """/pm username pesan: kirim pesan kepada satu orang saja."""
    words = line.split(maxsplit=2)
    if len(words) < 3:
        tell(client, "Cara pakai: /pm username pesan")
        return
    target = find(words[1])
    if target is None:
        tell(client, f"{words[1]} tidak online.")
    else:
        tell(target, f"PM dari {nickname}: {words[2]}")
        tell(client, f"PM untuk {words[1]}: {words[2]}")


def list_online(client):
    """/list: beri tahu client ini siapa saja yang online."""
    # TUGAS 1: kirim semua nama yang online kepada client ini.


def kick(client, nickname, line):
    """/kick username: keluarkan seseorang dari chat. Hanya untuk admin."""
    # TUGAS 2: siapa yang boleh, dan siapa yang dimaksud?
    # TUGAS 3: keluarkan orang itu.


def remove_client(client):
    """Bereskan: hapus client dari kedua list, dan beri tahu yang lain. Boleh dipanggil dua kali."""
    nickname = None
    with lock:
        if client in clients:  # tidak ada, kalau ia belum masuk atau sudah dihapus
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


def hang_up(client):
    """Akhiri koneksi: thread client itu terbangun dari recv(), lalu membereskan sisanya."""
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # koneksinya sudah putus


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
