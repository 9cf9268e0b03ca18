"""Who calls, and what they may do: API.md 1, behind lighttpd and a pool."""

import calendar
import hashlib
import time
import unittest

from gateway import GatewayCase, LLM, wait_for


class Case(GatewayCase):
    options = {"config": ("max_body: 262144",)}


class Identity(Case):
    """Who calls: 401 comes first."""

    def refused(self, headers, method="GET", path="/api/v1/llms", body=None):
        answer = self.call(method, path, body, 401, None, headers)
        self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))
        return answer

    def test_no_token_and_bad_tokens_are_401(self):
        good, other = self.gw.token, self.gw.user()[1]
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer mcp_" + "x" * 43},
            {"Authorization": f"Basic {good}"},
            {"Authorization": good},
            {"x-api-key": "nope"},
            {"Authorization": f"Bearer {good[:-1]}"},
            {"Authorization": f"Bearer {good}", "x-api-key": other},
        ):
            self.refused(headers)

    def test_x_api_key_is_equal_to_bearer(self):
        good = self.gw.token
        self.call("GET", "/api/v1/llms", token=None, headers={"x-api-key": good})
        self.call(
            "GET",
            "/api/v1/llms",
            token=None,
            headers={"x-api-key": good, "authorization": f"bearer {good}"},
        )

    def test_401_comes_before_anything_about_the_request(self):
        for method, path, body in (
            ("POST", "/api/v1/llms", b"not json"),
            ("GET", "/api/v1/llms/x", None),
            ("POST", "/api/v1/llms", b"x" * 400000),
            ("PUT", "/api/v1/secrets/x", b"{}"),
        ):
            self.refused({}, method, path, body)
        answer = self.gw.request("POST", "/v1/chat/completions", b"not json", None)
        self.assertFailure(answer, 401, "invalid_api_key", "invalid_request_error")

    def test_an_expired_or_revoked_token_is_401(self):
        user, token = self.gw.user("view:llms")
        self.call("GET", "/api/v1/llms", token=token)
        self.call("PUT", f"/api/v1/mcptokens/token-{user}", {"revoked": True})
        self.refused({"Authorization": f"Bearer {token}"})
        # for good
        path = f"/api/v1/mcptokens/token-{user}"
        self.gw.request("PUT", path, {"revoked": False})
        self.assertTrue(self.call("GET", path).json()["revoked"])
        soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 2))
        brief = self.call(
            "POST", "/api/v1/mcptokens", {"name": self.unused_name(), "user": user, "expiresAt": soon}, 201
        ).json()["token"]
        wait_for(
            "the token's end",
            lambda: self.gw.request("GET", "/api/v1/llms", token=brief).status == 401,
        )

    def test_a_tokens_text_is_shown_once(self):
        user, _ = self.gw.user()
        name = self.unused_name()
        made = self.call("POST", "/api/v1/mcptokens", {"name": name, "user": user}, 201)
        token = made.json()["token"]
        self.assertRegex(token, r"^mcp_[A-Za-z0-9_-]{43}$")
        for path in (f"/api/v1/mcptokens/{name}", "/api/v1/mcptokens"):
            self.assertNotIn(token.encode(), self.call("GET", path).body)
        self.assertEqual(
            self.call("GET", f"/api/v1/mcptokens/{name}").json()["tokenSha"],
            hashlib.sha256(token.encode()).hexdigest(),
        )

    def test_a_tokens_last_use_is_known_and_changes_nothing_else(self):
        user, token = self.gw.user()
        path = f"/api/v1/mcptokens/token-{user}"
        before = self.call("GET", path).json()
        self.assertIsNone(before["lastUsedAt"])
        began = int(time.time())
        self.call("GET", "/api/v1/whoami", token=token)
        after = self.call("GET", path).json()
        used = calendar.timegm(time.strptime(after["lastUsedAt"], "%Y-%m-%dT%H:%M:%S.000Z"))
        self.assertTrue(began <= used <= time.time(), (began, used))
        self.assertEqual({**after, "lastUsedAt": None}, before)
        listed = {t["id"]: t for t in self.call("GET", "/api/v1/mcptokens").json()}
        self.assertEqual(listed[after["id"]]["lastUsedAt"], after["lastUsedAt"])
        # a PUT of what GET gave is taken, and changes nothing
        self.assertEqual(self.call("PUT", path, after).json()["version"], before["version"])
        self.assertIn(after["lastUsedAt"], self.gw.ctl("get", "mcptoken", f"token-{user}", "-o", "json"))

    def test_whoami_is_for_everyone(self):
        llm = self.make_llm()["name"]
        user, token = self.gw.user(f"run:llms:{llm}")
        self.assertEqual(
            self.call("GET", "/api/v1/whoami", token=token).json(),
            {
                "user": user,
                "token": f"token-{user}",
                "groups": [],
                "permissions": [{"role": "run", "resource": "llms", "name": llm}],
                "llms": [llm],
            },
        )
        self.refused({}, path="/api/v1/whoami")

    def test_health_needs_no_token(self):
        self.call("GET", "/healthz", token=None)
        self.call("GET", "/readyz", token=None)

    def test_remote_user_is_nobody_unless_trusted(self):
        for name in ("Remote-User", "REMOTE_USER", "X-Remote-User"):
            self.refused({name: "admin"})


class Permission(Case):
    """What they may do: permission comes before existence."""

    def test_403_comes_before_404_and_400(self):
        seen = self.make_llm()["name"]
        _, token = self.gw.user(f"view:llms:{seen}")
        for method, path, body in (
            ("GET", "/api/v1/llms/absent", None),
            ("DELETE", f"/api/v1/llms/{seen}", None),
            ("PUT", f"/api/v1/llms/{seen}", {"bogus": 1}),
            ("PUT", "/api/v1/llms/no", {}),
            ("POST", "/api/v1/llms", {"bogus": 1}),
            ("GET", "/api/v1/secrets", None),
            ("GET", "/api/v1/users", None),
        ):
            self.call(method, path, body, 403, token)
        self.call("GET", f"/api/v1/llms/{seen}", token=token)

    def test_a_list_holds_what_may_be_seen(self):
        seen = self.make_llm()["name"]
        self.make_llm()
        _, token = self.gw.user(f"view:llms:{seen}")
        listed = self.call("GET", "/api/v1/llms", token=token).json()
        self.assertEqual([llm["name"] for llm in listed], [seen])

    def test_roles_mean_what_they_say(self):
        llm = self.make_llm()["name"]
        may = {
            "view": {"GET"},
            "create": {"POST"},
            "delete": {"DELETE"},
            "edit": {"GET", "POST", "PUT", "DELETE"},
            "run": set(),
        }
        for role, allowed in may.items():
            _, token = self.gw.user(f"{role}:llms")
            for method in ("GET", "POST", "PUT", "DELETE"):
                name = self.make_llm()["name"] if method != "POST" else None
                path = "/api/v1/llms" + (f"/{name}" if name else "")
                body = (
                    {**LLM, "name": self.unused_name()}
                    if method == "POST"
                    else {"description": "x"} if method == "PUT" else None
                )
                status = self.gw.request(method, path, body, token).status
                self.assertEqual(status != 403, method in allowed, (role, method, status))
        self.assertEqual(self.gw.request("GET", f"/api/v1/llms/{llm}").status, 200)

    def test_edit_never_implies_run(self):
        llm = self.gw.llm()
        _, editor = self.gw.user("edit:llms")
        _, runner = self.gw.user(f"run:llms:{llm}")
        self.assertFailure(self.gw.chat(llm, editor), 403, type="permission_error")
        self.assertStatus(self.gw.chat(llm, runner), 200)
        self.assertFailure(self.gw.chat("absent", runner), 403)

    def test_a_scope_cuts_what_its_user_may(self):
        user, _ = self.gw.user("edit:llms")
        scoped = self.call(
            "POST",
            "/api/v1/mcptokens",
            {"name": self.unused_name(), "user": user, "scope": [{"role": "view", "resource": "llms"}]},
            201,
        ).json()["token"]
        self.call("GET", "/api/v1/llms", token=scoped)
        self.call("POST", "/api/v1/llms", {**LLM, "name": self.unused_name()}, 403, scoped)

    def test_nobody_gives_what_they_do_not_hold(self):
        user, token = self.gw.user("edit:rbac", "edit:mcptokens", "edit:users", "view:llms")
        for binding in (
            {"role": "run", "resource": "llms"},
            {"role": "edit", "resource": "secrets"},
            {"role": "edit", "resource": "*"},
            {"role": "run", "action": "migrate-secrets"},
        ):
            self.call(
                "POST",
                "/api/v1/rbac",
                {
                    "name": self.unused_name(),
                    "subjects": [{"kind": "User", "name": user}],
                    "roleBindings": [binding],
                },
                403,
                token,
            )
        self.call(
            "POST",
            "/api/v1/rbac",
            {
                "name": self.unused_name(),
                "subjects": [{"kind": "User", "name": user}],
                "roleBindings": [{"role": "view", "resource": "llms"}],
            },
            201,
            token,
        )
        # a token of the administrator's would be every permission at once
        _, poor = self.gw.user("edit:mcptokens")
        self.call("POST", "/api/v1/mcptokens", {"name": self.unused_name(), "user": "admin"}, 403, poor)

    def test_nobody_sends_a_key_to_a_place_of_their_choice(self):
        llm = self.gw.llm()
        _, token = self.gw.user("edit:llms", "view:secrets")
        path = f"/api/v1/llms/{llm}"
        self.call("PUT", path, {"url": "https://evil.example"}, 403, token)
        for extra in ({"apiPath": "/steal"}, {"headers": {"x-copy": "secret://provider/token"}}):
            self.call("PUT", path, {"extraConfig": {"allowPrivateUrl": True, **extra}}, 403, token)
        self.call(
            "POST",
            "/api/v1/llms",
            {**LLM, "name": self.unused_name(), "apiKeyRef": self.gw.key_ref()},
            403,
            token,
        )
        self.call("PUT", path, {"description": "harmless"}, token=token)

    def make_group(self, *members, roles=()):
        """make_group - its name; what the roles give belongs to it"""
        group = self.gw.create("groups", name=self.unused_name(), members=list(members))["name"]
        if roles:
            self.gw.create(
                "rbac",
                name=f"rbac-{group}",
                subjects=[{"kind": "Group", "name": group}],
                roleBindings=[dict(zip(("role", "resource", "name"), r.split(":"))) for r in roles],
            )
        return group

    def test_a_group_gives_at_once_and_takes_at_once(self):
        user, token = self.gw.user()
        self.call("GET", "/api/v1/llms", status=403, token=token)
        group = self.make_group(user, roles=["view:llms"])
        self.call("GET", "/api/v1/llms", token=token)
        self.assertEqual(self.call("GET", "/api/v1/whoami", token=token).json()["groups"], [group])
        self.call("PUT", f"/api/v1/groups/{group}", {"members": []})
        self.call("GET", "/api/v1/llms", status=403, token=token)

    def test_nobody_comes_into_a_group_that_is_stronger_than_who_lets_them_in(self):
        user, token = self.gw.user("edit:groups", "edit:users", "edit:mcptokens")
        group = self.make_group(roles=["run:llms"])
        path = f"/api/v1/groups/{group}"
        for member in (user, "admin"):
            answer = self.call("PUT", path, {"members": [member]}, 403, token)
            self.assertEqual(answer.json()["error"], "permission denied: run:llms")
        # nor by a token of somebody who is in it
        member = self.gw.create("users", name=self.unused_name())["name"]
        self.call("PUT", path, {"members": [member]})
        fields = {"name": self.unused_name(), "user": member}
        self.call("POST", "/api/v1/mcptokens", fields, 403, token)
        self.call("PUT", path, {"members": []}, token=token)
        self.call("POST", "/api/v1/mcptokens", fields, 201, token)

    def test_a_group_stays_while_rbac_names_it_and_a_user_leaves_it(self):
        user = self.gw.create("users", name=self.unused_name())["name"]
        group = self.make_group(user, roles=["view:llms"])
        self.call("DELETE", f"/api/v1/groups/{group}", status=409)
        self.call("DELETE", f"/api/v1/users/{user}", status=204)
        self.assertEqual(self.call("GET", f"/api/v1/groups/{group}").json()["members"], [])
        self.call("DELETE", f"/api/v1/rbac/rbac-{group}", status=204)
        self.call("DELETE", f"/api/v1/groups/{group}", status=204)

    def test_who_may_not_refer_to_a_name_is_not_told_whether_it_is_there(self):
        self.gw.key_ref()
        _, token = self.gw.user("create:llms", "create:mcptokens", "create:secretbackends")
        bao = {"type": "openbao", "config": {"url": "https://bao.example"}}

        def backend(name):
            config = {**bao["config"], "tokenSecret": {"name": name, "key": "token"}}
            return {**bao, "config": config}

        for kind, there, absent, body in (
            ("llms", "provider", "absent", lambda n: {**LLM, "apiKeyRef": {"name": n, "key": "token"}}),
            ("mcptokens", "admin", "absent", lambda n: {"user": n}),
            ("secretbackends", "provider", "absent", backend),
        ):
            answers = [
                self.call("POST", f"/api/v1/{kind}", {"name": self.unused_name(), **body(n)}, 403, token)
                for n in (there, absent)
            ]
            self.assertEqual(
                answers[0].body.replace(there.encode(), b"N"),
                answers[1].body.replace(absent.encode(), b"N"),
            )

    def test_a_conflict_names_what_its_reader_may_see_and_nothing_else(self):
        user, _ = self.gw.user("view:llms")
        hidden, alias = self.unused_name(), self.unused_name()
        self.make_llm(name=hidden, aliases=[alias])
        mine = {**LLM, "name": self.unused_name()}
        asked = (
            ("DELETE", f"/api/v1/users/{user}", None),
            ("POST", "/api/v1/llms", {**mine, "aliases": [alias]}),
            ("POST", "/api/v1/llms", {**mine, "name": alias}),
        )
        for rights, words in (
            ((), ("1 McpToken; 1 Rbac", f"taken: {alias}", f"exists: {alias}")),
            (
                ("view:mcptokens", "view:llms"),
                (
                    f"McpToken token-{user}; 1 Rbac",
                    f"taken: {alias} (by Llm {hidden})",
                    f"exists: {alias} (an alias of {hidden})",
                ),
            ),
        ):
            _, token = self.gw.user("delete:users", "create:llms", *rights)
            for (method, path, body), expected in zip(asked, words):
                error = self.call(method, path, body, 409, token).json()["error"]
                self.assertTrue(error.rstrip(")").endswith(expected.rstrip(")")), error)

    def test_what_is_in_use_stays(self):
        user, _ = self.gw.user("view:llms")
        self.call("DELETE", f"/api/v1/users/{user}", status=409)
        self.call("DELETE", f"/api/v1/mcptokens/token-{user}", status=204)
        self.call("DELETE", f"/api/v1/users/{user}", status=409)
        self.call("DELETE", f"/api/v1/rbac/rbac-{user}", status=204)
        self.call("DELETE", f"/api/v1/users/{user}", status=204)


class LastAdministrator(GatewayCase):
    """On a gateway of its own: no other test's users may edit rbac."""

    def test_the_last_one_who_can_edit_rbac_stays(self):
        path = "/api/v1/rbac/admins"
        self.call("DELETE", path, status=409)
        for body in (
            {"roleBindings": [{"role": "edit", "resource": "llms"}]},
            {"subjects": [{"kind": "User", "name": self.gw.user()[0]}], "roleBindings": [
                {"role": "view", "resource": "*"}]},
        ):  # fmt: skip
            self.call("PUT", path, body, 409)
        self.call("DELETE", "/api/v1/users/admin", status=409)
        # the right may move, but not vanish
        user, token = self.gw.user()
        self.gw.create("groups", name="ops", members=[user])
        self.gw.create(
            "rbac",
            name="ops",
            subjects=[{"kind": "Group", "name": "ops"}],
            roleBindings=[{"role": "edit", "resource": r} for r in ("rbac", "groups")],
        )
        self.call("DELETE", path, status=204)
        self.call("DELETE", "/api/v1/rbac/ops", status=409, token=token)
        self.call("PUT", "/api/v1/groups/ops", {"members": []}, 409, token)
        refused = self.gw.ctl("delete", "rbac", "ops", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("nobody could edit rbac any more", refused.stderr)


if __name__ == "__main__":
    unittest.main()
