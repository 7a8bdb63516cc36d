"""The client speaks first, and nobody ends a message: letters cut in two are put together again."""

import codecs
import socket
import threading

IP = "127.0.0.1"
PORT = 5005

users = []
lock = threading.Lock()


def send_to_all(text):
    with lock:
        for connection, _ in users:
            try:
                connection.sendall(text.encode("utf-8"))
            except OSError:
                pass


def serve(connection):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    user = None
    try:
        while data := connection.recv(4096):
            text = decoder.decode(data)
            if user is None:
                user = (connection, text.strip())
                with lock:
                    users.append(user)
                send_to_all(f"{user[1]} Bergabung!")
            elif text:
                send_to_all(text)
    except OSError as error:
        print("Koneksi putus:", error)
    finally:
        if user is not None:
            with lock:
                users.remove(user)
            send_to_all(f"{user[1]} keluar!")
        connection.close()


listener = socket.socket()
listener.bind((IP, PORT))
listener.listen(50)
print(f"Menunggu di {IP}:{PORT}")
while True:
    connection, address = listener.accept()
    threading.Thread(target=serve, args=[connection]).start()
