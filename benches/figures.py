"""Measures the whole server process under load, and writes docs/PERFORMANCE.md and its plot.

    python3 benches/figures.py            all figures, about 12 minutes, alone on the machine
    python3 benches/figures.py --short    fewer and shorter runs, under 3 minutes

It starts servers of its own: a profile made from sip-profiles/ with many agents and no wrap-up, a fresh data folder,
free ports on 127.0.0.1. Citizens and phones are SIPp (scenarios in benches/sipp/) and benches/load.rs. CPU time is user
and system time of the server's process, all threads, from /proc. Every process it ends is one that it started.

Needs: the built server (--binary), rustc, sipp. Nothing outside of Python's own library.
"""

import argparse
import concurrent.futures
import contextlib
import csv
import datetime
import hashlib
import http.cookiejar
import json
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SIPP = ROOT / "benches" / "sipp"
PLOT = ROOT / "docs" / "figures" / "cost-against-calls.svg"
CALLERS, PHONES = "127.0.0.1", ("127.0.0.2", 7001)
SILENT, RECORDED, WAITING = "12000", "12001", "12002"  # dialled numbers of the profile made here
BUSY = 0.5  # load average above which a figure is not called final
MS = 1e-3


# ------------------------------------------------------------------------------------------------ the server


class Server:
    """One server with `agents` agents ready at phones, all contacted at PHONES."""

    def __init__(self, folder, binary, agents, calls_max):
        self.folder, self.agents = folder, agents
        self.data = folder / "data"
        self.profile(calls_max)
        log = open(folder / "server.log", "wb")
        self.process = subprocess.Popen(
            [binary, "serve", "--data", self.data, "--profiles", folder / "profiles", "--prompts", ROOT / "prompts",
             "--recordings", folder / "recordings"],
            stdout=log, stderr=log)
        wait_until((self.data / "run.json").exists, 120, "the server to start", self.process)
        run = json.loads((self.data / "run.json").read_text())
        self.pid, self.api = run["pid"], run["http"][0] + "/api/v1"
        self.sip = next(tuple_of(it["address"]) for it in run["sip"] if it["transport"] == "udp")
        try:
            self.make_ready()
        except BaseException:
            self.stop()
            raise

    def profile(self, calls_max):
        """A copy of sip-profiles/ with own addresses, agents load0000 … at phones phone0000 …, and lines for load."""
        to = self.folder / "profiles"
        shutil.copytree(ROOT / "sip-profiles", to)
        sip, web = free_port(), free_port()
        media = free_range(6 * calls_max)
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
        for id, number, flow, record in (("silent", SILENT, "direct", "false"), ("recorded", RECORDED, "direct", "true"),
                                         ("waiting", WAITING, "waiting", "false")):
            site += f'\n[lines.{id}]\nnumber = "{number}"\nname = "{id}"\nflow = "{flow}"\nrecord = {record}\n'
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
        for method, path, body in (("POST", "/session", {"user": user["user"], "password": user["password"]}),
                                   ("POST", "/agent/sign-in", {}), ("PUT", "/agent/presence", {"state": "ready"})):
            request = urllib.request.Request(self.api + path, method=method, data=json.dumps(body).encode(),
                                             headers={"content-type": "application/json"})
            try:
                opener.open(request, timeout=30).close()
            except urllib.error.HTTPError as error:
                sys.exit(f"{user['user']}: {method} {path} {error.code} {error.read().decode()}")

    def cpu(self):
        """User and system time of all threads, living and ended, in seconds."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        """Run time by thread name, in seconds; threads of the same name are added."""
        times = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                name = (task / "comm").read_text().strip()
                times[name] = times.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
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
        """CPU seconds, and those by thread, within the next `seconds`."""
        cpu, threads = self.cpu(), self.threads()
        time.sleep(seconds)
        now = self.threads()
        return self.cpu() - cpu, {name: now[name] - threads.get(name, 0) for name in now}

    def stop(self):
        end(self.process, signal.SIGTERM)


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
        self.process = subprocess.Popen(
            ["sipp", *args, "-sf", SIPP / f"{scenario}.xml", "-nostdin", "-trace_stat", "-stf", "counts.csv", "-fd", "1",
             "-trace_err", "-error_file", "errors.txt"],
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
        self.process = subprocess.Popen(
            [program, mode, "%s:%d" % server.sip, number, *map(str, counts)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "up\n":
            sys.exit(f"load {mode} did not come up")
        self.since = time.monotonic()

    def stop(self):
        self.seconds = time.monotonic() - self.since
        self.process.stdin.close()
        text = self.process.stdout.read()
        self.process.wait(30)
        return json.loads(text)


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
    """Milliseconds of CPU for one call, and by thread: `rate` calls a second that last `hold_s`, once all stand."""
    warm_s = hold_s + 1
    with phones(server):
        sipp = Sipp.callers(server, "caller-talks-silently", SILENT, rate, round(rate * (warm_s + window_s)), hold_s)
        time.sleep(warm_s)
        cpu, threads = server.window(window_s)
        failed = int(sipp.join(60)["FailedCall(C)"])
        time.sleep(0.5)
    calls = rate * window_s / 1000
    if failed:
        print(f"  {failed} calls failed", file=sys.stderr)
    return cpu / calls, {name: it / calls for name, it in threads.items()}


def rush(server, rate, seconds):
    """`rate` calls a second: how many failed, how long the worst waited for a free agent, how many over 100 ms."""
    since = round(time.time() * 1e6)
    with phones(server):
        sipp = Sipp.callers(server, "caller-talks-silently", SILENT, rate, rate * seconds, 1.0)
        time.sleep(1.5)
        cpu, threads = server.window(seconds - 2)
        counts = sipp.join(120)
        time.sleep(0.5)
    server.records_since(since, rate * seconds)
    waits = sorted(it[0] / 1000 for it in server.rows(
        "select min(o.offered_at_us) - i.queued_at_us from interaction i join offer o on o.interaction = i.id"
        " where i.offered_at_us >= ? group by i.id", since))
    unanswered = server.rows("select count(*) from interaction where offered_at_us >= ? and outcome <> 'answered'", since)
    return {
        "calls": rate * seconds, "failed": int(counts["FailedCall(C)"]) + unanswered[0][0],
        "repeats": int(counts["Retransmissions(C)"]), "rate": float(counts["CallRate(C)"]),
        "late": sum(it > 100 for it in waits) + rate * seconds - len(waits), "worst_ms": waits[-1] if waits else None,
        "median_ms": statistics.median(waits) if waits else None, "cpu_percent": 100 * cpu / (seconds - 2),
    }


def media(server, program, mode, number, calls, window_s):
    """Percent of a core while `calls` calls send and hear 50 packets/s, and KiB that they added."""
    before = server.resident()
    load = Load(server, program, mode, number, calls)
    time.sleep(2)
    cpu, threads = server.window(window_s)
    memory = (server.resident() - before) / calls
    counts = load.stop()
    ways = (2 if mode == "talk" else 1) * calls
    time.sleep(1)
    return {"percent": 100 * cpu / window_s, "threads": {name: 100 * it / window_s for name, it in threads.items()},
            "memory": memory, "failed": counts["failed"], "heard": counts["received"] / max(1, counts["sent"]),
            "media_us": 1e6 * threads.get("media-0", 0) / (ways * 50 * window_s)}


def refusals(server, calls_max):
    """Fills the server, then calls 200 times more."""
    since = round(time.time() * 1e6)
    with phones(server):
        full = Sipp.callers(server, "caller-talks-silently", SILENT, 50, calls_max, calls_max / 50 + 5)
        time.sleep(calls_max / 50 + 1)
        cpu = server.cpu()
        more = Sipp.callers(server, "caller-is-refused", SILENT, 100, 200).join(30)
        cpu = server.cpu() - cpu
        held = full.join(60)
    return {"refused": int(more["SuccessfulCall(C)"]), "not": int(more["FailedCall(C)"]),
            "harmed": int(held["FailedCall(C)"]), "cpu_ms": cpu / 200 * 1000, "since": since}


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
    for first in range(10_000, 32_000 - count, 1_000):
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
