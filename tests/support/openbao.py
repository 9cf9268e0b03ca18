#!/usr/bin/env python3
"""openbao.py - a KV secrets engine of version 2, as OpenBao's API documentation describes it.

usage: openbao.py --port-file FILE [--port N] [--token T] [--mount M] [--namespace N]

Written from "KV secrets engine - version 2 (API)" and "HTTP API" of the OpenBao documentation, not from
what mcpd happens to send: what the real server refuses is refused here, with its status and its body
{"errors": [...]}. Entries live in memory, with versions, soft delete, undelete, destroy, check-and-set,
cas_required, metadata, LIST. Another mount is 404 "no handler for route".

Below /control/ (no part of OpenBao) a test steers it, by POST with a JSON body:
  state {"sealed":true|false} {"status":503,"errors":[...]} {"token":"..."} {"delay":seconds}
  hold  {"method":"POST","path":"secret/data/","when":"before"|"after"}  the next such request waits,
        before it is carried out or before it is answered, until release {} (it is answered then) or
        its client is gone; wait {} answers when one waits
GET /control/log is a list of {"method","path","status"}, GET /control/entries what lies where.

Shapes  one thread a connection, HTTP/1.1
Units   seconds
Errors  what a client did wrong is its answer; what a test did wrong is a 500 with a traceback
"""
import argparse, datetime, http.server, json, os, select, signal, threading, time, traceback
import urllib.parse

MAX_VERSIONS = 10  # "OpenBao will keep 10 versions"
MAX_BODY = 32 << 20  # bytes; the server's default


class Refusal(Exception):
    def __init__(self, status, *errors, data=None):
        self.status, self.body = status, {"errors": list(errors)} if data is None else data


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


class Entry:
    def __init__(self):
        self.created, self.updated, self.current, self.oldest = now(), now(), 0, 0
        self.versions = {}  # number: {"data", "created_time", "deletion_time", "destroyed"}
        self.cas_required, self.custom, self.max_versions = False, None, 0

    def meta(self, n):
        v = self.versions[n]
        return {
            "created_time": v["created_time"],
            "custom_metadata": self.custom,
            "deletion_time": v["deletion_time"],
            "destroyed": v["destroyed"],
            "version": n,
        }

    def write(self, data):
        self.current += 1
        self.updated = now()
        self.versions[self.current] = {
            "data": data,
            "created_time": now(),
            "deletion_time": "",
            "destroyed": False,
        }
        while len(self.versions) > (self.max_versions or MAX_VERSIONS):
            del self.versions[min(self.versions)]
        return self.meta(self.current)


class Bao:
    """The server's state: the engine, and what a test has told it."""

    def __init__(self, token, mount, namespace):
        self.token, self.mount, self.namespace = token, mount, namespace
        self.entries, self.log = {}, []
        self.sealed, self.status, self.errors, self.delay = False, None, [], 0
        self.hold, self.holding, self.go = None, threading.Event(), threading.Event()
        self.lock = threading.RLock()

    # --- the engine: (method, operation) to a function of (path, query, body) ---

    def read(self, path, query, _):
        entry = self.entries.get(path)
        try:
            n = int(query.get("version", ["0"])[0])
        except ValueError:
            raise Refusal(400, "version must be an integer")
        if entry is None or (n or entry.current) not in entry.versions:
            raise Refusal(404)
        n = n or entry.current
        meta, data = entry.meta(n), entry.versions[n]["data"]
        if meta["deletion_time"] or meta["destroyed"]:
            raise Refusal(404, data=envelope({"data": None, "metadata": meta}))
        return 200, envelope({"data": data, "metadata": meta})

    def write(self, path, _, body):
        unknown = set(body) - {"data", "options", "version"}
        if unknown:
            raise Refusal(400, f"unexpected fields {sorted(unknown)}")
        if "data" not in body or body["data"] is None:
            raise Refusal(400, "no data provided")
        if not isinstance(body["data"], dict):
            raise Refusal(400, "Field validation failed: error converting input for field \"data\"")
        options = body.get("options") or {}
        if not isinstance(options, dict):
            raise Refusal(400, "options must be a map")
        cas = options.get("cas")
        if cas is not None and (not isinstance(cas, int) or isinstance(cas, bool)):
            raise Refusal(400, "error parsing check-and-set parameter")
        entry = self.entries.get(path)
        if cas is None and entry is not None and entry.cas_required:
            raise Refusal(400, "check-and-set parameter required for this call")
        if cas is not None and cas != (entry.current if entry else 0):
            raise Refusal(400, "check-and-set parameter did not match the current version")
        entry = self.entries.setdefault(path, Entry())
        return 200, envelope(entry.write(body["data"]))

    def soft_delete(self, path, _, __):
        entry = self.entries.get(path)
        if entry is not None and entry.current in entry.versions:
            version = entry.versions[entry.current]
            version["deletion_time"] = version["deletion_time"] or now()
        return 204, None

    def versions_of(self, path, body):
        wanted = body.get("versions")
        if not isinstance(wanted, list) or not wanted:
            raise Refusal(400, "No version number provided")
        entry = self.entries.get(path)
        return [entry.versions[n] for n in wanted if entry and n in entry.versions]

    def delete_versions(self, path, _, body):
        for version in self.versions_of(path, body):
            version["deletion_time"] = version["deletion_time"] or now()
        return 204, None

    def undelete(self, path, _, body):
        for version in self.versions_of(path, body):
            if not version["destroyed"]:
                version["deletion_time"] = ""
        return 204, None

    def destroy(self, path, _, body):
        for version in self.versions_of(path, body):
            version["data"], version["destroyed"] = None, True
        return 204, None

    def read_meta(self, path, _, __):
        entry = self.entries.get(path)
        if entry is None:
            raise Refusal(404)
        versions = {
            str(n): {k: v[k] for k in ("created_time", "deletion_time", "destroyed")}
            for n, v in entry.versions.items()
        }
        return 200, envelope(
            {
                "cas_required": entry.cas_required,
                "created_time": entry.created,
                "current_version": entry.current,
                "custom_metadata": entry.custom,
                "delete_version_after": "0s",
                "max_versions": entry.max_versions,
                "oldest_version": entry.oldest,
                "updated_time": entry.updated,
                "versions": versions,
            }
        )

    def write_meta(self, path, _, body):
        unknown = set(body) - {"max_versions", "cas_required", "custom_metadata",
                               "delete_version_after"}
        if unknown:
            raise Refusal(400, f"unexpected fields {sorted(unknown)}")
        entry = self.entries.setdefault(path, Entry())
        entry.cas_required = bool(body.get("cas_required", entry.cas_required))
        entry.custom = body.get("custom_metadata", entry.custom)
        return 204, None

    def delete_meta(self, path, _, __):
        self.entries.pop(path, None)
        return 204, None

    def list(self, path, _, __):
        path = path.rstrip("/") + "/" if path else ""
        rest = [p[len(path):] for p in self.entries if p.startswith(path) and p != path]
        keys = sorted({p.split("/")[0] + ("/" if "/" in p else "") for p in rest})
        if not keys:
            raise Refusal(404)
        return 200, envelope({"keys": keys})

    OPERATIONS = {
        ("GET", "data"): read,
        ("POST", "data"): write,
        ("PUT", "data"): write,
        ("DELETE", "data"): soft_delete,
        ("POST", "delete"): delete_versions,
        ("PUT", "delete"): delete_versions,
        ("POST", "undelete"): undelete,
        ("PUT", "undelete"): undelete,
        ("POST", "destroy"): destroy,
        ("PUT", "destroy"): destroy,
        ("GET", "metadata"): read_meta,
        ("POST", "metadata"): write_meta,
        ("PUT", "metadata"): write_meta,
        ("DELETE", "metadata"): delete_meta,
        ("LIST", "metadata"): list,
    }

    def answer(self, method, path, query, headers, raw):
        """answer - one request below /v1/, checked in the order of the real server"""
        if self.status is not None:
            raise Refusal(self.status, *self.errors)
        if self.sealed:
            raise Refusal(503, "Vault is sealed")
        if (headers.get("X-Vault-Namespace", "") or "").strip("/") != self.namespace:
            raise Refusal(404, f'no handler for route "{path}". route entry not found.')
        if headers.get("X-Vault-Token") is None:
            raise Refusal(403, "permission denied")
        if headers["X-Vault-Token"] != self.token:
            raise Refusal(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
        if not path.startswith(self.mount + "/"):
            raise Refusal(404, f'no handler for route "{path}". route entry not found.')
        operation, _, entry = path[len(self.mount) + 1 :].partition("/")
        if method == "GET" and query.get("list") == ["true"]:
            method = "LIST"
        if not any(op == operation for _, op in self.OPERATIONS):
            raise Refusal(404)
        run = self.OPERATIONS.get((method, operation))
        if run is None:
            raise Refusal(405, "1 error occurred:\n\t* unsupported operation\n\n")
        if method != "LIST" and (not entry or entry.endswith("/")):
            raise Refusal(400, "missing path" if not entry else "path cannot end with '/'")
        if any(part in ("..", ".", "") for part in entry.rstrip("/").split("/") if entry):
            raise Refusal(400, "path contains an empty or relative segment")
        body = self.body(method, headers, raw)
        with self.lock:
            return run(self, entry, query, body)

    @staticmethod
    def body(method, headers, raw):
        """body - JSON, said to be JSON"""
        if method not in ("POST", "PUT"):
            if raw:
                raise Refusal(400, f"a {method} has no body")
            return {}
        if (headers.get("Content-Type") or "").split(";")[0].strip() != "application/json":
            raise Refusal(400, "failed to parse JSON input: unsupported content type")
        try:
            body = json.loads(raw)
        except ValueError as e:
            raise Refusal(400, f"failed to parse JSON input: {e}")
        if not isinstance(body, dict):
            raise Refusal(400, "failed to parse JSON input: not an object")
        return body


def envelope(data):
    return {
        "request_id": "00000000-0000-0000-0000-000000000000",
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": None,
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body):
        raw = b"" if body is None else json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if status != 204:
            self.wfile.write(raw)

    def wait_if_held(self, path, when):
        """wait_if_held - True: the client went away while it was held"""
        bao = self.server.bao
        with bao.lock:
            hold = bao.hold
            if (hold is None or hold["when"] != when or hold["method"] != self.command
                    or not path.startswith(hold["path"])):
                return False
            bao.hold = None
            bao.go.clear()
            bao.holding.set()
        while not bao.go.wait(0.01):
            if select.select([self.connection], [], [], 0)[0]:
                return True
        return False

    def kv(self):
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path[len("/v1/") :])
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BODY:
            return self.send(413, {"errors": ["http: request body too large"]})
        raw = self.rfile.read(size)
        bao = self.server.bao
        if bao.delay:
            time.sleep(bao.delay)
        if self.wait_if_held(path, "before"):
            self.close_connection = True
            return None
        try:
            query = urllib.parse.parse_qs(url.query)
            status, body = bao.answer(self.command, path, query, self.headers, raw)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        with bao.lock:
            bao.log.append({"method": self.command, "path": path, "status": status})
        if self.wait_if_held(path, "after"):
            self.close_connection = True
            return None
        return self.send(status, body)

    def control(self):
        bao = self.server.bao
        what = self.path[len("/control/") :]
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        if what == "state":
            for name, value in body.items():
                if name not in ("sealed", "status", "errors", "token", "delay"):
                    raise KeyError(name)
                setattr(bao, name, value)
        elif what == "hold":
            with bao.lock:
                bao.holding.clear()
                bao.hold = {"method": body["method"], "path": body["path"], "when": body["when"]}
        elif what == "wait":
            if not bao.holding.wait(60):
                return self.send(504, {"errors": ["nothing was held"]})
        elif what == "release":
            bao.go.set()
        elif what == "log":
            with bao.lock:
                return self.send(200, list(bao.log))
        elif what == "entries":
            with bao.lock:
                return self.send(200, {
                    p: e.versions[e.current]["data"] if e.current in e.versions else None
                    for p, e in bao.entries.items()})
        else:
            raise KeyError(what)
        return self.send(200, {})

    def handle_any(self):
        try:
            if self.path.startswith("/control/"):
                self.control()
            elif self.path.startswith("/v1/"):
                self.kv()
            else:
                self.send(404, {"errors": []})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception:
            self.send(500, {"errors": [traceback.format_exc()]})
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_LIST = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128  # 5: a call more at once waits a second for its SYN


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="bao-root-token")
    parser.add_argument("--mount", default="secret")
    parser.add_argument("--namespace", default="")
    args = parser.parse_args()
    parent = os.getppid()
    server = Server(("127.0.0.1", args.port), Handler)
    server.bao = Bao(args.token, args.mount, args.namespace)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

    def orphan():  # it ends with the test that started it
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=orphan, daemon=True).start()
    with open(args.port_file + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(args.port_file + ".new", args.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
