"""fronts.py - the web servers that the tests put before mcpd, each with its file of httpd-conf/.

Shapes  FRONTS names them; Front.prepare() writes what one needs into gateway.run, and gives its command
Units   none
Errors  KeyError for a name that is not there
Source  httpd-conf/; docs/HOSTS.md says what each can and can't
"""

import dataclasses
import pathlib
import shutil
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
WEB_USER = "www-data"  # of the Apache and nginx configurations
LIGHTTPD = ("/usr/sbin/lighttpd", "-D", "-f")
# in a process group of its own: mpm_prefork ends all of it
APACHE = ("/usr/bin/setsid", "/usr/sbin/apache2", "-DFOREGROUND", "-f")
NGINX = ("/usr/sbin/nginx", "-g", "daemon off;", "-e", "stderr", "-c")

# changes of a file with mod_cgid: the older one, which needs processes instead of threads
MOD_CGI = (
    ("mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so",
     "mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so"),
    ("cgid_module /usr/lib/apache2/modules/mod_cgid.so", "cgi_module /usr/lib/apache2/modules/mod_cgi.so"),
    ('ScriptSock "@RUN@/cgid.sock"\n', ""),
)  # fmt: skip

# what systemd does with a .socket unit: the socket is fd 3, and the process is told so by its own id
AS_SYSTEMD = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(1024)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""

# what `systemctl restart` does, at each USR1: the process ends and another one is started, while the
# socket stays. The shell is there to know its own id before it becomes the pool
RESTARTS = """
import os, signal, socket, subprocess, sys

waited = {signal.SIGUSR1, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, waited)

def start():
    return subprocess.Popen(
        ["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0"', sys.argv[2]], close_fds=False,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, waited))

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)  # nginx is somebody else; systemd has SocketGroup=
s.listen(1024)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
pool = start()
while signal.sigwait(waited) == signal.SIGUSR1:
    pool.terminate()
    print("ended with", pool.wait(), flush=True)
    pool = start()
pool.terminate()
pool.wait()
"""


@dataclasses.dataclass(frozen=True)
class Front:
    conf: str  # the file, below the top of the source
    argv: tuple  # the web server; the file's path goes at its end
    # "own": mcpd.fcgi --listen; "systemd": a socket that is handed over; "restarts": and stays
    pool: str = ""
    web_user: bool = False  # it drops root, so the store must be its user's
    user_dir: bool = False  # a directory with .htaccess, as on a shared host

    def pool_argv(self, gateway, binary):
        if self.pool == "systemd":
            return [sys.executable, "-c", AS_SYSTEMD, gateway.socket, binary]
        if self.pool == "restarts":
            return [sys.executable, "-c", RESTARTS, gateway.socket, binary]
        return [binary, "--listen", f"unix:{gateway.socket}"]

    def config(self, gateway):
        """config - what mcpd.yaml must say because of the web server"""
        return [f"base_path: {gateway.mount}"] if self.user_dir else []

    def prepare(self, gateway, binary, changes=()):
        """prepare - write its configuration, with changes (old, new); the command"""
        here = gateway.run / "mcpd.fcgi"  # the web server's user may not reach the build
        shutil.copy(binary, here)
        names = {
            "PORT": gateway.port,
            "MOUNT": gateway.mount,
            "PREFIX": gateway.prefix,
            "SOCKET": gateway.socket,
            "RUN": gateway.run,
            "BIN": here,
            "CONFIG": gateway.home / "mcpd.yaml",
        }
        if self.user_dir:
            self.make_user_dir(gateway, here, names)
        text = (TOP / self.conf).read_text()
        for old, new in changes:
            if old not in text:
                raise AssertionError(f"{self.conf} has no {old!r} to change")
            text = text.replace(old, new)
        conf = gateway.run / "front.conf"
        conf.write_text(fill(text, names))
        return [*self.argv, conf]

    @staticmethod
    def make_user_dir(gateway, binary, names):
        """make_user_dir - as the head of httpd-conf/htaccess tells its reader to"""
        place = gateway.run / "web" / gateway.prefix.strip("/")
        place.mkdir(parents=True, mode=0o755)
        recipe = (TOP / "httpd-conf/htaccess").read_text()
        (place / ".htaccess").write_text(fill(recipe, names))
        for name in ("mcpd.fcgi", "mcpd.cgi"):
            script = place / name
            script.write_text(f"#!/bin/sh\nMCPD_CONFIG={gateway.home}/mcpd.yaml exec {binary}\n")
            script.chmod(0o755)


def fill(text, names):
    """fill - its @NAMES@ replaced"""
    for name, value in names.items():
        text = text.replace(f"@{name}@", str(value))
    return text


FRONTS = {
    "lighttpd": Front("httpd-conf/lighttpd.conf", LIGHTTPD, pool="own"),
    "lighttpd-spawn": Front("httpd-conf/lighttpd-spawn.conf", LIGHTTPD),
    "apache-fcgid": Front("httpd-conf/apache-fcgid.conf", APACHE, web_user=True),
    "apache-proxy-fcgi": Front(
        "httpd-conf/apache-proxy-fcgi.conf", APACHE, pool="own", web_user=True
    ),
    "apache-cgi": Front("httpd-conf/apache-cgi.conf", APACHE, web_user=True),
    "htaccess": Front("tests/e2e/shared-host.conf", APACHE, web_user=True, user_dir=True),
    "nginx": Front("httpd-conf/nginx.conf", NGINX, pool="own", web_user=True),
    "systemd-restart": Front("httpd-conf/nginx.conf", NGINX, pool="restarts", web_user=True),
    "systemd": Front("httpd-conf/lighttpd.conf", LIGHTTPD, pool="systemd"),
}
