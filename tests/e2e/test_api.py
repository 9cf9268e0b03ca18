"""The catalogue over HTTP: API.md 2, behind lighttpd and a pool."""

import http.client
import json
import unittest

from gateway import GatewayCase, LLM

OTHERS = ("secrets", "secretbackends", "users", "groups", "rbac", "mcptokens")


class Case(GatewayCase):
    options = {"config": ("max_body: 262144",)}

    def paths(self, answer):
        """paths - the fields that a 400 names"""
        body = answer.json()
        self.assertIsInstance(body["error"], str)
        for fault in body["details"]:
            self.assertEqual(set(fault), {"path", "message"})
            self.assertTrue(fault["message"], fault)
        return {fault["path"] for fault in body["details"]}


class Objects(Case):
    """Create, read, change and delete."""

    def test_a_new_llm_has_every_default_and_says_where_it_is(self):
        name = self.unused_name()
        answer = self.call("POST", "/api/v1/llms", {"name": name, **LLM}, 201)
        llm = answer.json()
        self.assertRegex(llm.pop("id"), r"^c[0-9a-z]{24}$")
        for field in ("createdAt", "updatedAt"):
            self.assertRegex(llm.pop(field), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(
            llm,
            {
                "name": name,
                "type": "openai",
                "model": "gpt-4o",
                "version": 1,
                "tier": "fast",
                "url": "",
                "description": "",
                "enabled": True,
                "aliases": [],
                "apiKeyRef": None,
                "extraConfig": {},
            },
        )
        where = answer.headers["Location"]
        self.assertEqual(self.call("GET", where[where.index("/api/v1") :]).json()["name"], name)

    def test_an_object_is_found_by_id_and_by_name(self):
        llm = self.make_llm()
        self.assertEqual(self.call("GET", f"/api/v1/llms/{llm['id']}").json(), llm)
        self.assertEqual(self.call("GET", f"/api/v1/llms/{llm['name']}").json(), llm)

    def test_a_list_is_a_bare_array_ordered_by_name_and_can_be_filtered(self):
        first = self.make_llm(tier="heavy")
        self.make_llm(type="vllm", url="http://127.0.0.1:9")
        every = self.call("GET", "/api/v1/llms").json()
        names = [llm["name"] for llm in every]
        self.assertEqual(names, sorted(names))
        heavy = self.call("GET", "/api/v1/llms?tier=heavy&type=openai").json()
        self.assertIn(first["name"], [llm["name"] for llm in heavy])
        self.assertTrue(all(x["tier"] == "heavy" and x["type"] == "openai" for x in heavy), heavy)

    def test_a_filter_that_is_none_is_an_error_and_not_a_longer_list(self):
        fast = self.make_llm()["name"]
        for path, words in (
            ("llms?teir=heavy", "unknown parameter: teir"),
            ("llms?tier=heavy&name=x", "unknown parameter: name"),
            ("llms?tier=heavy&tier=fast", "tier is given twice"),
            ("llms?tier=Heavy", "tier must be fast or heavy"),
            (
                "llms?type=gemini",
                "type must be anthropic, openai, deepseek, vllm, ollama or gemini-cli",
            ),
            *((f"{kind}?tier=fast", "unknown parameter: tier") for kind in OTHERS),
        ):
            answer = self.call("GET", f"/api/v1/{path}", status=400)
            self.assertEqual(answer.json(), {"error": words}, path)
        listed = self.call("GET", "/api/v1/llms?tier=&type=&").json()  # none is given
        self.assertIn(fast, [llm["name"] for llm in listed])
        # whoever may see none of it is told nothing else
        _, token = self.gw.user("view:users")
        self.call("GET", "/api/v1/llms?teir=heavy", status=403, token=token)

    def test_a_put_changes_what_it_names_and_nothing_else(self):
        llm = self.make_llm(description="before", extraConfig={"maxTokens": 5, "mine": {"a": [1]}})
        path = f"/api/v1/llms/{llm['name']}"
        after = self.call("PUT", path, {"model": "gpt-5", "extraConfig": {"mine": 2}}).json()
        self.assertEqual(
            (after["model"], after["description"], after["version"]), ("gpt-5", "before", 2)
        )
        self.assertEqual(after["extraConfig"], {"mine": 2})
        self.assertEqual(after["createdAt"], llm["createdAt"])
        self.assertEqual(self.call("GET", path).json(), after)

    def test_a_put_that_changes_nothing_leaves_the_version(self):
        llm = self.make_llm()
        self.assertEqual(self.call("PUT", f"/api/v1/llms/{llm['name']}", llm).json(), llm)

    def test_a_deleted_object_is_gone(self):
        llm = self.make_llm()
        path = f"/api/v1/llms/{llm['name']}"
        self.assertEqual(self.call("DELETE", path, status=204).body, b"")
        answer = self.call("GET", path, status=404)
        self.assertEqual(answer.json(), {"error": f"Llm not found: {llm['name']}"})
        self.call("DELETE", path, status=404)

    def test_a_taken_name_is_409(self):
        llm = self.make_llm()
        answer = self.call("POST", "/api/v1/llms", {**LLM, "name": llm["name"]}, 409)
        self.assertEqual(answer.json(), {"error": f"Llm already exists: {llm['name']}"})

    def test_an_alias_is_one_llms_only(self):
        alias = self.unused_name()
        self.make_llm(aliases=[alias, "vendor/model:7b"])
        self.call("POST", "/api/v1/llms", {**LLM, "name": self.unused_name(), "aliases": [alias]}, 409)

    def test_if_match_guards_a_change(self):
        llm = self.make_llm()
        path = f"/api/v1/llms/{llm['name']}"
        self.assertEqual(self.call("GET", path).headers["ETag"], '"1"')
        self.call("PUT", path, {"model": "b"}, 412, headers={"If-Match": '"7"'})
        self.call("DELETE", path, status=412, headers={"If-Match": "2"})
        self.call("PUT", path, {"model": "b"}, headers={"If-Match": '"1"'})
        self.call("PUT", path, {"model": "c"}, headers={"If-Match": "*"})
        answer = self.call("PUT", path, {"model": "d"}, headers={"If-Match": "3"})
        self.assertEqual(answer.headers["ETag"], '"4"')

    def test_head_is_get_without_a_body(self):
        llm = self.make_llm()
        got = self.call("GET", f"/api/v1/llms/{llm['name']}")
        head = self.call("HEAD", f"/api/v1/llms/{llm['name']}")
        self.assertEqual(head.body, b"")
        self.assertEqual(head.headers["ETag"], got.headers["ETag"])
        self.assertEqual(head.headers["Content-Type"], got.headers["Content-Type"])

    def test_every_answer_is_json_that_no_browser_guesses_about(self):
        for path, status in (("/api/v1/llms", 200), ("/api/v1/llms/none", 404), ("/healthz", 200)):
            answer = self.call(
                "GET", path, status=status, headers={"Origin": "http://evil.example"}
            )
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers.get_content_type(), "application/json")
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])


class Faults(Case):
    """What is wrong with a request is said in full, and in the right order."""

    def test_a_400_names_every_fault(self):
        answer = self.call(
            "POST",
            "/api/v1/llms",
            {
                "name": "Not A Name",
                "type": "nonesuch",
                "tier": "slow",
                "url": "ftp://x",
                "bogus": 1,
                "enabled": "yes",
                "aliases": "a",
            },
            400,
        )
        self.assertEqual(
            self.paths(answer),
            {"name", "type", "tier", "url", "bogus", "enabled", "aliases", "model"},
        )

    def test_settings_with_a_meaning_are_checked(self):
        cases = {
            "extraConfig.idleTimeoutMs": {"idleTimeoutMs": "soon"},
            "extraConfig.headers": {"headers": {"Host": "x"}},
            "extraConfig.models": {"models": "gpt-4o"},
            "extraConfig.allowPrivateUrl": {"allowPrivateUrl": 1},
            "extraConfig.thinking": {"thinking": "deep"},
            "extraConfig": [],
        }
        for path, extra in cases.items():
            answer = self.call(
                "POST", "/api/v1/llms", {**LLM, "name": self.unused_name(), "extraConfig": extra}, 400
            )
            self.assertTrue(any(p.startswith(path) for p in self.paths(answer)), answer)

    def test_bad_urls(self):
        for url in (
            "gopher://x",
            "https://user:pw@x",
            "https://x?a=b",
            "https://x#f",
            "//x",
            "x",
            "http://127.0.0.1:1",
            "http://localhost",
            "http://169.254.169.254",
        ):
            answer = self.call(
                "POST", "/api/v1/llms", {**LLM, "name": self.unused_name(), "url": url}, 400
            )
            self.assertEqual(self.paths(answer), {"url"}, url)

    def test_metadata_addresses_are_never_allowed(self):
        answer = self.call(
            "POST",
            "/api/v1/llms",
            {
                **LLM,
                "name": self.unused_name(),
                "url": "http://169.254.169.254",
                "extraConfig": {"allowPrivateUrl": True},
            },
            400,
        )
        self.assertEqual(self.paths(answer), {"url"})

    def test_type_and_name_stay(self):
        llm = self.make_llm()
        path = f"/api/v1/llms/{llm['name']}"
        self.assertEqual(self.paths(self.call("PUT", path, {"type": "vllm"}, 400)), {"type"})
        self.assertEqual(self.paths(self.call("PUT", path, {"name": self.unused_name()}, 400)), {"name"})

    def test_what_a_get_gave_can_be_put_back(self):
        secret = self.call(
            "POST", "/api/v1/secrets", {"name": self.unused_name(), "data": {"a": "b"}}, 201
        )
        self.call("PUT", f"/api/v1/secrets/{secret.json()['name']}", secret.json())

    def test_a_reference_to_a_missing_secret_names_it(self):
        answer = self.call(
            "POST",
            "/api/v1/llms",
            {**LLM, "name": self.unused_name(), "apiKeyRef": {"name": "nowhere", "key": "k"}},
            400,
        )
        self.assertIn("nowhere", answer.body.decode())
        self.assertTrue(any(p.startswith("apiKeyRef") for p in self.paths(answer)))

    def test_bad_json_says_where(self):
        for body in (
            b"{",
            b'{"name": }',
            b'{"a":1}x',
            b"[]",
            b'"x"',
            b"",
            b'{"name":"a\xff"}',
            b'{"name":"a","name":"b"}',
            b'{"name":"a\\u0000b","type":"openai","model":"m"}',
            b'{"name":"a", "type":01}',
            b"[" * 500 + b"]" * 500,
        ):
            answer = self.call("POST", "/api/v1/llms", body, 400)
            self.assertTrue(answer.json()["error"], body)

    def test_only_json_is_taken(self):
        body = json.dumps({**LLM, "name": self.unused_name()})
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
            self.call("POST", "/api/v1/llms", body, 415, headers={"Content-Type": kind})
        self.call(
            "POST",
            "/api/v1/llms",
            body,
            201,
            headers={"Content-Type": "Application/JSON; charset=utf-8"},
        )

    def test_a_body_over_the_limit_is_413(self):
        big = {**LLM, "name": self.unused_name(), "description": "x" * 300000}
        self.assertTrue(self.call("POST", "/api/v1/llms", big, 413).json()["error"])

    def test_a_wrong_method_is_told_the_right_ones(self):
        for method, path, allowed in (
            ("PATCH", "/api/v1/llms", {"GET", "POST"}),
            ("POST", "/api/v1/llms/x", {"GET", "PUT", "DELETE"}),
            ("DELETE", "/healthz", {"GET"}),
        ):
            answer = self.call(method, path, status=405)
            self.assertLessEqual(allowed, set(answer.headers["Allow"].replace(",", " ").split()))

    def test_unknown_paths_are_404(self):
        for path in (
            "/",
            "/api/v1/nope",
            "/api/v2/llms",
            "/api/v1//llms",
            "/api/v1/llms/a/b",
            "/v2",
        ):
            self.call("GET", path, status=404)

    def test_unknown_paths_below_v1_have_openais_shape(self):
        answer = self.gw.request("POST", "/v1/audio/speech", {})
        error = self.assertFailure(answer, 404)
        self.assertIn("not served by mcpd", error["message"])

    def test_paths_that_are_refused_have_the_shape_of_their_family(self):
        for path in ("/v1//models", "/v1/./models", "/v1/x/../models", "/v%31/models", "/v1/"):
            error = self.assertFailure(self.gw.request("GET", path), 404, "unknown_url")
            self.assertEqual(error["message"], f"not served by mcpd: {path}")
        for path in ("/api/v1/llms/x//infer", "/api/v1/llms/x/infer/"):
            self.assertFailure(self.gw.request("POST", path, {}), 404, "unknown_url")
        for path in ("/v1//messages", "/v1/./messages/count_tokens"):
            answer = self.call("POST", path, {}, 404)
            self.assertEqual(answer.json()["error"]["type"], "not_found_error")
            self.assertEqual(answer.json()["request_id"], answer.headers["request-id"])
        for path in ("/api/v1//llms", "/api/v1/llms/./x", "/v1x//y"):
            self.assertEqual(self.call("GET", path, status=404).json(), {"error": "no such path"})


class Secrets(Case):
    """Values go in and never come out."""

    def test_a_value_never_comes_out(self):
        name, value = self.unused_name(), "canary-value-1"
        answers = [
            self.call(
                "POST", "/api/v1/secrets", {"name": name, "data": {"b": value, "a": value}}, 201
            ),
            self.call("GET", f"/api/v1/secrets/{name}"),
            self.call("GET", "/api/v1/secrets"),
            self.call("PUT", f"/api/v1/secrets/{name}", {"data": {"a": value, "b": value}}),
            self.call("PUT", f"/api/v1/secrets/{name}", {"data": {"a": value + "2"}}),
            self.call("POST", "/api/v1/secrets", {"name": name, "data": {"b": value}}, 409),
            self.call("POST", "/api/v1/secrets", {"name": name, "data": {"b": [value]}}, 400),
            self.call("POST", "/api/v1/secrets", b'{"name":"s","data":{"b":"canary-value-1"', 400),
        ]
        for answer in answers:
            self.assertNotIn(value.encode(), answer.body)
        self.assertEqual(sorted(answers[0].json()["keys"]), ["a", "b"])
        self.assertNotIn("data", answers[1].json())
        self.assertEqual(answers[4].json()["keys"], ["a"])
        for path in self.gw.dir.rglob("*"):
            if path.is_file():
                self.assertNotIn(value.encode(), path.read_bytes(), path)

    def test_deleting_a_secret_unlinks_its_llms_in_the_same_step(self):
        secret, ref = self.unused_name(), {"name": None, "key": "k"}
        ref["name"] = secret
        self.call("POST", "/api/v1/secrets", {"name": secret, "data": {"k": "v"}}, 201)
        llm = self.make_llm(apiKeyRef=ref)
        self.assertEqual(llm["apiKeyRef"], ref)
        self.call("DELETE", f"/api/v1/secrets/{secret}", status=204)
        after = self.call("GET", f"/api/v1/llms/{llm['name']}").json()
        self.assertEqual((after["apiKeyRef"], after["version"]), (None, 2))
        # the link is by identity: another secret of that name is not taken for the old one
        self.call("POST", "/api/v1/secrets", {"name": secret, "data": {"k": "other"}}, 201)
        self.assertIsNone(self.call("GET", f"/api/v1/llms/{llm['name']}").json()["apiKeyRef"])

    def test_null_unlinks_a_key(self):
        llm = self.gw.llm()
        after = self.call("PUT", f"/api/v1/llms/{llm}", {"apiKeyRef": None}).json()
        self.assertIsNone(after["apiKeyRef"])


class Mounted(Case):
    """The same paths below a prefix."""

    options = {"mount": "/llm"}

    def test_every_family_of_paths_is_found_below_the_prefix(self):
        for path in ("/healthz", "/readyz", "/api/v1/llms", "/v1/models"):
            self.call("GET", path)
        llm = self.gw.llm()
        self.assertStatus(self.gw.chat(llm), 200)
        self.assertStatus(
            self.gw.request(
                "POST",
                "/v1/chat/completions",
                {"model": llm, "messages": [{"role": "user", "content": "hi"}]},
            ),
            200,
        )
        self.call("GET", "/nope", status=404)

    def test_location_leads_back_to_the_object(self):
        answer = self.call("POST", "/api/v1/llms", {**LLM, "name": self.unused_name()}, 201)
        self.assertTrue(
            answer.headers["Location"].startswith("/llm/api/v1/llms/"), answer.headers["Location"]
        )

    def test_nothing_is_served_beside_the_prefix(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.gw.port)
        connection.request("GET", "/healthz")
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()


if __name__ == "__main__":
    unittest.main()
