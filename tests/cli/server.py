"""server.py - mcpd behind lighttpd, over a store that is there, for a transcript that runs over HTTP.

Shapes  Server(build, directory): a pool and a web server on a free port of loopback; .url, .stop()
Units   seconds
Errors  AssertionError with the logs when they don't come up
Source  httpd-conf/lighttpd.conf, as it is
"""
import http.client, os, signal, subprocess, sys, time, urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE = 60.0  # seconds until something that must happen is given up

sys.path.append(os.path.join(TOP, "tests/support"))
from ports import free_port  # noqa: E402, its folder was not known before


class Server:
    def __init__(self, build, directory, env):
        self.run = os.path.join(directory, ".server")
        os.mkdir(self.run)
        self.port, self.children = free_port(), []
        self.url = "http://127.0.0.1:%d" % self.port
        try:
            self.start("pool", [os.path.join(build, "mcpd.fcgi"), "--workers", "1",
                                "--listen", "unix:%s/sock" % self.run], env)
            self.wait("the pool's socket", lambda: os.path.exists(self.run + "/sock"))
            self.start("lighttpd", ["/usr/sbin/lighttpd", "-D", "-f", self.configure()], env)
            self.wait("/readyz", self.ready)
        except BaseException:
            self.stop()
            raise

    def configure(self):
        with open(os.path.join(TOP, "httpd-conf/lighttpd.conf")) as f:
            text = f.read()
        for name, value in (("PORT", self.port), ("MOUNT", "/"), ("SOCKET", self.run + "/sock"),
                            ("RUN", self.run)):
            text = text.replace("@%s@" % name, str(value))
        with open(self.run + "/lighttpd.conf", "w") as f:
            f.write(text)
        return self.run + "/lighttpd.conf"

    def start(self, name, argv, env):
        with open("%s/%s.log" % (self.run, name), "wb") as log:
            self.children.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log, cwd=self.run, env=env))

    def ready(self):
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=PATIENCE) as answer:
                return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait(self, what, probe):
        end = time.monotonic() + PATIENCE
        while not probe():
            if time.monotonic() > end or any(c.poll() is not None for c in self.children):
                raise AssertionError("waited for %s:\n%s" % (what, self.logs()))
            time.sleep(0.01)

    def logs(self):
        text = []
        for name in sorted(os.listdir(self.run)):
            if name.endswith(".log"):
                with open(os.path.join(self.run, name), errors="replace") as f:
                    text.append("--- %s\n%s" % (name, f.read()))
        return "\n".join(text)

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
