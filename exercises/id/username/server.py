"""Latihan username: chat server yang memeriksa nama setiap tamu di pintu.

Enam langkah setiap chat server, di file ini dari atas ke bawah:

    1. buka pintu    socket, bind, listen
    2. sambut        accept, NICK, username
    3. baca          recv
    4. potong        byte menjadi baris
    5. sebarkan      broadcast
    6. bereskan      remove, close, beri tahu yang lain

Satu pesan adalah satu baris teks UTF-8, diakhiri ganti baris.

Server ini sudah melayani banyak client, tetapi menerima username apa saja. Carilah TUGAS 1
sampai TUGAS 4; bagian yang lain tidak perlu diubah.
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
            broadcast(message)
    except OSError:
        pass  # client pergi, atau koneksinya putus: bagaimanapun, inilah akhirnya
    finally:
        remove_client(client)


def ask_nickname(client, buffer):
    """Tanyakan username sampai ada yang baik. Setelah itu client ini ada di chat."""
    tell(client, "NICK")
    nickname = read_line(client, buffer)
    # TUGAS 1: buang spasi di depan dan di belakang nickname.
    problem = join(client, nickname)
    # TUGAS 3: kalau ada masalah, sampaikan kepada client ini, lalu mulai lagi dari NICK, sesering
    # yang diperlukan.
    return nickname


def join(client, nickname):
    """Catat client di kedua list; kalau tidak bisa, kembalikan satu kalimat yang menjelaskannya."""
    with lock:
        # TUGAS 2: kembalikan kalimat penolakan kalau nickname kosong, lebih panjang daripada 20
        # karakter, atau berisi spasi atau karakter yang tidak terlihat.
        # TUGAS 4: begitu juga kalau nama itu sedang dipakai; alice dan Alice adalah nama yang sama.
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
