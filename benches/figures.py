"""Measures the whole server process under load, and writes docs/PERFORMANCE.md and its plot.

    python3 benches/figures.py            all figures, about 13 minutes, alone on the machine
    python3 benches/figures.py --short    fewer and shorter runs, under 3 minutes

It starts servers of its own: a profile made from sip-profiles/ with many agents and no wrap-up, a fresh data folder,
free ports on 127.0.0.1. Citizens and phones are SIPp (scenarios in benches/sipp/) and benches/load.rs. CPU time is user
and system time of the server's process, all threads, from /proc. Every process it ends is one that it started.

Needs: the built server (--binary), rustc, sipp. Nothing outside of Python's own library.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import csv
import datetime
import fnmatch
import hashlib
import http.cookiejar
import json
import math
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import floor

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
SIPP = ROOT / "benches" / "sipp"
PLOT = ROOT / "docs" / "figures" / "cost-against-calls.svg"
CALLERS, PHONES = "127.0.0.1", ("127.0.0.2", 7001)
SILENT, RECORDED, WAITING = "12000", "12001", "12002"  # dialled numbers of the profile made here
BUSY = 0.5  # load average above which a figure is not called final
STARTED = []  # every process of ours


# ------------------------------------------------------------------------------------------------ the server


class Server:
    """One server with `agents` agents ready at phones, all contacted at PHONES."""

    def __init__(self, folder, binary, agents, calls_max):
        self.folder, self.agents = folder, agents
        self.data = folder / "data"
        self.profile(calls_max)
        log = open(folder / "server.log", "wb")
        self.process = start(
            [binary, "serve", "--data", self.data, "--profiles", folder / "profiles", "--prompts", ROOT / "prompts",
             "--recordings", folder / "recordings"],
            stdout=log, stderr=log)
        wait_until((self.data / "run.json").exists, 120, "the server to start", self.process)
        run = json.loads((self.data / "run.json").read_text())
        self.pid, self.api = run["pid"], run["http"][0] + "/api/v1"
        self.sip = next(tuple_of(it["address"]) for it in run["sip"] if it["transport"] == "udp")
        self.make_ready()

    def profile(self, calls_max):
        """A copy of sip-profiles/ with own addresses, agents load0000 … at phone0000 …, and lines for load."""
        to = self.folder / "profiles"
        shutil.copytree(ROOT / "sip-profiles", to)
        sip, web = free_port(), free_port()
        media = free_range(4 * calls_max + 100)
        (to / "server.toml").write_text(
            f'node = "figures"\ndata = "{self.data}"\nrecordings = "{self.folder}/recordings"\n'
            f"calls_max = {calls_max}\ncalls_per_second_max = 1000\n"
            f'[[sip.listen]]\ntransport = "udp"\naddress = "127.0.0.1:{sip}"\n'
            f'[http]\nlisten = "127.0.0.1:{web}"\nhosts = ["127.0.0.1"]\n'
            f'[media]\naddresses = ["127.0.0.1"]\nfirst_port = {media[0]}\nlast_port = {media[1]}\ntimeout_s = 60\n')
        queues = (to / "queues.toml").read_text()
        (to / "queues.toml").write_text(re.sub(r"(?m)^wrapup_s = .*", "wrapup_s = 0", queues))
        with open(to / "agents.toml", "a") as agents, open(to / "devices.toml", "a") as devices:
            for at in range(self.agents):
                agents.write(f'\n[agents.load{at:04}]\nname = "测"\nuser = "load{at:04}"\norgan = "hotline"\n'
                             f'skills = {{ general = 5 }}\nqueues = ["general"]\ndevices = ["phone{at:04}"]\n')
                devices.write(f'\n[devices.phone{at:04}]\nuser = "phone{at:04}"\ncodecs = ["pcma", "pcmu"]\n')
        direct = (to / "flows" / "direct.toml").read_text()
        (to / "flows" / "waiting.toml").write_text(direct.replace('"general"', '"enterprise"'))
        site = re.sub(r'(?s)\n\[lines\.load\].*?(?=\n\[|\Z)', "", (to / "site.toml").read_text())
        lines = (SILENT, "direct", "false"), (RECORDED, "direct", "true"), (WAITING, "waiting", "false")
        for number, flow, record in lines:
            site += f'\n[lines.n{number}]\nnumber = "{number}"\nname = "{number}"\nflow = "{flow}"\nrecord = {record}\n'
        (to / "site.toml").write_text(site)

    def make_ready(self):
        """Registers every phone and signs every agent in."""
        secrets = json.loads((self.data / "credentials.json").read_text())
        for device in secrets["devices"]:
            if device["user"].startswith("phone"):
                register(device["user"], device["secret"], self.sip)
        users = [it for it in secrets["users"] if it["user"].startswith("load")]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.sign_in, users))

    def sign_in(self, user):
        context = ssl._create_unverified_context()  # the certificate was made by the server a moment ago
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context),
                                             urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        def ask(method, path, body=None):
            request = urllib.request.Request(self.api + path, method=method,
                                             data=None if body is None else json.dumps(body).encode(),
                                             headers={"content-type": "application/json"})
            try:
                with opener.open(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                sys.exit(f"{user['user']}: {method} {path} {error.code} {error.read().decode()}")

        session = ask("POST", "/session", {"user": user["user"], "password": user["password"]})
        if session["commitment_due"]:
            text = ask("GET", "/session/commitment")
            ask("POST", "/session/commitment", {"version": text["version"], "sha256": text["sha256"]})
        ask("POST", "/agent/sign-in", {})
        ask("PUT", "/agent/presence", {"state": "ready"})

    def cpu(self):
        """User and system time of all threads, living and ended, in seconds."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        """Run time of each living thread, in seconds, by its id and name."""
        times = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                name = "main" if task.name == str(self.pid) else (task / "comm").read_text().strip()
                times[task.name, name] = int((task / "schedstat").read_text().split()[0]) / 1e9
        return times

    def resident(self):
        """Resident memory in KiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text())[1])

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/rexian.db?mode=ro", uri=True, timeout=30)) as store:
            return store.execute(sql, values).fetchall()

    def records_since(self, since_us, count):
        """Waits until `count` calls offered since then are closed in the database."""
        sql = "select count(*) from interaction where offered_at_us >= ? and ended_at_us is not null"
        wait_until(lambda: count <= self.rows(sql, since_us)[0][0], 60, f"{count} records", self.process)

    def window(self, seconds):
        """CPU seconds within the next `seconds`, and those by name of the threads that live at their end."""
        cpu, threads = self.cpu(), self.threads()
        time.sleep(seconds)
        spent = self.cpu() - cpu
        by_name = collections.Counter()
        for thread, now in self.threads().items():
            by_name[thread[1]] += now - threads.get(thread, 0)
        return spent, by_name

    def stop(self):
        end(self.process, signal.SIGKILL)  # its data is thrown away


def register(user, secret, server):
    """Registers a phone at PHONES by MD5 digest (RFC 3261 section 22, RFC 2617)."""
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((PHONES[0], 0))
        sock.settimeout(5)
        local, uri = "%s:%d" % sock.getsockname(), "sip:%s:%d" % server

        def ask(cseq, more=""):
            sock.sendto((f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{user}{cseq};rport\r\n"
                         f"From: <sip:{user}@figures>;tag={user}\r\nTo: <sip:{user}@figures>\r\nCall-ID: r-{user}\r\n"
                         f"CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{PHONES[0]}:{PHONES[1]}>\r\nExpires: 3600\r\n"
                         f"Max-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n").encode(), server)
            return sock.recv(4096).decode()

        challenge = next(it for it in ask(1).split("\r\n") if it.lower().startswith("www-auth") and "MD5" in it)
        realm, nonce = (re.search(f'{name}="([^"]+)"', challenge)[1] for name in ("realm", "nonce"))
        answer = md5(f"{md5(f'{user}:{realm}:{secret}')}:{nonce}:00000001:f:auth:{md5(f'REGISTER:{uri}')}")
        reply = ask(2, f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
                       f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="f"\r\n')
        if not reply.startswith("SIP/2.0 200"):
            sys.exit(f"{user} is not registered: {reply.splitlines()[0]}")


# ------------------------------------------------------------------------------------------------ clients


class Sipp:
    """A SIPp process in a folder of its own, with its counts."""

    def __init__(self, folder, scenario, *args):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.process = start(
            ["sipp", *args, "-sf", SIPP / f"{scenario}.xml", "-nostdin", "-trace_stat", "-stf", "counts.csv",
             "-fd", "1", "-trace_err", "-error_file", "errors.txt"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def callers(cls, server, scenario, number, rate, count, hold_s=0.0):
        return cls(server.folder, scenario, "%s:%d" % server.sip, "-s", number, "-i", CALLERS, "-p", str(free_port()),
                   "-r", str(rate), "-m", str(count), "-l", "5000", "-d", str(round(1000 * hold_s)), "-timeout", "200")

    def join(self, seconds):
        self.process.wait(seconds)
        return self.counts()

    def counts(self):
        with open(self.folder / "counts.csv", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))[-1]


@contextlib.contextmanager
def phones(server):
    sipp = Sipp(server.folder, "phone-answers-silently", "-i", PHONES[0], "-p", str(PHONES[1]))
    try:
        wait_until(lambda: bound(PHONES), 5, "the phones", sipp.process)
        yield sipp
    finally:
        end(sipp.process, signal.SIGKILL)


class Load:
    """The sound generator, from the moment when all its calls stand until `stop`."""

    def __init__(self, server, program, mode, number, *counts):
        self.process = start(
            [program, mode, "%s:%d" % server.sip, number, *map(str, counts)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "up\n":
            sys.exit(f"load {mode} did not come up")

    def stop(self):
        self.process.stdin.close()
        text = self.process.stdout.read()
        self.process.wait(30)
        return json.loads(text)


def start(*args, **more):
    process = subprocess.Popen(*args, **more)
    STARTED.append(process)
    return process


def end(process, how):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# ------------------------------------------------------------------------------------------------ the scenarios


def signalling(server, rate, hold_s, window_s):
    """Milliseconds of CPU for one call, those by thread, and how many failed.

    `rate` calls a second that last `hold_s`; measured from when all calls stand, for `window_s`.
    """
    warm_s = hold_s + 1
    with phones(server):
        sipp = Sipp.callers(server, "caller-talks-silently", SILENT, rate, round(rate * (warm_s + window_s)), hold_s)
        time.sleep(warm_s)
        cpu, threads = server.window(window_s)
        failed = int(sipp.join(60)["FailedCall(C)"])
        time.sleep(0.5)
    calls = rate * window_s / 1000
    return cpu / calls, {name: it / calls for name, it in threads.items()}, failed


def rush(server, rate, seconds):
    """`rate` calls a second with agents always ready: how many failed, and how long until a phone had answered.

    Phones answer at once, so an offer that came 100 ms late shows as an answer after more than 100 ms.
    """
    since = round(time.time() * 1e6)
    with phones(server):
        sipp = Sipp.callers(server, "caller-talks-silently", SILENT, rate, rate * seconds, 1.0)
        time.sleep(1.5)
        cpu, threads = server.window(seconds - 2)
        counts = sipp.join(120)
        time.sleep(0.5)
    server.records_since(since, rate * seconds)
    rows = server.rows("select i.outcome, min(o.offered_at_us) - i.queued_at_us,"
                       " i.agent_answered_at_us - i.queued_at_us from interaction i"
                       " left join offer o on o.interaction = i.id where i.offered_at_us >= ? group by i.id", since)
    answered = sorted(it[2] * 1e-3 for it in rows if it[2] is not None)
    return {
        "calls": rate * seconds,
        "failed": max(int(counts["FailedCall(C)"]), sum(it[0] != "answered" for it in rows)),
        "late": rate * seconds - sum(it <= 100 for it in answered),
        "worst_ms": answered[-1] if answered else None,
        "offer_ms": max((it[1] * 1e-3 for it in rows if it[1] is not None), default=0),
        "repeats": int(counts["Retransmissions(C)"]),
        "cpu_percent": 100 * cpu / (seconds - 2),
    }


def memory(server, program):
    """KiB that a recorded call adds beyond a hundred of them: what is set up once, whatever the number, is no call's."""
    def standing(calls):
        load = Load(server, program, "talk", RECORDED, calls)
        time.sleep(3)
        resident = server.resident()
        load.stop()
        time.sleep(2)
        return resident

    first = standing(100)
    return (standing(300) - first) / 200


def media(server, program, mode, number, calls, window_s):
    """Percent of a core while `calls` calls send and hear 50 packets/s."""
    load = Load(server, program, mode, number, calls)
    time.sleep(2)
    cpu, threads = server.window(window_s)
    counts = load.stop()
    ways = (2 if mode == "talk" else 1) * calls
    time.sleep(1)
    return {"percent": 100 * cpu / window_s, "threads": {name: 100 * it / window_s for name, it in threads.items()},
            "failed": counts["failed"], "heard": counts["received"] / max(1, counts["sent"]),
            "media_us": 1e6 * threads.get("media-0", 0) / (ways * 50 * window_s)}


def refusals(server, calls_max):
    """Fills the server, then calls 200 times more."""
    with phones(server):
        full = Sipp.callers(server, "caller-talks-silently", SILENT, 50, calls_max, calls_max / 50 + 5)
        time.sleep(calls_max / 50 + 1)
        cpu = server.cpu()
        more = Sipp.callers(server, "caller-is-refused", SILENT, 100, 200).join(30)
        cpu = server.cpu() - cpu
        held = full.join(60)
    return {"refused": int(more["SuccessfulCall(C)"]), "not": int(more["FailedCall(C)"]),
            "harmed": int(held["FailedCall(C)"]), "cpu_ms": cpu / 200 * 1000}


# ------------------------------------------------------------------------------------------------ helpers


def tuple_of(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def free_port():
    """A port that is free for UDP and TCP on 127.0.0.1, below those that the system gives out by itself."""
    for port in range(7100 + os.getpid() % 1000, 9000):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket() as tcp:
            if port not in free_port.given:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                free_port.given.add(port)
                return port
    sys.exit("no free port")


free_port.given = set()


def free_range(count):
    """First and last of `count` UDP ports of which none is in use on 127.0.0.1."""
    used = {int(it.split()[1].split(":")[1], 16) for it in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]}
    for first in [*range(10_000, 32_000 - count, 1_000), *range(61_000 - count, 33_000, -1_000)]:
        if not used.intersection(range(first, first + count)):
            return first, first + count - 1
    sys.exit("no free ports for media")


def bound(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(address)
        except OSError:
            return True
    return False


def wait_until(condition, seconds, what, process):
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or deadline < time.monotonic():
            sys.exit(f"waited in vain for {what} (process ended with {process.poll()})")
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------ the figures


class Figure:
    """One line of the table: values of equal runs, the bound that the median shall keep, and how it was taken."""

    def __init__(self, what, unit, target, values, how, digits=2):
        self.what, self.unit, self.target, self.how, self.digits = what, unit, target, how, digits
        self.values = [it for it in values if it is not None]

    def row(self, final):
        def text(value):
            return f"{value:.{self.digits}f} {self.unit}".strip()

        if not self.values:
            return f"| {self.what} | {self.bound()} | not measured | | | {self.how} |"
        median, worst = statistics.median(self.values), max(self.values)
        verdict = "" if self.target is None else "met" if median <= self.target else "**missed**"
        if not final and verdict:
            verdict += ", busy machine"
        return f"| {self.what} | {self.bound()} | {text(median)} | {text(worst)} | {verdict} | {self.how} |"

    def bound(self):
        return "" if self.target is None else f"{self.target:g} {self.unit}".strip()


class Run:
    """All scenarios in order; `figures`, `threads` and `curve` are what they gave."""

    def __init__(self, options, folder, program):
        self.short, self.binary, self.folder, self.program = options.short, options.binary, folder, program
        self.figures, self.threads, self.curve = [], {}, {}
        self.agents = 360 if self.short else 1100
        self.times = 1 if self.short else 3
        self.started = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.started:5.0f} s  {text}", flush=True)

    def add(self, *args, **more):
        self.figures.append(Figure(*args, **more))
        self.say(self.figures[-1].row(True))

    def all(self):
        self.say(f"starting a server with {self.agents} agents")
        with self.server("large", self.agents, 1500) as server:
            self.sound(server)
            self.cost(server)
            self.peak(server)
        self.say("starting a server with 10 agents that takes 150 calls")
        with self.server("small", 10, 150) as server:
            self.handover(server)
            self.limit(server)
        self.criterion()

    @contextlib.contextmanager
    def server(self, name, agents, calls_max):
        folder = self.folder / name
        folder.mkdir()
        server = Server(folder, self.binary, agents, calls_max)
        try:
            yield server
        finally:
            server.stop()

    def sound(self, server):
        window, media_us = (5 if self.short else 10), []
        media(server, self.program, "talk", RECORDED, 10, 2)  # what is set up once is not a call's
        how = "resident memory with 300 recorded calls less that with 100, by 200"
        self.add("memory per recorded call", "KiB", 64, [memory(server, self.program)], how, digits=1)
        time.sleep(2)
        for what, mode, number, target in (
                ("100 recorded calls, G.711 both ways", "talk", RECORDED, 10),
                ("100 calls, G.711 both ways", "talk", SILENT, 8),
                ("100 callers who hear music and send", "listen", WAITING, 5)):
            runs = [media(server, self.program, mode, number, 100, window) for _ in range(self.times)]
            failed, heard = sum(it["failed"] for it in runs), min(it["heard"] for it in runs)
            how = f"`load {mode}`, {window} s; {failed} calls failed, {100 * heard:.2f} % of the packets came"
            self.add(f"{what}: CPU", "% of a core", target, [it["percent"] for it in runs], how)
            if number == SILENT:
                media_us = [it["media_us"] for it in runs]
            self.threads[f"{what}, % of a core"] = runs[0]["threads"]
        how = "run time of the thread `media-0` by packets passed on, 100 calls both ways"
        self.add("media thread, per packet", "µs", None, media_us, how)

    def cost(self, server):
        window = 10 if self.short else 20
        runs = [signalling(server, 50, 1, window) for _ in range(self.times)]
        how = (f"`caller-talks-silently`, `phone-answers-silently`; {window} s each, talks of 1 s, "
               f"no media; {sum(it[2] for it in runs)} calls failed")
        self.add("signalling, 50 calls/s: CPU per call", "ms", 1.5, [it[0] for it in runs], how)
        self.threads["signalling at 50 calls/s, ms per call"] = runs[0][1]
        levels = (20, 100, 300) if self.short else (20, 100, 300, 1000)
        window = 8 if self.short else 20
        self.curve, failed = {it: [] for it in levels}, 0
        for _ in range(self.times):
            for level in levels:
                cost = signalling(server, 50, level / 50, window)
                self.curve[level].append(cost[0])
                failed += cost[2]
        first, last = statistics.median(self.curve[20]), statistics.median(self.curve[levels[-1]])
        more = 100 * (last / first - 1)
        how = f"50 calls/s held longer; {window} s each once all calls stand; {failed} calls failed; {PLOT.name}"
        self.add(f"cost of a call at {levels[-1]} calls at once over that at 20", "%", 10, [more], how, digits=1)

    def peak(self, server):
        seconds = 10 if self.short else 20
        it = rush(server, 300, seconds)
        how = (f"{it['calls']} calls in {seconds} s to {self.agents} agents, talks of 1 s; "
               f"SIPp repeated {it['repeats']} messages")
        self.add("300 calls/s: calls that failed", "", 0, [it["failed"]], how, digits=0)
        how = "queued to answered, by phones that answer at once, from the records; an agent was always ready"
        self.add("300 calls/s: agents more than 100 ms late", "", 0, [it["late"]], how, digits=0)
        how = f"the same; the choice itself took {it['offer_ms']:.2f} ms at most"
        self.add("300 calls/s: longest from queue to answer", "ms", 100, [it["worst_ms"]], how, digits=1)
        self.add("300 calls/s: CPU", "% of a core", None, [it["cpu_percent"]], "the same", digits=0)

    def handover(self, server):
        load = Load(server, self.program, "turnover", SILENT, 140, 10)
        time.sleep(7)
        counts = load.stop()
        turns = counts["turns_ms"]
        how = (f"`load turnover`: a phone's BYE to the next INVITE at a phone, both on the wire; {len(turns)} times; "
               "the hang-up, two facts on disk and the choice are within")
        median, late = ([statistics.median(turns)], [turns[len(turns) * 99 // 100]]) if turns else ([], [])
        self.add("agent free to INVITE, median", "ms", 5, median, how)
        self.add("agent free to INVITE, 99th percentile", "ms", None, late, "the same")

    def limit(self, server):
        it = refusals(server, 150)
        how = (f"`caller-is-refused`: {it['refused']} of 200 got 486 with cause 17 and nothing before; "
               f"{it['harmed']} of 150 calls in progress were harmed")
        wrong = it["not"] + it["harmed"]
        self.add("above the limit: not refused before answer, or harmed", "", 0, [wrong], how, digits=0)
        self.add("above the limit: CPU per refused call", "ms", None, [it["cpu_ms"]], "the same")

    def criterion(self):
        results = floor.measured()
        for what, id, target in (
                ("read and write an INVITE", "sip/parse_and_write", 3),
                ("one step of the exchange, median of all inputs", "exchange/median step*", 5),
                ("one SIP message in the exchange, median", "exchange/median message*", None),
                ("the same, an INFO in a talk", "exchange/INFO in a talk*", None),
                ("a whole call in the exchange", "exchange/whole call*", None),
                ("a fact encoded and sealed", "encode/sealed", None),
                ("a batch of 64 facts on disk", "durable/64", None)):
            values = [ns / 1000 for it, ns in results.items() if fnmatch.fnmatch(it, id)]
            self.add(what, "µs", target, values, f"criterion, medians of `{id}` when they ran last")


# ------------------------------------------------------------------------------------------------ the report


def report(run, state, final):
    lines = [
        "# Performance", "",
        "Figures are taken by `make figures`, alone on the machine: CPU time of the server's own process (user and",
        "system, all threads), with journal and SQLite record included. SIPp and a sound generator",
        "(`benches/load.rs`) play citizens and phones on the same machine; their time is not counted.",
        "`benches/figures.py` holds the method.", "",
        state, "",
        "| figure | target | median | worst | verdict | how |", "| --- | --- | --- | --- | --- | --- |",
        *(it.row(final) for it in run.figures), "",
        "## Cost against calls at once", "", f"![CPU per call against calls at once](figures/{PLOT.name})", "",
        "| calls at once | median | worst |", "| --- | --- | --- |",
        *(f"| {level} | {statistics.median(it):.2f} ms | {max(it):.2f} ms |" for level, it in run.curve.items()), "",
        "## Where the time goes", "",
        "Run time by thread, from `/proc/PID/task/*/schedstat`; the first run of each.", "",
    ]
    names = sorted({name for it in run.threads.values() for name, time in it.items() if time >= 0.005})
    lines += ["| thread | " + " | ".join(run.threads) + " |", "| --- |" + " --- |" * len(run.threads)]
    for name in names:
        lines.append(f"| {name} | " + " | ".join(f"{it.get(name, 0):.2f}" for it in run.threads.values()) + " |")
    return "\n".join(lines) + "\n"


def machine(folder, binary):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    mounts = [it.split()[:3] for it in pathlib.Path("/proc/mounts").read_text().splitlines()]
    disk = max((it for it in mounts if str(folder.resolve()).startswith(it[1])), key=lambda it: len(it[1]))[2]
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    commit = head.stdout.strip()
    built = datetime.datetime.fromtimestamp(binary.stat().st_mtime)
    return (f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, {disk}; "
            f"`{binary.parent.name}` build of {built:%Y-%m-%d %H:%M}; tree at {commit or 'no commit'}, "
            f"{datetime.date.today()}")


def plot(curve):
    """Median and worst of each level over a logarithmic scale of calls at once, and the bound: 10 % above the first."""
    width, height, left, top, right, bottom = 640, 360, 64, 24, 616, 304
    levels, most = list(curve), max(max(it) for it in curve.values())
    ceiling = max(1.0, 0.5 * -(-1.25 * most // 0.5))
    bound = 1.1 * statistics.median(curve[levels[0]])

    def x(level):
        return left + 28 + (right - left - 56) * (math.log(level / levels[0]) / math.log(levels[-1] / levels[0]))

    def y(ms):
        return bottom - (bottom - top) * ms / ceiling

    def text(at_x, at_y, words, anchor="middle", more=""):
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="{anchor}"{more}>{words}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           'font-size="12" fill="#222" role="img"><title>CPU time per call against calls at once</title>',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for step in range(round(ceiling / 0.5) + 1):
        at = y(step / 2)
        out.append(f'<path d="M{left} {at:.1f}H{right}" stroke="#ddd"/>'
                   + text(left - 8, at + 4, f"{step / 2:.1f}", "end"))
    out.append(f'<path d="M{left} {y(bound):.1f}H{right}" stroke="#b42" stroke-dasharray="6 4"/>'
               + text(left + 4, y(bound) - 6, f"bound: 10 % above {levels[0]} calls", "start", ' fill="#b42"'))
    points = [(x(level), statistics.median(it)) for level, it in curve.items()]
    out.append(f'<polyline points="{" ".join(f"{at:.1f},{y(ms):.1f}" for at, ms in points)}" fill="none" stroke="#257" '
               'stroke-width="2"/>')
    for (at, ms), level in zip(points, levels):
        out.append(f'<path d="M{at:.1f} {y(ms):.1f}V{y(max(curve[level])):.1f}" stroke="#257"/>'
                   f'<circle cx="{at:.1f}" cy="{y(ms):.1f}" r="4" fill="#257"/>'
                   + text(at, bottom + 18, level) + text(at, y(ms) + 20, f"{ms:.2f}"))
    out += [text((left + right) / 2, bottom + 42, "calls at once (50 calls/s, held longer)"),
            text(0, 0, "CPU, ms per call", more=f' transform="translate(20 {(top + bottom) / 2:.0f}) rotate(-90)"'),
            "</svg>"]
    return "\n".join(out) + "\n"


def quiet(patience_s):
    """The load average, once it is low enough or patience is at its end."""
    deadline = time.monotonic() + patience_s
    while BUSY < os.getloadavg()[0] and time.monotonic() < deadline:
        print(f"load average {os.getloadavg()[0]:.2f}: waiting for a quiet machine", flush=True)
        time.sleep(15)
    return os.getloadavg()[0]


def main():
    parser = argparse.ArgumentParser(description="Measures the server under load.")
    parser.add_argument("--short", action="store_true", help="fewer and shorter runs, under 3 minutes; never final")
    parser.add_argument("--binary", type=pathlib.Path, default=TARGET / "release" / "rexian", help="the server")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "PERFORMANCE.md", help="the tables")
    parser.add_argument("--patience", type=int, help="seconds to wait for a quiet machine [300; with --short 0]")
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    if missing := [it for it in ("rustc", "sipp", options.binary) if not shutil.which(it)]:
        sys.exit(f"missing: {', '.join(map(str, missing))}")
    before = quiet(options.patience if options.patience is not None else 0 if options.short else 300)
    final = before <= BUSY and not options.short
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="figures-", dir=TARGET, ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        program = folder / "load"
        subprocess.run(["rustc", "-O", "--edition", "2024", "-o", program, ROOT / "benches" / "load.rs"], check=True)
        run = Run(options, folder, program)
        try:
            run.all()
        finally:
            for process in STARTED:
                end(process, signal.SIGKILL)
        state = f"State: **{'final' if final else 'not final'}**"
        state += ", short run" if options.short else ""
        state += f", busy machine (load average {before:.2f} before the start)" if BUSY < before else ""
        text = report(run, f"{state}. {machine(folder, options.binary)}.", before <= BUSY)
    options.out.write_text(text)
    svg = PLOT if options.out.parent == ROOT / "docs" else options.out.parent / "figures" / PLOT.name
    svg.parent.mkdir(exist_ok=True)
    svg.write_text(plot(run.curve))
    print(f"{state}\nwritten: {options.out}, {svg}")


if __name__ == "__main__":
    main()
