#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# dns-delay.py PORT FILE: a name server that asks the one on port 53, and
# answers as many seconds later as FILE says at that moment; "dead": never.
import socket
import sys
import threading
import time

port, path = int(sys.argv[1]), sys.argv[2]
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.bind(("127.0.0.1", port))


def ask(query, client):
    with open(path) as f:
        wait = f.read().strip()
    if wait == "dead":
        return
    time.sleep(float(wait))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.sendto(query, ("127.0.0.1", 53))
        here.sendto(s.recv(65535), client)


while True:
    threading.Thread(target=ask, args=here.recvfrom(65535)).start()
