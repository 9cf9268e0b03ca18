"""tls.py - certificates for a test, and a relay that puts TLS before a provider.

Shapes  Certificate is a self-signed one, its own authority, for 127.0.0.1 and other names; Relay
        forwards each connection to a port of this machine, or misbehaves as mode says
Units   bytes
Errors  what ssl and openssl(1) say
"""

import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading

PIECE = 65536  # bytes forwarded at once


class Certificate:
    def __init__(self, *names):
        self.dir = tempfile.TemporaryDirectory(prefix="mcpd-tls-")
        self.file, self.key = (pathlib.Path(self.dir.name) / n for n in ("cert.pem", "key.pem"))
        pathlib.Path(self.dir.name).chmod(0o755)
        names = ",".join(names or ("IP:127.0.0.1",))
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        make += f" -subj /CN=mcpd-test -addext subjectAltName={names}"
        subprocess.run(
            [*make.split(), "-keyout", self.key, "-out", self.file],
            check=True,
            capture_output=True,
        )

    def client_context(self):
        return ssl.create_default_context(cafile=self.file)

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Relay:
    """mode: "tls"; "silent": the handshake is never answered; "garbage": it is, by no TLS."""

    def __init__(self, certificate, port, mode="tls"):
        self.target, self.mode = port, mode
        self.context = certificate.server_context()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.seen = 0  # connections
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.seen += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        if self.mode == "silent":
            self.open.append(client)
            return
        if self.mode == "garbage":
            with client:
                client.sendall(b"220 this is no TLS\r\n")
                client.recv(1)
            return
        try:
            inner = self.context.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        outer = socket.create_connection(("127.0.0.1", self.target))
        back = threading.Thread(target=self.forward, args=(outer, inner), daemon=True)
        back.start()
        self.forward(inner, outer)
        back.join()
        inner.close()
        outer.close()

    @staticmethod
    def forward(source, sink):
        try:
            while data := source.recv(PIECE):
                sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_RDWR if isinstance(sink, ssl.SSLSocket) else socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for client in self.open:
            client.close()
