"""What was used, by whom: audit, usage, status and metrics, behind lighttpd and a pool."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from fastcgi import infer
from gateway import Gateway, GatewayCase, PATIENCE, wait_for

HI = {"messages": [{"role": "user", "content": "hi"}]}
KILLS = 200 if os.environ.get("STORM") else 25  # of workers under load
CLIENTS = 4
COUNTS = ("requests", "errors", "promptTokens", "completionTokens", "cachedTokens")


def log_lines(gw):
    """log_lines - (events of calls, lines that are no JSON) of every day file"""
    events, bad = [], 0
    for path in sorted(gw.state.glob("audit-*.log")):
        for line in path.read_bytes().splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                bad += 1
    return [e for e in events if e["event"] == "llm_inference_call"], bad


def log_sum(events, member):
    """log_sum - the log's lines, as usage counts them, by a member"""
    total = {}
    for e in events:
        row = total.setdefault(e[member], dict.fromkeys(COUNTS, 0))
        row["requests"] += 1
        row["errors"] += e["error"] is not None
        for name in COUNTS[2:]:
            row[name] += e[name] or 0
    return total


class Case(GatewayCase):
    def audit(self, query="", status=200, token=""):
        return self.call("GET", f"/api/v1/audit{query}", status=status, token=token)

    def logged(self, llm, body=HI, status=200, token=""):
        """logged - a call whose line is written: that comes after the last byte of its answer"""
        answer = self.infer(llm, body, status, token)
        self.gw.audit(answer.request_id)
        return answer


class AuditQuery(Case):

    def test_a_call_and_a_change_are_found_newest_first(self):
        llm = self.gw.llm()
        first, second = self.logged(llm), self.logged(llm)
        found = self.audit(f"?llm={llm}").json()
        self.assertEqual([e["requestId"] for e in found], [second.request_id, first.request_id])
        change = [e for e in self.audit().json() if e["event"] == "resource_changed"][0]
        self.assertEqual(
            list(change), ["id", "event", "action", "resource", "name", "userId", "tokenSha", "at"]
        )
        self.assertEqual(
            (change["action"], change["resource"], change["name"]), ("create", "llms", llm)
        )

    def test_a_user_is_found_by_name_and_by_id(self):
        llm = self.gw.llm()
        name, token = self.gw.user(f"run:llms:{llm}")
        _, other = self.gw.user(f"run:llms:{llm}")
        mine = self.logged(llm, token=token)
        self.logged(llm, token=other)
        user = self.call("GET", f"/api/v1/users/{name}").json()["id"]
        for text in (name, user):
            found = self.audit(f"?user={text}").json()
            self.assertEqual([e["requestId"] for e in found], [mine.request_id], text)
            self.assertEqual(found[0]["userId"], user)
        self.assertEqual(self.audit("?user=nobody").json(), [])

    def test_whoever_follows_misses_nothing_and_sees_nothing_twice(self):
        llm = self.gw.llm()
        after = self.gw.audit(self.infer(llm, HI).request_id)["id"]
        asked = [self.logged(llm).request_id for _ in range(7)]
        seen = []
        while True:
            page = self.audit(f"?llm={llm}&after={after}&limit=3").json()
            if not page:
                break
            self.assertLessEqual(len(page), 3)
            seen += [e["requestId"] for e in reversed(page)]
            after = page[0]["id"]
        self.assertEqual(seen, asked)

    def test_an_llm_is_found_by_id_and_since_leaves_out_what_is_older(self):
        llm = self.make_llm(type="vllm")  # without a url: a call ends at once
        name = llm["name"]
        lines = [self.gw.audit(self.infer(name, HI, 502).request_id)]
        while lines[-1]["at"] == lines[0]["at"]:
            lines.append(self.gw.audit(self.infer(name, HI, 502).request_id))
        found = self.audit(f"?llm={llm['id']}&limit=1000").json()
        self.assertEqual([e["id"] for e in found], [e["id"] for e in reversed(lines)])
        for after in ("", f"&after={lines[0]['id']}"):
            found = self.audit(f"?llm={name}&since={lines[-1]['at']}{after}").json()
            self.assertEqual([e["id"] for e in found], [lines[-1]["id"]], after)

    def test_a_put_that_changes_nothing_leaves_no_line(self):
        llm = self.make_llm()
        path = f"/api/v1/llms/{llm['name']}"
        self.call("PUT", path, llm)
        self.call("PUT", path, {"description": "new"})
        self.call("DELETE", path, status=204)
        mine = [e["action"] for e in self.audit().json() if e.get("name") == llm["name"]]
        self.assertEqual(mine, ["delete", "update", "create"])

    def test_wrong_parameters_are_400(self):
        for query in (
            "?limit=0", "?limit=1001", "?limit=ten", "?limit=-1", "?since=yesterday", "?since=7",
            "?after=x", "?lmi=x", "?limit=1&limit=2",
        ):
            self.assertIn("error", self.audit(query, 400).json(), query)
        self.audit("?after=c" + "0" * 24, 404)
        self.audit("?limit=&llm=")

    def test_it_needs_view_on_audit(self):
        _, token = self.gw.user("view:llms", "view:usage")
        self.audit(status=403, token=token)
        self.audit(status=401, token=None)
        _, token = self.gw.user("view:audit")
        self.audit(token=token)

    def test_every_end_is_a_line(self):
        llm = self.gw.llm()
        name, token = self.gw.user("view:llms")
        refused = self.logged(llm, HI, 403, token)
        absent = self.logged("absent", HI, 404)
        bad = self.logged(llm, b"{", 400)
        by_id = {e["requestId"]: e for e in self.audit().json() if "requestId" in e}
        self.assertEqual(by_id[refused.request_id]["error"], "model_not_allowed")
        self.assertEqual(by_id[absent.request_id]["error"], "model_not_found")
        self.assertEqual(by_id[bad.request_id]["status"], 400)
        self.assertEqual(by_id[refused.request_id]["promptTokens"], None)


class AuditPages(Case):
    def test_pages_go_over_the_days(self):
        now = int(time.time())
        names = []
        for back in range(1, 6):
            day = time.gmtime(now - back * 86400)
            at = time.strftime("%Y-%m-%dT12:00:00.000Z", day)
            lines = []
            for i in range(300):
                name = f"c{back:04d}{i:020d}"
                names.append(name)
                lines.append(
                    json.dumps({"id": name, "event": "llm_inference_call", "at": at, "llm": "old-days"})
                )
            if back == 3:
                lines += ["no event of ours", '{"id":"ctorn","event":"llm_inf']
            path = self.gw.state / time.strftime("audit-%Y%m%d.log", day)
            path.write_text("\n".join(lines) + ("" if back == 3 else "\n"))
            # newest first: the days ascend backwards, the lines of a day too
            names[-300:] = reversed(names[-300:])
        answer = self.audit("?llm=old-days&limit=1000")
        self.assertEqual([e["id"] for e in answer.json()], names[:1000])
        self.assertEqual(answer.headers["x-mcpd-skipped-lines"], "2")
        self.assertEqual(len(self.audit("?llm=old-days").json()), 100)
        since = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(now - 2 * 86400))
        self.assertEqual(
            len(self.audit(f"?llm=old-days&since={since}&limit=1000").json()), 600
        )
        follow = self.audit(f"?llm=old-days&after={names[1200]}&limit=150").json()
        self.assertEqual([e["id"] for e in follow], names[1050:1200])


class Usage(Case):
    def usage(self, query="", status=200, token=""):
        return self.call("GET", f"/api/v1/usage{query}", status=status, token=token)

    def test_it_is_the_sum_of_the_log(self):
        llm, other = self.gw.llm("events=7"), self.gw.llm("status=500")
        user, token = self.gw.user("run:llms")
        for _ in range(3):
            self.infer(llm, HI, token=token)
        self.infer(llm, HI)
        self.gw.chat_stream(llm, token).rest()
        self.logged(other, HI, 500, token)
        wait_for("the last call", lambda: len(log_lines(self.gw)[0]) == 6)
        events, bad = log_lines(self.gw)
        self.assertEqual(bad, 0)

        def used():
            rows = {r["llm"]: r for r in self.usage("?by=llm").json()}
            same = {k: {n: r[n] for n in COUNTS} for k, r in rows.items()} == log_sum(events, "llm")
            return rows if same else None

        # a call is counted right after its line is written
        rows = wait_for(f"usage to be {log_sum(events, 'llm')}", used)
        self.assertEqual(rows[llm]["requests"], 5)
        self.assertEqual(rows[llm]["completionTokens"], 5 * 7)
        self.assertEqual((rows[other]["requests"], rows[other]["errors"]), (1, 1))
        self.assertEqual(list(rows[llm]), ["llm", *COUNTS])
        by_user = {r["user"]: r["requests"] for r in self.usage("?by=user").json()}
        self.assertEqual(by_user[user], 5)
        by_token = {r["token"]: r["requests"] for r in self.usage("?by=token").json()}
        self.assertEqual(by_token[f"token-{user}"], 5)
        today = time.strftime("%Y-%m-%d", time.gmtime())
        days = self.usage("?by=day&since=1h").json()
        self.assertEqual(days[-1]["day"], today)
        self.assertEqual(sum(r["requests"] for r in days), len(events))
        self.assertEqual(self.usage().json(), self.usage("?by=llm").json())

    def test_rows_are_ordered_by_the_names_that_they_show(self):
        llm = self.gw.llm()
        names = [f"z-{i}" for i in range(6)]
        for name in reversed(names):
            _, token = self.gw.user("run:llms", name=name)
            self.logged(llm, token=token)

        def rows():
            found = [r["user"] for r in self.usage("?by=user").json()]
            return found if set(names) <= set(found) else None

        found = wait_for("every user's row", rows)
        self.assertEqual(found, sorted(found))

    def test_a_day_of_the_past_is_summed_from_its_log(self):
        past = time.gmtime(time.time() - 5 * 86400)
        line = {
            "id": "c" + "1" * 24, "event": "llm_inference_call", "llm": "past-one", "error": None,
            "at": time.strftime("%Y-%m-%dT01:00:00.000Z", past), "userId": "u", "tokenSha": "t",
            "promptTokens": 10, "completionTokens": 20, "cachedTokens": None,
        }
        gw = Gateway()
        try:
            (gw.state / time.strftime("audit-%Y%m%d.log", past)).write_text(json.dumps(line) + "\n")
            rows = gw.request("GET", "/api/v1/usage?by=llm").json()
            self.assertIn(
                {"llm": "past-one", "requests": 1, "errors": 0, "promptTokens": 10,
                 "completionTokens": 20, "cachedTokens": 0}, rows)
            self.assertTrue((gw.state / time.strftime("usage-%Y%m", past)).exists())
        finally:
            gw.stop()

    def test_wrong_parameters_are_400(self):
        for query in ("?by=model", "?since=soon", "?bye=llm", "?by=llm&by=user"):
            self.usage(query, 400)

    def test_it_needs_view_on_usage(self):
        _, token = self.gw.user("view:audit", "view:llms")
        for path in ("/api/v1/usage", "/api/v1/status", "/metrics"):
            self.call("GET", path, status=403, token=token)
            self.call("GET", path, status=401, token=None)
        _, token = self.gw.user("view:usage")
        for path in ("/api/v1/usage", "/api/v1/status", "/metrics"):
            self.call("GET", path, token=token)


SAMPLE = re.compile(
    r'^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*)?\})? ([0-9.]+)$'
)


def parse_metrics(text):
    """parse_metrics - {name: {labels: value}}; every sample stands under its own head, once"""
    samples, typed, current = {}, {}, None
    if not text.endswith("\n"):
        raise AssertionError("no newline at the end")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            if current in typed:
                raise AssertionError(f"{current} twice")
            typed[current] = kind
            continue
        if line.startswith("# HELP "):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise AssertionError(f"no sample: {line}")
        name, labels, value = match.groups()
        family = name
        if typed.get(current) == "histogram":
            family = re.sub(r"_(bucket|sum|count)$", "", name)
        if family != current:
            raise AssertionError(f"{name} stands under {current}")
        if (labels or "") in samples.setdefault(name, {}):
            raise AssertionError(f"twice: {line}")
        samples[name][labels or ""] = float(value)
    return samples


class Metrics(Case):
    options = {"config": ("metrics_public: true",)}

    def metrics(self):
        answer = self.call("GET", "/metrics", token=None)
        self.assertEqual(
            answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8"
        )
        return answer.body.decode()

    def samples(self):
        return parse_metrics(self.metrics())

    def test_promtool_has_nothing_to_say(self):
        self.infer(self.gw.llm(), HI)
        promtool = os.environ.get("MCPD_PROMTOOL") or shutil.which("promtool")
        if not promtool:
            self.skipTest("promtool is missing: ./check gets it")
        done = subprocess.run(
            [promtool, "check", "metrics"], input=self.metrics(), text=True, capture_output=True
        )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_calls_are_summed_over_workers(self):
        llm, broken = self.gw.llm("events=7"), self.gw.llm("status=500")
        before = self.samples()
        for _ in range(12):
            self.infer(llm, HI)
        self.infer(broken, HI, 500)
        self.call("POST", f"/api/v1/llms/{llm}/infer", HI, 401, None)
        refused = '{llm="",status="401"}'
        counts = ["mcpd_first_byte_seconds_count", "mcpd_request_seconds_count"]

        def counted():
            now = self.samples()
            done = all(now[c][""] >= before[c][""] + 13 for c in counts)
            return now if done and refused in now["mcpd_requests_total"] else None

        after = wait_for("13 calls and a refusal", counted)
        self.assertEqual(after["mcpd_requests_total"][f'{{llm="{llm}",status="200"}}'], 12)
        self.assertEqual(after["mcpd_tokens_total"][f'{{llm="{llm}",kind="completion"}}'], 84)
        self.assertEqual(
            after["mcpd_upstream_errors_total"][f'{{llm="{broken}",kind="upstream_error"}}'], 1
        )
        self.assertEqual(after["mcpd_requests_total"][refused], 1)
        for name in ("mcpd_request_seconds", "mcpd_first_byte_seconds"):
            buckets = list(after[f"{name}_bucket"].values())
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], after[f"{name}_count"][""])
        for count in counts:
            self.assertEqual(after[count][""] - before[count][""], 13, count)
        self.assertGreaterEqual(after["mcpd_workers"][""], 1)
        for name in ("mcpd_store_recoveries_total", "mcpd_audit_failures_total"):
            self.assertIn(name, after)

    def test_the_label_llm_is_only_for_llms_that_exist(self):
        llm = self.gw.llm()
        self.logged(llm)
        self.logged("never-was", HI, 404)
        wait_for("the series", lambda: f'llm="{llm}"' in self.metrics())
        self.call("DELETE", f"/api/v1/llms/{llm}", status=204)
        text = self.metrics()
        self.assertNotIn(f'llm="{llm}"', text)
        self.assertNotIn("never-was", text)

    def test_what_a_killed_worker_had_open_does_not_stick(self):
        llm = self.gw.llm(f"events=3,gate={self.gw.gate()}")
        stream = self.gw.chat_stream(llm)
        wait_for("the stream", lambda: self.samples()["mcpd_streams_open"][""] == 1)
        status = self.call("GET", "/api/v1/status").json()
        self.assertEqual((status["streams"], status["calls"]), (1, 1))
        self.assertGreaterEqual(status["threadsBusy"], 1)
        for pid in self.gw.workers():
            os.kill(pid, signal.SIGKILL)
        stream.close()
        wait_for("the line", lambda: any(
            e["error"] == "worker_died" and e["llm"] == llm for e in log_lines(self.gw)[0]))
        wait_for("the pool", lambda: self.gw.request("GET", "/api/v1/status").status == 200)

        def cleared():
            now = self.samples()
            died = now["mcpd_requests_total"].get(f'{{llm="{llm}",status="died"}}')
            return died and now["mcpd_threads_busy"][""] <= 1 and now

        # the thread of the request before may still be about to close it
        after = wait_for("no busy thread but ours, and a call that died", cleared)
        self.assertEqual(after["mcpd_streams_open"][""], 0)
        self.assertEqual(after["mcpd_requests_total"][f'{{llm="{llm}",status="died"}}'], 1)


class Status(Case):
    def test_it_tells_how_we_are(self):
        status = self.call("GET", "/api/v1/status").json()
        self.assertEqual(status["store"]["status"], "ok")
        self.assertEqual(status["audit"], {
            "status": "ok", "sink": "file", "failures": 0, "waiting": 0})
        self.assertRegex(status["version"], r"^\d+\.\d+\.\d+$")
        self.assertGreaterEqual(status["uptimeSeconds"], 0)
        self.assertGreaterEqual(status["workers"], 1)
        # the thread of the request before may still be about to close it
        wait_for("one busy thread", lambda: self.call(
            "GET", "/api/v1/status").json()["threadsBusy"] == 1)
        revision = status["store"]["revision"]
        self.make_llm()
        self.assertGreater(
            self.call("GET", "/api/v1/status").json()["store"]["revision"], revision)

    def test_where_the_log_is_elsewhere_audit_says_so(self):
        gw = Gateway(config=("audit:", "  sink: stderr"))
        try:
            answer = gw.request("GET", "/api/v1/audit")
            self.assertEqual(answer.status, 501)
            self.assertIn("stderr", answer.json()["error"])
            llm = gw.llm()
            gw.chat(llm)
            rows = wait_for("the count", lambda: gw.request("GET", "/api/v1/usage?by=llm").json())
            self.assertEqual([r["requests"] for r in rows], [1])
            self.assertIn('"event":"llm_inference_call"', gw.logs())
        finally:
            gw.stop()


class Storm(unittest.TestCase):
    """Workers killed under load: no line is lost, doubled or torn, and usage is the log's sum."""

    def load(self, gw, llm, stop, acknowledged, failed, begun):
        while not stop.is_set():
            with self.lock:
                begun[0] += 1
            try:
                answer = gw.chat(llm)
            except OSError:
                answer = None
            with self.lock:
                if answer is not None and answer.status == 200:
                    acknowledged.append(answer.request_id)
                else:
                    failed[0] += 1

    def hit(self, gw, llm):
        """hit - a call is on its way when all workers are killed"""
        mark = "in-the-middle"
        call = infer(gw, llm, body={"user": mark})
        gw.recorded(mark)
        for pid in gw.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ConnectionResetError):
            call.rest()
        self.assertFalse(call.ended, call.out)

    def test_after_kills_log_acknowledged_and_counters_agree(self):
        self.lock = threading.Lock()
        stop, acknowledged, failed, begun = threading.Event(), [], [0], [0]
        gw = Gateway()
        try:
            llm, held = gw.llm("delay=3"), gw.llm(f"hold,gate={gw.gate()}")
            clients = [
                threading.Thread(target=self.load, args=(gw, llm, stop, acknowledged, failed, begun))
                for _ in range(CLIENTS)
            ]
            for c in clients:
                c.start()
            self.hit(gw, held)
            for i in range(KILLS):
                goal = len(acknowledged) + 2 + i % 5
                wait_for("load", lambda: len(acknowledged) >= goal and gw.workers())
                try:
                    os.kill(gw.workers()[i % len(gw.workers())], signal.SIGKILL)
                except (ProcessLookupError, ZeroDivisionError, IndexError):
                    pass
            stop.set()
            for c in clients:
                c.join()
            # the next start
            gw.pool.send_signal(signal.SIGTERM)
            gw.pool.wait(PATIENCE)
            gw.children.remove(gw.pool)
            gw.start_pool()
            wait_for("the pool", gw.ready)
            answer = gw.request("GET", "/api/v1/usage?by=llm")
            events, bad = log_lines(gw)
            calls = [e for e in events if e["llm"] == llm]
            ids = [e["requestId"] for e in calls]
            self.assertEqual(bad, 0)
            self.assertEqual(len(ids), len(set(ids)), "a line twice")
            self.assertEqual(set(acknowledged) - set(ids), set(), "a call without a line")
            self.assertLessEqual(len(ids) - len(acknowledged), failed[0] + KILLS)
            self.assertEqual([e["error"] for e in events if e["llm"] == held], ["worker_died"])
            rows = {r["llm"]: {n: r[n] for n in COUNTS} for r in answer.json()}
            self.assertEqual(rows, log_sum(events, "llm"))
            status = gw.request("GET", "/api/v1/status").json()
            self.assertEqual((status["calls"], status["audit"]["waiting"]), (0, 0))
        finally:
            stop.set()
            logs = gw.stop()
        self.assertNotIn("Sanitizer", logs)


if __name__ == "__main__":
    unittest.main()
