"""Changes that go through OpenBao: migrations, and changes that are cut short or meet another."""

import fcntl
import json
import shutil
import signal
import subprocess
import threading
import unittest

from backends import BackendsCase
from gateway import BUILD, PATIENCE, wait_for


class Migrate(BackendsCase):
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


class CutShort(BackendsCase):
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


class Meanwhile(BackendsCase):
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

        def none_waits():
            self.bao.hold("POST", "secret/data/mcpd/", "before")
            body = {"name": self.name(), "backend": bao, "data": {"key": "v"}}
            thread = threading.Thread(
                target=lambda: self.gw.request("POST", "/api/v1/secrets", body)
            )
            thread.start()
            self.bao.control("wait")
            self.call("GET", "/api/v1/secrets")
            self.secret("sealed", {"key": "v"})
            held = thread.is_alive()
            self.bao.control("release")
            thread.join(PATIENCE)
            return held

        # mcpd gives up the held call after 5 s: who was slower than that did not wait for its end
        wait_for("an answer beside the held call", none_waits)

if __name__ == "__main__":
    unittest.main()
