"""Secret backends: plaintext and openbao, their errors, their cache."""

import json
import shutil
import subprocess
import threading
import unittest

from backends import BackendsCase
from gateway import BUILD, PATIENCE, wait_for
from openbao import TOKEN, OpenBao


class Backends(BackendsCase):
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

    def test_a_token_is_not_kept_where_it_would_open_the_door(self):
        secret, _ = self.secret(self.backend(), {"token": "v"})
        config = {"url": self.bao.url, "tokenSecret": {"name": secret, "key": "token"}}
        new = {"name": self.name("bao"), "type": "openbao", "config": config}
        [fault] = self.call("POST", "/api/v1/secretbackends", new, 400).json()["details"]
        self.assertEqual(
            fault,
            {
                "path": "config.tokenSecret.name",
                "message": f"Secret {secret} is kept in an openbao backend itself",
            },
        )

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


class Values(BackendsCase):
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


class Trouble(BackendsCase):
    """OpenBao down, sealed, refusing."""

    ERRORS = (  # state of the server; status and code of a call; status of an admin's write; words
        ({"sealed": True}, 503, "backend_unavailable", 503, "it is sealed or not ready"),
        ({"status": 500, "errors": ["boom"]}, 503, "backend_unavailable", 503, "HTTP 500"),
        ({"status": 429, "errors": []}, 503, "backend_unavailable", 503, "fewer requests"),
        ({"status": 403, "errors": ["permission denied"]}, 500, "key_unresolved", 502,
         "check tokenSecret"),
        ({"status": 400, "errors": [f"bad {TOKEN} token"]}, 500, "key_unresolved", 502,
         "the request was refused"),
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

    def test_an_echo_of_what_is_stored_is_not_told(self):
        llm = self.llm(self.secret(self.backend(), {"key": "sk-stored-canary"})[0])
        for status, call in ((400, 500), (403, 500), (500, 503)):
            self.bao.state(status=status, errors=["can't decode {\"key\":\"sk-stored-canary\"}"])
            error = self.chat(llm, call).json()["error"]
            self.assertIn(f"HTTP {status} to GET", error["message"])
            self.assertNotIn("canary", str(error))
        self.assertNotIn("stored-canary", self.gw.logs())

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

    def test_what_is_stored_but_not_yet_visible_is_not_taken_back_there(self):
        self.assertTrue(shutil.which("strace"), "strace is missing")
        secret, _ = self.secret(self.backend(cacheSeconds=0), {"key": "one"})
        llm = self.llm(secret)
        blind = ("strace", "-qq", "-o", self.gw.dir / "trace", "-e", "trace=renameat",
                 "-e", "inject=renameat:error=EIO")
        done = subprocess.run(
            [*blind, BUILD / "mcpctl", "--db", self.gw.state, "create", "secret", secret,
             "--data", "key=two", "--force"],
            env=self.gw.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE,
        )
        if "ptrace" in done.stderr:
            self.skipTest(f"strace can't trace here: {done.stderr}")
        self.assertIn("stored, not yet visible", done.stderr)
        self.assertEqual(self.bao.entries()[f"mcpd/{secret}"], {"key": "two"})
        self.gw.ctl("create", "user", self.name())  # the next change publishes it
        self.assertEqual(self.call("GET", f"/api/v1/secrets/{secret}").json()["version"], 2)
        self.assertEqual(self.key_sent(llm), "two")

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


class Cache(BackendsCase):
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

if __name__ == "__main__":
    unittest.main()
