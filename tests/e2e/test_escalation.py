"""Nobody gives what they don't hold: changes at random, judged by a second reading of API.md 1.

Users with rights at random make changes at random to users, groups, rbac, tokens, Llms, secrets and
backends. After each that is done, what every user and token may do is worked out anew from what the
catalogue shows: what somebody has gained, the one who made the change must have held. Beside it: no
key goes to another destination without edit on it, and nobody does what their rights don't name.

A right is (verb, resource, name), name None for the unnamed one. SEED and STEPS in the environment
make another run.
"""

import json
import os
import random
import unittest

from gateway import GatewayCase
from test_rbac_matrix import Client, HOLDS, MIGRATE, RESOURCES, STORED, as_json, Binding

SEED = int(os.environ.get("SEED", "5"))
STEPS = int(os.environ.get("STEPS", "2500"))
AGAIN = 10  # steps after which the administrator gives other rights, and makes what is missing

NAMES = {  # few, so that changes meet each other; the last one is never made by the administrator
    "users": ("u0", "u1", "u2", "u3", "u4"),
    "groups": ("g0", "g1", "g2"),
    "rbac": ("r0", "r1", "r2", "r3", "r4"),
    "mcptokens": ("t0", "t1", "t2", "t3", "t4"),
    "llms": ("l0", "l1", "l2"),
    "secrets": ("s0", "s1", "s2"),
    "secretbackends": ("b0", "b1", "b2"),
}
EVERY = sum(NAMES.values(), ())
GIVING = ("rbac", "mcptokens", "groups")  # by these one could give rights away
WEIGHTS = {"rbac": 3, "mcptokens": 3, "groups": 2, "llms": 3}  # the others: 1
VERBS = {"POST": "create", "PUT": "edit", "DELETE": "delete"}
KINDS = {"User": "users", "Group": "groups", "McpToken": "mcptokens"}


# --- the second reading ---


def rights_of(bindings):
    """rights_of - all that the bindings give, whatever is there"""
    rights = set()
    for b in bindings:
        if "action" in b:
            rights.add((b["role"], b["action"], None))
            continue
        for resource in RESOURCES if b["resource"] == "*" else (b["resource"],):
            names = (b["name"],) if "name" in b else (None, *EVERY)
            rights |= {(v, resource, n) for v in HOLDS[b["role"]] for n in names}
    return rights


def granted(catalogue, subjects):
    """granted - by the definitions that name one of the subjects"""
    return rights_of(
        b
        for d in catalogue["rbac"].values()
        if any((s["kind"], s["name"]) in subjects for s in d["subjects"])
        for b in d["roleBindings"]
    )


def held(catalogue, resource, name):
    """held - what a user or a token may do"""
    own = catalogue[resource].get(name)
    if own is None or own.get("revoked"):
        return set()
    user = name if resource == "users" else own["user"]
    subjects = {("User", user)}
    subjects |= {("Group", g) for g, o in catalogue["groups"].items() if user in o["members"]}
    if resource == "mcptokens":
        subjects.add(("McpToken", name))
    rights = granted(catalogue, subjects)
    if own.get("scope") is not None:
        rights &= rights_of(own["scope"])
    return rights


def in_force(catalogue, rights):
    """in_force - without those on one object that is not there, unless they are for any of its kind"""
    return {
        (v, r, n)
        for v, r, n in rights
        if n is None or (v, r, None) in rights or n in catalogue.get(r, ())
    }


def lives_longer(before, after):
    """lives_longer - does a token that was to end do so later, or never"""
    end = before["expiresAt"]
    return end is not None and (after["expiresAt"] is None or after["expiresAt"] > end)


def gains(before, after):
    """gains - (who, what they may do that they could not)"""
    for resource in ("users", "mcptokens"):
        for name, o in after[resource].items():
            was = before[resource].get(name)
            had = set()
            if was and was["id"] == o["id"] and not lives_longer(
                {"expiresAt": None, **was}, {"expiresAt": None, **o}
            ):
                had = in_force(before, held(before, resource, name))
            yield f"{resource}/{name}", in_force(after, held(after, resource, name)) - had


def destination(llm):
    """destination - where its keys go, and which"""
    extra = llm["extraConfig"]
    return llm["url"], extra.get("apiPath"), extra.get("headers"), llm["apiKeyRef"]


def keys_of(llm):
    """keys_of - the secrets that it sends"""
    values = (llm["extraConfig"].get("headers") or {}).values()
    keys = {v.split("/")[2] for v in values if v.startswith("secret://")}
    return keys | ({llm["apiKeyRef"]["name"]} if llm["apiKeyRef"] else set())


def needed(method, resource, name, body, caller, before, after):
    """needed - the rights that a change of this kind takes beside the one on the object"""
    old, new = before[resource].get(name), after[resource].get(name)
    if resource == "llms" and new and (not old or destination(old) != destination(new)):
        yield from (("edit", "secrets", s) for s in keys_of(new))
    if resource == "llms" and new and new["extraConfig"].get("allowPrivateUrl"):
        if not old or not old["extraConfig"].get("allowPrivateUrl"):
            yield "edit", "llms", None
    if resource == "secretbackends" and new and new["default"] and not (old and old["default"]):
        yield "edit", "secrets", None
    if resource == "mcptokens" and method == "POST":
        if body["user"] != before["mcptokens"][caller]["user"]:
            yield "edit", "users", body["user"]


# --- changes at random ---


class Chance:
    """Bindings and bodies; the same seed gives the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def binding(self, rights):
        """binding - any, or often one of the rights"""
        if rights and self.random.random() < 0.4:
            verb, resource, name = self.random.choice(sorted(rights, key=str))
            if resource == MIGRATE:
                return {"role": "run", "action": MIGRATE}
            return as_json(Binding(verb, resource, name))
        if self.random.random() < 0.1:
            return {"role": "run", "action": MIGRATE}
        role = self.random.choice((*HOLDS, *["edit"] * 4))
        resource = self.random.choice((*RESOURCES, "*"))
        names = NAMES.get(resource, EVERY)
        named = resource not in ("audit", "usage") and self.random.random() < 0.3
        return as_json(Binding(role, resource, self.random.choice(names) if named else None))

    def bindings(self, most, rights=()):
        return [self.binding(rights) for _ in range(self.random.randint(1, most))]

    def subject(self):
        kind = self.random.choice(("User", "User", "Group", "McpToken"))
        return {"kind": kind, "name": self.random.choice(NAMES[KINDS[kind]][:-1])}

    def definition(self, most=2, rights=()):
        subjects = [self.subject() for _ in range(self.random.randint(1, 2))]
        return {"subjects": subjects, "roleBindings": self.bindings(most, rights)}

    def some(self, likely, **fields):
        """some - each of the fields or not; a value that can be called is called"""
        chosen = {k: v for k, v in fields.items() if self.random.random() < likely}
        return {k: v() if callable(v) else v for k, v in chosen.items()}

    def extra(self):
        pick = self.random.choice
        headers = pick(({"x-a": "1"}, {"api-key": "secret://s0/k"}, {"api-key": "secret://s1/k"}))
        return self.some(0.4, apiPath=pick(("/a", "/b")), headers=headers, allowPrivateUrl=True)

    def body(self, resource, new, rights=()):
        """body - of a change by the holder of the rights; new: with what a POST must have"""
        pick, ends = self.random.choice, ("2100-01-01T00:00:00.000Z", "2200-01-01T00:00:00.000Z")
        text = str(self.random.random())
        if resource == "groups":
            return {"members": self.random.sample(NAMES["users"][:-1], self.random.randint(0, 3))}
        if resource == "rbac":
            definition = self.definition(2, rights)
            return definition if new else self.some(0.7, **definition)
        if resource == "mcptokens":
            scope = pick((None, [], self.bindings(1, rights), self.bindings(2, rights)))
            must = {"user": pick(NAMES["users"])} if new else {}
            return {**must, **self.some(0.5, scope=scope, expiresAt=pick((None, *ends)))}
        if resource == "llms":
            key = pick((None, *({"name": s, "key": "k"} for s in NAMES["secrets"])))
            must = {"type": "openai", "model": "m"} if new else {}
            url = pick(("", "https://evil.example"))
            return {**must, **self.some(0.4, url=url, apiKeyRef=key, extraConfig=self.extra)}
        if resource == "secrets":
            return {"data": {"k": text}}
        if resource == "secretbackends":
            return {"description": text, **({"type": "sealed"} if new else {}),
                    **self.some(0.3, default=True)}  # fmt: skip
        return {"description": text}

    def change(self, rights, catalogue):
        """change - (method, resource, name), one that the rights allow where a few tries find one"""
        weighted = [r for r in STORED for _ in range(WEIGHTS.get(r, 1))]
        for _ in range(12):
            resource = self.random.choice(weighted)
            name = self.random.choice(NAMES[resource])
            method = self.random.choice(("POST", "POST", "PUT", "PUT", "PUT", "PUT", "PUT", "DELETE"))
            there = name in catalogue[resource]
            if (VERBS[method], resource, name) in rights and there != (method == "POST"):
                break
        return method, resource, name


class Escalation(GatewayCase):
    def setUp(self):
        self.chance, self.texts = Chance(SEED), {}
        self.client = Client(self.gw.port)
        self.addCleanup(self.client.close)

    def ask(self, method, path, body=None, token=None):
        status, text = self.client.ask(method, f"/api/v1/{path}", token or self.gw.token, body)
        return status, json.loads(text) if text else None

    def catalogue(self):
        lists = {r: self.ask("GET", r)[1] for r in STORED}
        return {r: {o["name"]: o for o in objects} for r, objects in lists.items()}

    def give(self):
        """give - what is missing is made again, and some rights are others"""
        for resource in ("secretbackends", "secrets", "users", "groups", "llms"):
            for name in NAMES[resource][:-1]:
                body = {**self.chance.body(resource, True), "name": name}
                body.pop("default", None)
                self.ask("POST", resource, body)
        for name in NAMES["mcptokens"][:-1]:
            user = self.chance.random.choice(NAMES["users"])
            status, made = self.ask("POST", "mcptokens", {"name": name, "user": user})
            if status == 201:
                self.texts[name] = made["token"]
            else:
                self.ask("PUT", f"mcptokens/{name}", {"scope": None})
        self.define("r0", bindings=[{"role": "edit", "resource": r} for r in GIVING])
        self.define(self.chance.random.choice(NAMES["rbac"][1:-1]))

    def define(self, name, bindings=()):
        """define - rights at random, and these"""
        body = {"name": name, **self.chance.definition(4)}
        body["roleBindings"] += bindings
        if self.ask("POST", "rbac", body)[0] == 409:
            self.ask("PUT", f"rbac/{name}", body)

    def step(self, before):
        """step - one change by one token; the catalogue after it, and what was answered"""
        callers = sorted(t for t in self.texts if held(before, "mcptokens", t))
        if not callers:
            return before, None
        caller = self.chance.random.choice(callers)
        rights = held(before, "mcptokens", caller)
        method, resource, name = self.chance.change(rights, before)
        body = None if method == "DELETE" else self.chance.body(resource, method == "POST", rights)
        path = resource if method == "POST" else f"{resource}/{name}"
        if method == "POST":
            body["name"] = name
        status, answer = self.ask(method, path, body, self.texts[caller])
        what = (caller, method, path, body, status, answer)
        self.assertLess(status, 500, what)
        if (VERBS[method], resource, name) not in rights:
            self.assertEqual(status, 403, what)
        if status >= 300:
            return before, (resource, status)
        if method == "POST" and resource == "mcptokens":
            self.texts[name] = answer["token"]
        after = self.catalogue()
        self.judge(what, rights, gains(before, after))
        extra = set(needed(method, resource, name, body, caller, before, after))
        self.assertLessEqual(extra, rights, what)
        return after, (resource, status)

    def judge(self, what, rights, gained):
        for who, more in gained:
            self.assertLessEqual(more, rights, f"{who} gains {more - rights} by {what}")

    def test_whatever_is_done_nobody_gains_what_its_doer_did_not_hold(self):
        seen, after = [], None
        for i in range(STEPS):
            if i % AGAIN == 0:
                self.give()
                after = self.catalogue()
            after, answered = self.step(after)
            seen.append(answered)
        # or nothing was tried
        done = [resource for resource, status in filter(None, seen) if status < 300]
        self.assertGreater(len(done), STEPS // 5)
        self.assertLessEqual(set(GIVING), set(done))
        self.assertLessEqual({(resource, 403) for resource in STORED}, set(seen))


if __name__ == "__main__":
    unittest.main()
