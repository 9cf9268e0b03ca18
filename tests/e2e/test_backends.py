"""Secret backends: plaintext and openbao, their errors, their cache; migrations, also ones cut short."""

import fcntl
import itertools
import json
import shutil
import signal
import subprocess
import threading
import time
import unittest

from gateway import BUILD, PATIENCE, GatewayCase, wait_for
from openbao import TOKEN, OpenBao

unique = itertools.count(1)


class Case(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bao = OpenBao(cls.gw)
        cls.gw.create("secrets", name="bao-token", data={"token": TOKEN})

    def setUp(self):
        self.bao.state(sealed=False, status=None, errors=[], token=TOKEN, delay=0)

    def name(self, prefix="s"):
        return f"{prefix}-{next(unique)}"

    def backend(self, **config):
        """backend - an openbao one, with a prefix that no other test has"""
        name = self.name("bao")
        config = {
            "url": self.bao.url,
            "tokenSecret": {"name": "bao-token", "key": "token"},
            "cacheSeconds": 0,
            **config,
        }
        self.gw.create("secretbackends", name=name, type="openbao", config=config)
        return name

    def secret(self, backend, data, name=None, status=201):
        name = name or self.name()
        body = {"name": name, "backend": backend, "data": data}
        return name, self.call("POST", "/api/v1/secrets", body, status)

    def llm(self, secret, key="key", **fields):
        return self.gw.llm("", apiKeyRef={"name": secret, "key": key}, **fields)

    def chat(self, llm, status=200):
        return self.assertStatus(self.gw.chat(llm), status)

    def key_sent(self, llm):
        """key_sent - with which key the provider was called"""
        marker = f"call-{next(unique)}"
        self.assertStatus(self.gw.chat(llm, user=marker), 200)
        _, head, _ = self.gw.recorded(marker)
        line = next(x for x in head.split("\r\n") if x.lower().startswith("authorization:"))
        return line.split(" ", 2)[2]

    def migrate(self, source, target, names=None, status=200, token=""):
        body = {"from": source, "to": target}
        if names is not None:
            body["names"] = names
        return self.call("POST", "/api/v1/secrets/migrate", body, status, token=token).json()


class Backends(Case):
    """The resource, and its rules."""

    def test_a_plaintext_secret_serves_and_is_never_shown(self):
        name = self.name("clear")
        self.gw.create("secretbackends", name=name, type="plaintext")
        secret, answer = self.secret(name, {"key": "sk-plain-canary"})
        self.assertEqual(answer.json()["backend"], name)
        self.assertNotIn("canary", answer.body.decode())
        self.assertEqual(self.key_sent(self.llm(secret)), "sk-plain-canary")
        self.assertIn(b"sk-plain-canary", (self.gw.state / "snapshot").read_bytes())

    def test_what_is_in_use_stays(self):
        backend = self.backend()
        secret, _ = self.secret(backend, {"key": "v"})
        used = self.call("DELETE", f"/api/v1/secretbackends/{backend}", status=409).json()
        self.assertEqual(used["error"], f"SecretBackend in use: {backend} (Secret {secret})")
        token = self.call("DELETE", "/api/v1/secrets/bao-token", status=409).json()
        self.assertIn("Secret in use: bao-token (SecretBackend ", token["error"])
        self.call("DELETE", "/api/v1/secretbackends/sealed", status=409)

    def test_making_a_default_takes_it_from_the_other(self):
        name = self.name("clear")
        self.gw.create("secretbackends", name=name, type="plaintext", default=True)
        every = self.call("GET", "/api/v1/secretbackends").json()
        self.assertEqual([b["name"] for b in every if b["default"]], [name])
        self.call("PUT", "/api/v1/secretbackends/sealed", {"default": True})
        every = self.call("GET", "/api/v1/secretbackends").json()
        self.assertEqual([b["name"] for b in every if b["default"]], ["sealed"])

    def test_where_keys_go_is_for_those_who_may_change_every_secret(self):
        backend = self.backend()
        path = f"/api/v1/secretbackends/{backend}"
        _, token = self.gw.user("edit:secretbackends", "edit:secrets:bao-token")
        _, keeper = self.gw.user("edit:secretbackends", "edit:secrets")
        denied = "permission denied: edit:secrets"
        config = {"url": self.bao.url, "tokenSecret": {"name": "bao-token", "key": "token"}}
        new = {"name": self.name("bao"), "type": "openbao", "config": config}
        answer = self.call("POST", "/api/v1/secretbackends", new, 403, token)
        self.assertEqual(answer.json()["error"], denied)
        for change in (
            {"config": {"url": "http://127.0.0.1:1"}},
            {"config": {"mount": "other"}},
            {"config": {"pathPrefix": "other"}},
            {"config": {"namespace": "other"}},
            {"config": {"tokenSecret": {"name": "bao-token", "key": "other"}}},
            {"default": True},
        ):
            with self.subTest(change):
                answer = self.call("PUT", path, change, 403, token)
                self.assertEqual(answer.json()["error"], denied)
        self.call("PUT", path, {"description": "mine", "config": {"cacheSeconds": 5}}, 200, token)
        clear = {"name": self.name("clear"), "type": "plaintext"}
        self.call("POST", "/api/v1/secretbackends", clear, 201, token)
        self.call("POST", "/api/v1/secretbackends", new, 201, keeper)
        self.call("PUT", path, {"config": {"mount": "other"}}, 200, keeper)


class Values(Case):
    """What lies in OpenBao, and what mcpd makes of it."""

    def test_values_are_in_openbao_and_nowhere_else(self):
        secret, answer = self.secret(self.backend(), {"key": "sk-bao-canary", "b": "2"})
        self.assertEqual(answer.json()["keys"], ["b", "key"])
        self.assertEqual(self.bao.entries()[f"mcpd/{secret}"], {"b": "2", "key": "sk-bao-canary"})
        self.assertEqual(self.key_sent(self.llm(secret)), "sk-bao-canary")
        for path in self.gw.dir.rglob("*"):
            if path.is_file() and self.gw.record not in path.parents:
                data = path.read_bytes()
                self.assertNotIn(b"sk-bao-canary", data, path)
                self.assertNotIn(TOKEN.encode(), data, path)

    def test_update_and_delete_reach_openbao(self):
        secret, answer = self.secret(self.backend(), {"key": "one"})
        path, llm = f"/api/v1/secrets/{secret}", self.llm(secret)
        same = self.call("PUT", path, {"data": {"key": "one"}}).json()
        self.assertEqual(same["version"], 1)
        changed = self.call("PUT", path, {"data": {"key": "two"}}).json()
        self.assertEqual(changed["version"], 2)
        self.assertEqual(self.key_sent(llm), "two")
        self.call("DELETE", path, status=204)
        self.assertNotIn(f"mcpd/{secret}", self.bao.entries())
        self.assertIsNone(self.call("GET", f"/api/v1/llms/{llm}").json()["apiKeyRef"])

    def test_if_match_is_judged_before_openbao_is_touched(self):
        secret, _ = self.secret(self.backend(), {"key": "one"})
        path = f"/api/v1/secrets/{secret}"
        stale = {"If-Match": '"7"'}
        self.call("PUT", path, {"data": {"key": "two"}}, 412, headers=stale)
        self.call("DELETE", path, status=412, headers=stale)
        self.call("PUT", path, {"data": {"k k": "two"}}, 400)
        self.assertEqual(self.bao.entries()[f"mcpd/{secret}"], {"key": "one"})

    def test_mount_prefix_and_namespace_are_where_it_goes(self):
        other = OpenBao(self.gw, mount="team+kv/eu", namespace="org/team")
        try:
            backend = self.backend(
                url=other.url, mount="team+kv/eu", namespace="org/team", pathPrefix="a,b/c%d"
            )
            secret, _ = self.secret(backend, {"key": "here"})
            self.assertEqual(other.entries(), {f"a,b/c%d/{secret}": {"key": "here"}})
            self.assertEqual(self.key_sent(self.llm(secret)), "here")
        finally:
            other.stop()

    def test_what_someone_else_put_there_is_not_overwritten(self):
        name = self.name()
        self.bao.put(name, key="theirs")
        backend = self.backend()
        _, answer = self.secret(backend, {"key": "ours"}, name, 409)
        self.assertIn(f"OpenBao already has other values at secret/data/mcpd/{name}", answer.body.decode())
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "theirs"})
        self.call("GET", f"/api/v1/secrets/{name}", status=404)
        self.secret(backend, {"key": "theirs"}, name)  # one that was cut short, and repeated

    def test_a_name_that_was_deleted_there_can_be_taken_again(self):
        name = self.name()
        self.bao.put(name, key="old")
        self.bao.soft_delete(name)
        self.secret(self.backend(), {"key": "new"}, name)
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "new"})

    def test_describe_shows_values_on_the_store_itself(self):
        secret, _ = self.secret(self.backend(), {"key": "sk-shown"})
        self.assertIn("sk-shown", self.gw.ctl("describe", "secret", secret, "--show-values"))

    def test_apply_makes_backend_token_and_secret_in_one_go(self):
        bao, token, name, sealed = (self.name(n) for n in ("bao", "token", "s", "s"))
        documents = {
            "secretbackends": [{
                "name": bao, "type": "openbao",
                "config": {"url": self.bao.url, "tokenSecret": {"name": token, "key": "t"}},
            }],
            "secrets": [
                {"name": token, "data": {"t": TOKEN}},
                {"name": name, "backend": bao, "data": {"key": "applied"}},
                {"name": sealed, "data": {"key": "v"}},
            ],
        }
        text = json.dumps(documents)
        self.gw.ctl("apply", "-f", "-", "--dry-run", input=text)
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())
        self.gw.ctl("apply", "-f", "-", input=text)
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "applied"})
        llm = self.llm(name)
        self.assertEqual(self.key_sent(llm), "applied")
        self.call("DELETE", f"/api/v1/llms/{llm}", status=204)
        again = self.gw.ctl("apply", "-f", "-", input=text)
        self.assertNotIn("configured", again)
        self.assertNotIn("created", again)
        every = self.call("GET", "/api/v1/secrets").json()
        kept = [dict(s, data=None) for s in every if s["name"] not in (token, name, sealed)]
        for secret in kept:  # what is listed stays; a secret with keys and no data is unchanged
            del secret["data"]
        backends = [b for b in self.call("GET", "/api/v1/secretbackends").json()
                    if b["name"] != bao]
        text = json.dumps({"secretbackends": backends, "secrets": kept})
        done = self.gw.ctl("apply", "-f", "-", "--prune", input=text)
        self.assertIn(f"secretbackend/{bao} deleted", done)
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())

    def test_apply_that_is_refused_by_openbao_changes_nothing(self):
        bao, name, other = self.backend(), self.name(), self.name()
        self.bao.put(other, key="theirs")
        documents = {
            "secrets": [
                {"name": name, "backend": bao, "data": {"key": "v"}},
                {"name": other, "backend": bao, "data": {"key": "v"}},
            ]
        }
        done = self.gw.ctl("apply", "-f", "-", input=json.dumps(documents), check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("already has other values", done.stderr)
        self.call("GET", f"/api/v1/secrets/{name}", status=404)
        self.assertNotIn(f"mcpd/{name}", self.bao.entries(), "what was written is taken back")
        self.assertEqual(self.bao.entries()[f"mcpd/{other}"], {"key": "theirs"})

    def test_mcpctl_writes_there_too(self):
        backend, name = self.backend(), self.name()
        self.gw.ctl("create", "secret", name, "--backend", backend, "--data", "key=from-ctl")
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "from-ctl"})
        self.gw.ctl("delete", "secret", name)
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())


class Trouble(Case):
    """OpenBao down, sealed, refusing."""

    ERRORS = (  # state of the server; status and code of a call; status of an admin's write; words
        ({"sealed": True}, 503, "backend_unavailable", 503, "it is sealed or not ready"),
        ({"status": 500, "errors": ["boom"]}, 503, "backend_unavailable", 503, "HTTP 500"),
        ({"status": 429, "errors": []}, 503, "backend_unavailable", 503, "fewer requests"),
        ({"status": 403, "errors": ["permission denied"]}, 500, "key_unresolved", 502,
         "check tokenSecret"),
        ({"status": 400, "errors": [f"bad {TOKEN} token"]}, 500, "key_unresolved", 502,
         "bad *** token"),
    )

    def test_each_refusal_has_its_status_and_clear_words(self):
        backend = self.backend()
        secret, _ = self.secret(backend, {"key": "v"})
        llm = self.llm(secret)
        for state, status, code, write_status, words in self.ERRORS:
            with self.subTest(state):
                self.setUp()
                self.bao.state(**state)
                _, answer = self.secret(backend, {"key": "sk-echo"}, status=write_status)
                self.assertIn(words, answer.json()["error"])
                self.assertIn(f"SecretBackend {backend}: ", answer.json()["error"])
                # a new version of the backend: nothing old may serve
                self.call("PUT", f"/api/v1/secretbackends/{backend}", {"description": words})
                error = self.chat(llm, status).json()["error"]
                self.assertEqual(error["code"], code)
                self.assertIn(words, error["message"])
                self.assertNotIn(TOKEN, error["message"])

    def test_an_echo_of_the_values_is_scrubbed(self):
        self.bao.state(status=400, errors=["no: {\"key\":\"sk-echo-canary\"}"])
        _, answer = self.secret(self.backend(), {"key": "sk-echo-canary"}, status=502)
        self.assertIn("***", answer.body.decode())
        self.assertNotIn("canary", answer.body.decode())

    def test_no_connection_is_503(self):
        backend = self.backend(url="http://127.0.0.1:1")
        _, answer = self.secret(backend, {"key": "v"}, status=503)
        self.assertIn("OpenBao can't be used: connection refused by", answer.json()["error"])

    def test_an_engine_of_another_mount_or_namespace_is_named(self):
        for config in ({"mount": "kv"}, {"namespace": "nowhere"}):
            with self.subTest(config):
                _, answer = self.secret(self.backend(**config), {"key": "v"}, status=502)
                self.assertIn("no KV engine is there: check mount and namespace", answer.body.decode())

    def test_a_failed_write_leaves_no_record_and_a_failed_delete_keeps_it(self):
        backend = self.backend()
        kept, _ = self.secret(backend, {"key": "v"})
        self.bao.state(sealed=True)
        name, _ = self.secret(backend, {"key": "v"}, status=503)
        self.call("GET", f"/api/v1/secrets/{name}", status=404)
        self.call("DELETE", f"/api/v1/secrets/{kept}", status=503)
        self.call("PUT", f"/api/v1/secrets/{kept}", {"data": {"key": "w"}}, 503)
        self.bao.state(sealed=False)
        self.assertEqual(self.key_sent(self.llm(kept)), "v")

    def test_a_key_that_is_missing_there_is_500_and_says_what_to_do(self):
        secret, _ = self.secret(self.backend(), {"key": "v"})
        llm = self.llm(secret)
        self.bao.put(secret, other="v")
        error = self.chat(llm, 500).json()["error"]
        self.assertIn(f"secret '{secret}' has no key 'key'", error["message"])
        self.bao.soft_delete(secret)
        error = self.chat(llm, 500).json()["error"]
        self.assertEqual(error["code"], "key_unresolved")
        self.assertIn(f"secret/data/mcpd/{secret} was deleted in OpenBao at 20", error["message"])
        self.call("PUT", f"/api/v1/secrets/{secret}", {"data": {"key": "again"}})
        self.assertEqual(self.key_sent(llm), "again")


class Cache(Case):
    options = {"workers": 1}

    def reads(self, secret):
        return sum(
            e["method"] == "GET" and e["path"].endswith(f"/{secret}") for e in self.bao.log()
        )

    def test_a_fresh_value_is_not_asked_for_again(self):
        secret, _ = self.secret(self.backend(cacheSeconds=300), {"key": "v"})
        llm = self.llm(secret)
        self.chat(llm)
        before = self.reads(secret)
        for _ in range(5):
            self.chat(llm)
        self.assertEqual(self.reads(secret), before)

    def test_a_change_by_way_of_mcpd_is_seen_at_once(self):
        secret, _ = self.secret(self.backend(cacheSeconds=300), {"key": "one"})
        llm = self.llm(secret)
        self.assertEqual(self.key_sent(llm), "one")
        self.gw.ctl("create", "secret", secret, "--data", "key=two", "--force")
        self.assertEqual(self.key_sent(llm), "two")

    def test_while_openbao_is_down_the_last_good_value_serves(self):
        secret, _ = self.secret(self.backend(cacheSeconds=0, staleSeconds=300), {"key": "v"})
        llm = self.llm(secret)
        self.chat(llm)
        for state in ({"sealed": True}, {"status": 429}, {"status": 502}):
            self.setUp()
            self.bao.state(**state)
            self.assertEqual(self.key_sent(llm), "v", state)

    def test_it_serves_no_longer_than_stale_seconds(self):
        secret, _ = self.secret(self.backend(cacheSeconds=0, staleSeconds=1), {"key": "v"})
        llm = self.llm(secret)
        self.chat(llm)
        self.bao.state(sealed=True)
        wait_for("the end of the old value", lambda: self.gw.chat(llm).status == 503)

    def test_403_and_404_drop_it_at_once(self):
        for drop in ({"status": 403}, {"status": 404, "errors": []}):
            secret, _ = self.secret(self.backend(cacheSeconds=0), {"key": "v"})
            llm = self.llm(secret)
            self.chat(llm)
            self.bao.state(**drop)
            self.chat(llm, 500)
            self.bao.state(status=None, errors=[], sealed=True)
            self.chat(llm, 503)  # nothing is left that could serve
            self.bao.state(sealed=False)
            self.assertEqual(self.key_sent(llm), "v")

    def test_many_callers_make_one_fetch(self):
        secret, _ = self.secret(self.backend(cacheSeconds=300), {"key": "v"})
        llm = self.llm(secret)
        before = self.reads(secret)
        self.bao.hold("GET", f"secret/data/mcpd/{secret}", "before")
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(self.gw.chat(llm).status))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        self.bao.control("wait")
        self.bao.control("release")
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(results, [200] * 4)
        self.assertEqual(self.reads(secret), before + 1)


class Migrate(Case):
    def test_there_and_back_again(self):
        bao, name = self.backend(), self.name()
        self.secret("sealed", {"key": "sk-moved", "b": "\u00e4\n"}, name)
        llm = self.llm(name)
        self.assertEqual(self.migrate("sealed", bao, [name]), {"migrated": [name], "failed": []})
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "sk-moved", "b": "\u00e4\n"})
        self.assertEqual(self.call("GET", f"/api/v1/secrets/{name}").json()["backend"], bao)
        self.assertEqual(self.key_sent(llm), "sk-moved")
        self.assertEqual(self.migrate(bao, "sealed"), {"migrated": [name], "failed": []})
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())
        self.assertEqual(self.key_sent(llm), "sk-moved")
        self.call("DELETE", f"/api/v1/secretbackends/{bao}", status=204)

    def test_from_one_openbao_to_another_and_to_plaintext(self):
        one, two = self.backend(), self.backend(pathPrefix="two")
        clear = self.name("clear")
        self.gw.create("secretbackends", name=clear, type="plaintext")
        names = sorted(self.secret(one, {"key": f"v{i}"})[0] for i in range(3))
        self.assertEqual(self.migrate(one, two)["migrated"], names)
        self.assertEqual(
            {p for p in self.bao.entries() if p.split("/")[1] in names}, {f"two/{n}" for n in names}
        )
        self.assertEqual(self.migrate(two, clear)["migrated"], names)
        self.assertEqual(self.key_sent(self.llm(names[2])), "v2")
        self.assertEqual(self.migrate(clear, "sealed")["migrated"], names)

    def test_a_migration_that_is_wrong_says_everything_that_is(self):
        body = {"from": "nowhere", "names": ["a", 1], "all": True}
        answer = self.call("POST", "/api/v1/secrets/migrate", body, 400).json()
        self.assertEqual(
            {d["path"]: d["message"] for d in answer["details"]},
            {
                "from": "SecretBackend not found: nowhere",
                "to": "is required",
                "names[1]": "must be a string",
                "all": "unknown field",
            },
        )
        self.migrate("sealed", "sealed", status=400)

    def test_it_takes_the_operation_and_the_right_to_edit_each(self):
        bao = self.backend()
        one, two = self.secret("sealed", {"key": "1"})[0], self.secret("sealed", {"key": "2"})[0]
        _, token = self.gw.user("edit:secrets")
        refused = self.migrate("sealed", bao, [one], 403, token)
        self.assertEqual(refused["error"], "permission denied: run:migrate-secrets")
        name, token = self.gw.user(f"edit:secrets:{one}")
        self.gw.create(
            "rbac", name=self.name("rbac"), subjects=[{"kind": "User", "name": name}],
            roleBindings=[{"role": "run", "action": "migrate-secrets"}],
        )
        refused = self.migrate("sealed", bao, [one, two], 403, token)
        self.assertEqual(refused["error"], f"permission denied: edit:secrets:{two}")
        self.assertNotIn(f"mcpd/{one}", self.bao.entries())
        self.assertEqual(self.migrate("sealed", bao, [one], token=token)["migrated"], [one])

    def test_what_fails_is_named_and_the_rest_goes_on(self):
        bao = self.backend()
        taken, free = self.secret("sealed", {"key": "1"})[0], self.secret("sealed", {"key": "2"})[0]
        self.bao.put(taken, key="theirs")
        result = self.migrate("sealed", bao, [taken, "missing", "bao-token", free])
        self.assertEqual(result["migrated"], [free])
        words = {f["name"]: f["error"] for f in result["failed"]}
        self.assertIn("already has other values", words[taken])
        self.assertEqual(words["missing"], "Secret not found: missing")
        self.assertIn("it holds the token of SecretBackend", words["bao-token"])
        self.assertEqual(self.bao.entries()[f"mcpd/{taken}"], {"key": "theirs"})

    def test_a_line_of_audit_each(self):
        name = self.secret("sealed", {"key": "1"})[0]
        self.migrate("sealed", self.backend(), [name])
        lines = [
            json.loads(line)
            for path in self.gw.state.glob("audit-*.log")
            for line in path.read_text().splitlines()
        ]
        self.assertEqual(
            [x["action"] for x in lines if x.get("name") == name], ["create", "migrate"]
        )

    def test_mcpctl_migrates_with_a_line_an_object(self):
        bao = self.backend()
        names = sorted(self.secret(bao, {"key": "v"})[0] for _ in range(2))
        self.assertEqual(
            self.gw.ctl("migrate", "secrets", "--from", bao, "--to", "sealed"),
            "".join(f"secret/{n} migrated\n" for n in names),
        )
        done = self.gw.ctl("migrate", "secrets", "--from", bao, "--to", "sealed", "x", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "mcpctl: secret 'x' not found\n")


    def test_mcpctl_migrates_over_http_too(self):
        bao, name = self.backend(), self.name()
        self.secret("sealed", {"key": "v"}, name)
        env = {**self.gw.env, "MCPD_URL": f"http://127.0.0.1:{self.gw.port}",
               "MCPD_TOKEN": self.gw.token}
        done = subprocess.run(
            [BUILD / "mcpctl", "migrate", "secrets", "--from", "sealed", "--to", bao, name, "x"],
            capture_output=True, text=True, env=env, timeout=PATIENCE,
        )
        self.assertEqual(done.stdout, f"secret/{name} migrated\n")
        self.assertEqual(done.stderr, "mcpctl: secret 'x' not found\n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "v"})


class CutShort(Case):
    """mcpctl killed where a step waits on OpenBao; then run again."""

    def killed(self, *argv, hold, when):
        """killed - mcpctl, while the request (method, path) waits at the server"""
        self.bao.hold(*hold, when)
        child = subprocess.Popen(
            [BUILD / "mcpctl", "--db", self.gw.state, *argv],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.gw.env,
        )
        self.bao.control("wait")
        child.send_signal(signal.SIGKILL)
        self.assertEqual(child.wait(PATIENCE), -signal.SIGKILL)

    def holds(self, path, *methods):
        return [((m, p + path), when) for m, p in methods for when in ("before", "after")]

    def test_a_create_can_be_repeated(self):
        backend = self.backend()
        for method in ("POST", "GET"):
            for when in ("before", "after"):
                with self.subTest(method=method, when=when):
                    name = self.name()
                    argv = ("create", "secret", name, "--backend", backend, "--data", "key=v")
                    self.killed(*argv, hold=(method, f"secret/data/mcpd/{name}"), when=when)
                    self.call("GET", f"/api/v1/secrets/{name}", status=404)
                    self.gw.ctl(*argv)
                    self.assertEqual(self.key_sent(self.llm(name)), "v")

    def test_an_update_can_be_repeated(self):
        backend = self.backend()
        for method in ("GET", "POST"):
            for when in ("before", "after"):
                with self.subTest(method=method, when=when):
                    name, _ = self.secret(backend, {"key": "old"})
                    argv = ("create", "secret", name, "--force", "--data", "key=new")
                    self.killed(*argv, hold=(method, f"secret/data/mcpd/{name}"), when=when)
                    self.assertIn(self.key_sent(self.llm(name)), ("old", "new"))
                    self.gw.ctl(*argv)
                    self.assertEqual(self.key_sent(self.llm(name)), "new")

    def test_a_delete_can_be_repeated(self):
        backend = self.backend()
        for when in ("before", "after"):
            with self.subTest(when=when):
                name, _ = self.secret(backend, {"key": "v"})
                llm = self.llm(name)
                argv = ("delete", "secret", name, "--force")
                self.killed(*argv, hold=("DELETE", f"secret/metadata/mcpd/{name}"), when=when)
                if when == "after":
                    error = self.chat(llm, 500).json()["error"]
                    self.assertIn("OpenBao has nothing at", error["message"])
                self.gw.ctl(*argv)
                self.assertNotIn(f"mcpd/{name}", self.bao.entries())

    def migrations(self, source, target, holds):
        """migrations - killed at each place, with the key there at every moment, and run again"""
        for hold, path, when in holds:
            with self.subTest(hold=hold, when=when):
                name, _ = self.secret(source, {"key": "sk-one"})
                llm = self.llm(name)
                argv = ("migrate", "secrets", "--from", source, "--to", target)
                self.killed(*argv, name, hold=(hold, path + name), when=when)
                self.assertEqual(self.key_sent(llm), "sk-one")
                self.gw.ctl(*argv)
                self.assertEqual(self.key_sent(llm), "sk-one")
                self.assertEqual(self.call("GET", f"/api/v1/secrets/{name}").json()["backend"], target)
                yield name

    def test_into_openbao(self):
        clear = self.name("clear")
        self.gw.create("secretbackends", name=clear, type="plaintext")
        bao, data = self.backend(), "secret/data/mcpd/"
        places = [(m, data, w) for m in ("GET", "POST") for w in ("before", "after")]
        for name in self.migrations(clear, bao, places):
            self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "sk-one"})

    def test_out_of_openbao(self):
        clear = self.name("clear")
        self.gw.create("secretbackends", name=clear, type="plaintext")
        bao = self.backend()
        places = [
            (m, p, w)
            for m, p in (("GET", "secret/data/mcpd/"), ("DELETE", "secret/metadata/mcpd/"))
            for w in ("before", "after")
        ]
        for name in self.migrations(bao, clear, places):
            self.assertNotIn(f"mcpd/{name}", self.bao.entries())
        self.call("DELETE", f"/api/v1/secretbackends/{bao}", status=204)  # no copy is noted

    def test_values_that_changed_after_the_kill_are_the_ones_that_arrive(self):
        clear = self.name("clear")
        self.gw.create("secretbackends", name=clear, type="plaintext")
        bao = self.backend()
        name, _ = self.secret(clear, {"key": "sk-one"})
        argv = ("migrate", "secrets", "--from", clear, "--to", bao)
        self.killed(*argv, name, hold=("POST", f"secret/data/mcpd/{name}"), when="after")
        self.call("PUT", f"/api/v1/secrets/{name}", {"data": {"key": "sk-two"}})
        self.gw.ctl(*argv)
        self.assertEqual(self.key_sent(self.llm(name)), "sk-two")

    def test_a_copy_is_not_dropped_while_another_migration_makes_it_the_values(self):
        clear = self.name("clear")
        self.gw.create("secretbackends", name=clear, type="plaintext")
        bao = self.backend()
        name, _ = self.secret("sealed", {"key": "sk-one"})
        there = ("migrate", "secrets", "--from", "sealed", "--to", bao, name)
        self.killed(*there, hold=("POST", f"secret/data/mcpd/{name}"), when="after")
        self.bao.hold("DELETE", f"secret/metadata/mcpd/{name}", "before")
        elsewhere = threading.Thread(
            target=self.gw.ctl, args=("migrate", "secrets", "--from", "sealed", "--to", clear, name)
        )
        elsewhere.start()
        self.bao.control("wait")
        other = threading.Thread(target=self.gw.ctl, args=there, kwargs={"check": False})
        other.start()
        other.join(1)  # it must wait: were it done now, the held request would delete its values
        self.bao.control("release")
        elsewhere.join(PATIENCE)
        other.join(PATIENCE)
        self.assertEqual(self.key_sent(self.llm(name)), "sk-one")

    def test_an_old_copy_is_deleted_before_its_secret_comes_back(self):
        """A delete that was given up may yet be carried out: it must find the old copy, or nothing."""
        bao = self.backend()
        name, _ = self.secret(bao, {"key": "sk-one"})
        away = ("migrate", "secrets", "--from", bao, "--to", "sealed", name)
        self.killed(*away, hold=("DELETE", f"secret/metadata/mcpd/{name}"), when="before")
        before = len(self.bao.log())
        self.gw.ctl("migrate", "secrets", "--from", "sealed", "--to", bao, name)
        seen = [r["method"] for r in self.bao.log()[before:] if r["path"].endswith(f"/mcpd/{name}")]
        self.assertLess(seen.index("DELETE"), seen.index("POST"))
        self.assertEqual(self.key_sent(self.llm(name)), "sk-one")

    def test_half_a_migration_survives_backup_and_restore(self):
        bao, place = self.backend(), self.gw.dir / "restored"
        name, _ = self.secret("sealed", {"key": "sk-one"})
        there = ("migrate", "secrets", "--from", "sealed", "--to", bao, name)
        self.killed(*there, hold=("POST", f"secret/data/mcpd/{name}"), when="after")
        place.mkdir()
        told = self.gw.ctl("backup", "-f", place / "backup", check=False).stderr
        self.assertRegex(told, r"Not in it: the values of \d+ secrets? in openbao backends.")
        shutil.copy2(self.gw.home / "mcpd.key", place)

        def ctl(*args):
            command = [BUILD / "mcpctl", "--db", place / "state", *args]
            return subprocess.run(command, env=self.gw.env, capture_output=True, text=True, check=True).stdout

        ctl("restore", "-f", place / "backup")
        ctl("rekey")
        ctl(*there)
        self.assertIn("sk-one", ctl("describe", "secret", name, "--show-values"))
        self.assertIn(f"mcpd/{name}", self.bao.entries())
        ctl("migrate", "secrets", "--from", bao, "--to", "sealed", name)
        self.assertIn("sk-one", ctl("describe", "secret", name, "--show-values"))
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())

    def test_a_delete_takes_half_a_copy_along(self):
        bao = self.backend()
        name, _ = self.secret("sealed", {"key": "sk-one"})
        argv = ("migrate", "secrets", "--from", "sealed", "--to", bao, name)
        self.killed(*argv, hold=("POST", f"secret/data/mcpd/{name}"), when="after")
        self.assertIn(f"mcpd/{name}", self.bao.entries())
        self.call("DELETE", f"/api/v1/secretbackends/{bao}", status=409)
        self.call("DELETE", f"/api/v1/secrets/{name}", status=204)
        self.assertNotIn(f"mcpd/{name}", self.bao.entries())


class Meanwhile(Case):
    """Others change a secret while it is moved."""

    def test_an_answer_that_is_lost_is_made_good_by_the_same_request(self):
        bao, name = self.backend(), self.name()
        body = {"name": name, "backend": bao, "data": {"key": "v"}}
        self.bao.hold("POST", f"secret/data/mcpd/{name}", "after")
        answer = self.call("POST", "/api/v1/secrets", body, 503)
        self.assertIn("in 5000 ms", answer.json()["error"])
        self.bao.control("release")
        self.call("POST", "/api/v1/secrets", body, 201)
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "v"})

    def test_what_an_operator_wrote_into_a_create_is_not_taken_back(self):
        bao, name = self.backend(), self.name()
        where = f"secret/data/mcpd/{name}"
        self.bao.hold("POST", where, "after")
        answers = []
        body = {"name": name, "backend": bao, "data": {"key": "v"}}
        thread = threading.Thread(
            target=lambda: answers.append(self.gw.request("POST", "/api/v1/secrets", body))
        )
        thread.start()
        self.bao.control("wait")
        self.bao.put(name, key="theirs")
        self.bao.control("release")
        thread.join(PATIENCE)
        self.assertStatus(answers[0], 502)
        self.assertIn("other values back", answers[0].json()["error"])
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "theirs"})

    def start_migrate(self, source, target, name, hold, when):
        self.bao.hold(*hold, when)
        result = []
        thread = threading.Thread(
            target=lambda: result.append(self.migrate(source, target, [name]))
        )
        thread.start()
        self.bao.control("wait")
        return thread, result

    def test_the_newer_value_of_the_store_is_moved(self):
        bao = self.backend()
        for method, when in (("POST", "before"), ("POST", "after"), ("GET", "after")):
            with self.subTest(method=method, when=when):
                name, _ = self.secret("sealed", {"key": "old"})
                where = (method, f"secret/data/mcpd/{name}")
                thread, result = self.start_migrate("sealed", bao, name, where, when)
                self.call("PUT", f"/api/v1/secrets/{name}", {"data": {"key": "new"}})
                self.bao.control("release")
                thread.join(PATIENCE)
                self.assertEqual(result, [{"migrated": [name], "failed": []}])
                self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "new"})

    def test_a_newer_value_in_openbao_is_never_deleted(self):
        bao = self.backend()
        name, _ = self.secret(bao, {"key": "old"})
        where = ("GET", f"secret/data/mcpd/{name}")
        thread, result = self.start_migrate(bao, "sealed", name, where, "after")
        self.bao.put(name, key="new")
        self.bao.control("release")
        thread.join(PATIENCE)
        self.assertEqual(result[0]["migrated"], [])
        self.assertIn("its old copy in OpenBao was changed there", result[0]["failed"][0]["error"])
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "new"})

    def test_a_write_by_way_of_mcpd_waits_and_goes_where_the_secret_is_then(self):
        bao = self.backend()
        name, _ = self.secret(bao, {"key": "old"})
        where = ("DELETE", f"secret/metadata/mcpd/{name}")
        thread, result = self.start_migrate(bao, "sealed", name, where, "before")
        put = threading.Thread(
            target=lambda: self.call(
                "PUT", f"/api/v1/secrets/{name}", {"data": {"key": "new"}}
            )
        )
        put.start()
        self.bao.control("release")
        put.join(PATIENCE)
        thread.join(PATIENCE)
        self.assertEqual(result, [{"migrated": [name], "failed": []}])
        self.assertEqual(self.key_sent(self.llm(name)), "new")

    def test_one_change_at_openbao_at_a_time(self):
        bao, name = self.backend(), self.name()
        with open(self.gw.state / ".outside", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            child = subprocess.Popen(
                [BUILD / "mcpctl", "--db", self.gw.state, "create", "secret", name, "--backend",
                 bao, "--data", "key=v"],
                stdout=subprocess.DEVNULL, env=self.gw.env,
            )
            with self.assertRaises(subprocess.TimeoutExpired):
                child.wait(1)
            self.assertNotIn(f"secret/data/mcpd/{name}", [e["path"] for e in self.bao.log()])
            self.secret("sealed", {"key": "v"})  # others don't wait
        self.assertEqual(child.wait(PATIENCE), 0)
        self.assertEqual(self.bao.entries()[f"mcpd/{name}"], {"key": "v"})

    def test_a_reader_never_waits_for_a_change_at_openbao(self):
        bao = self.backend()
        self.bao.hold("POST", "secret/data/mcpd/", "before")
        thread = threading.Thread(target=lambda: self.secret(bao, {"key": "v"}))
        thread.start()
        self.bao.control("wait")
        began = time.monotonic()
        self.call("GET", "/api/v1/secrets")
        self.secret("sealed", {"key": "v"})
        self.assertLess(time.monotonic() - began, 3)  # the held call may take 5
        self.bao.control("release")
        thread.join(PATIENCE)


if __name__ == "__main__":
    unittest.main()
