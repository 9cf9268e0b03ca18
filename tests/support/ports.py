"""ports.py - a TCP port of loopback for a server that takes no 0.

Shapes  free_port() is a number; nobody else who asks here gets it while this process lives
Units   none
Errors  AssertionError where all of them are taken
"""

import contextlib
import random
import socket

# below those that the kernel gives to clients (ip_local_port_range), who would take it at any moment
PORTS = range(20000, 32000)


def free_port():
    """free_port - claimed by the name of a socket, which goes with the process"""
    for port in random.sample(PORTS, len(PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as s:
            claim.bind(f"\0mcpd-test-port-{port}")
            s.bind(("127.0.0.1", port))
            claim.detach()  # it stays open, whoever forgets it
            return port
        claim.close()
    raise AssertionError("no port of loopback is free")
