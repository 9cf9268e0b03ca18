"""node.py - programs that npm has put into sdk/, as pinned there in package-lock.json.

Shapes  NODE runs them; aimock() is a provider of npm's `@copilotkit/aimock`
Units   none
Errors  what does not start fails the test
"""

import os
import pathlib
import socket

from gateway import free_port, wait_for

HERE = pathlib.Path(__file__).parent
SDK = HERE / "sdk"
NODE = os.environ.get("MCPD_NODE", "node")  # >= 20; ./check finds or installs one


def aimock(gw, answers):
    """aimock - its url; the answers are a file of aimock/"""
    port = free_port()
    gw.start(
        "aimock",
        [
            NODE,
            SDK / "node_modules/@copilotkit/aimock/dist/cli.js",
            *("-p", port, "-c", 10, "--strict", "-f", HERE / "aimock" / answers),
        ],
    )

    def up():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    wait_for("aimock", up)
    return f"http://127.0.0.1:{port}"
