"""Latihan pm: chat server dengan pesan pribadi.

Enam langkah setiap chat server, di file ini dari atas ke bawah:

    1. buka pintu    socket, bind, listen
    2. sambut        accept, NICK, username
    3. baca          recv
    4. potong        byte menjadi baris
    5. sebarkan      broadcast
    6. bereskan      remove, close, beri tahu yang lain

Satu pesan adalah satu baris teks UTF-8, diakhiri ganti baris.

Server ini sudah melayani banyak client dan memeriksa username mereka, tetapi setiap baris
sampai kepada semua orang. Carilah TUGAS 1 sampai TUGAS 5; bagian yang lain tidak perlu diubah.
"""

import signal
import socket
import sys
import threading

host = "127.0.0.1"
port = 5005

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
            # TUGAS 1: baris yang diawali "/" adalah perintah. Serahkan kepada
            # obey(client, nickname, message), dan jangan sebarkan.
            # TUGAS 5: pesan yang tidak diawali nama pengirimnya diberi nama itu di depannya.
            broadcast(message)
    except OSError:
        pass  # client pergi, atau koneksinya putus: bagaimanapun, inilah akhirnya
    finally:
        remove_client(client)


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
    # TUGAS 2: kalau kata pertamanya "/pm", panggil send_private(). Kalau bukan, beri tahu client
    # ini bahwa perintahnya tidak dikenal.


def find(nickname):
    """Kembalikan socket milik orang dengan username ini, atau None."""
    # TUGAS 3: cari nickname di nicknames. Huruf besar dan kecil dianggap sama.
    return None


def send_private(client, nickname, line):
    """/pm username pesan: kirim pesan kepada satu orang saja."""
    # TUGAS 4: pisahkan username dan pesannya, cari orangnya, dan kirim pesan itu kepadanya,
    # dengan nama pengirimnya. Beri tahu juga client ini: sudah terkirim, orangnya tidak ada,
    # atau bagaimana cara memakai /pm.


def remove_client(client):
    """Bereskan: hapus client dari kedua list, tutup koneksinya, beri tahu yang lain."""
    nickname = None
    with lock:
        if client in clients:  # tidak ada, kalau ia pergi sebelum menyebutkan username
            index = clients.index(client)
            del clients[index]
            nickname = nicknames.pop(index)
    client.close()
    if nickname is not None:
        broadcast(f"{nickname} keluar!")


try:
    open_door()
    receive()
except KeyboardInterrupt:
    print("\nServer berhenti.")
