"""Divides by zero before it has a socket, a few calls deep and through a library."""

import json
import socket
import threading

SETTINGS = '{"host": "127.0.0.1", "port": 5005, "limit": {"bytes": 4096, "clients": 0}}'

clients = []


def bytes_for_each(limit):
    return limit["bytes"] // limit["clients"]


def check_settings(part):
    if "clients" in part:
        part["each"] = bytes_for_each(part)
    return part


def load_settings():
    return json.loads(SETTINGS, object_hook=check_settings)


def start():
    settings = load_settings()
    server = socket.socket()
    server.bind((settings["host"], settings["port"]))
    server.listen()
    while True:
        client, address = server.accept()
        print("Terhubung dengan", address)
        threading.Thread(target=handle, args=(client,)).start()


def handle(client):
    clients.append(client)
    while message := client.recv(1024):
        for other in clients:
            other.sendall(message)


start()
