#!/usr/bin/env python3
"""Drives a running server: two agents' phones answer, three citizens call, and what each heard is told.

The server must run on this machine (`make run`). Needs baresip (apt: baresip-core) and nothing beyond Python itself.

    python3 tests/demo/demo.py --data data
"""

import argparse
import array
import http.cookiejar
import json
import math
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATE = 8000
LINE = "12345"
TALK_S = 6
# Between the notes of the music on hold, so that neither is taken for the other.
AGENT_HZ = [427, 641]


class Api:
    """A person's session at the server."""

    def __init__(self, base, user, password):
        context = ssl.create_default_context()
        # The certificate is one that the server made for itself.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.base = base + "/api/v1"
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), cookies)
        session = self.ask("POST", "/session", {"user": user, "password": password})
        if session["commitment_due"]:
            text = self.ask("GET", "/session/commitment")
            self.ask("POST", "/session/commitment", {"version": text["version"], "sha256": text["sha256"]})

    def ask(self, method, path, body=None):
        data = None if body is None and method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with self.opener.open(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Baresip:
    """A softphone that plays a tone, remembers what it hears, and is told what to do by a TCP port."""

    def __init__(self, name, folder, port, tone_hz, account):
        self.name, self.tone_hz = name, tone_hz
        self.folder = folder / f"phone-{port}"
        self.folder.mkdir()
        write_tone(self.folder / "tone.wav", tone_hz)
        (self.folder / "contacts").touch()
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "config").write_text(
            "module_path /usr/lib/baresip/modules\n"
            "module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n"
            "module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
            f"poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\n"
            f"ctrl_tcp_listen 127.0.0.1:{port + 5}\naudio_player aubridge,none\naudio_alert aubridge,none\n"
            f"audio_source aufile,{self.folder}/tone.wav\naudio_srate 8000\naudio_channels 1\n"
            f"snd_path {self.folder}\n"
        )
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(["baresip", "-f", self.folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.said = b""
        self.control = until(f"the control port of {name}", 10, lambda: connect(port + 5))

    def tell(self, command, params=""):
        text = json.dumps({"command": command, "params": params})
        self.control.sendall(f"{len(text)}:{text},".encode())

    def wait_for(self, event, seconds):
        until(f"{event} of {self.name}", seconds, lambda: event.encode() in self.listen())

    def wait_registered(self, seconds):
        """By its log: it may have registered before its control port was reached."""
        until(f"the registration of {self.name}", seconds, lambda: "200 OK" in (self.folder / "log").read_text())

    def listen(self):
        self.control.settimeout(0.05)
        try:
            self.said += self.control.recv(65536)
        except TimeoutError:
            pass
        return self.said

    def heard(self):
        """The samples it heard, longest file first."""
        files = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda it: it.stat().st_size)
        return read_wav(files[-1]) if files else array.array("h")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()


def connect(port):
    try:
        return socket.create_connection(("127.0.0.1", port), 1)
    except OSError:
        return None


def until(what, seconds, look):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"waited {seconds} s in vain for {what}")


def write_tone(path, hz):
    samples = array.array("h", (int(8000 * math.sin(2 * math.pi * hz * at / RATE)) for at in range(RATE * 60)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def read_wav(path):
    with wave.open(str(path), "rb") as file:
        return array.array("h", file.readframes(file.getnframes()))


def through_alaw(sample):
    """What is left of a sample after a G.711 A-law line."""
    magnitude = (~sample if sample < 0 else sample) >> 4
    step = max(0, magnitude.bit_length() - 5)
    coarse = (magnitude >> max(step, 1)) << max(step, 1)
    back = (coarse << 4) + (1 << (max(step, 1) + 3))
    return -back if sample < 0 else back


def through_ulaw(sample):
    """A sample after coding in G.711 μ-law and back."""
    level = min(abs(sample), 32635) + 132
    exponent = level.bit_length() - 8
    decoded = ((((level >> (exponent + 3)) & 15) << 3) + 132 << exponent) - 132
    return -decoded if sample < 0 else decoded


def find_prompt(heard, name, seconds=None):
    """Where a prompt begins in what was heard, in seconds; None if it is not there sample by sample."""
    prompt = read_wav(ROOT / "prompts" / name)
    prompt = prompt[: int(seconds * RATE)] if seconds else prompt
    # Which law it was sent in is the phone's choice.
    for through in (through_alaw, through_ulaw):
        at = heard.tobytes().find(array.array("h", map(through, prompt)).tobytes())
        if at >= 0:
            return at / 2 / RATE
    return None


def tone_seconds(heard, hz):
    """For how long a tone was heard (Goertzel, frames of 200 ms: neighbouring notes of music are told apart)."""
    factor, frames, size = 2 * math.cos(2 * math.pi * hz / RATE), 0, RATE // 5
    for at in range(0, len(heard) - size, size):
        one = two = 0.0
        for sample in heard[at : at + size]:
            one, two = sample + factor * one - two, one
        frames += math.sqrt(max(0.0, one * one + two * two - factor * one * two)) * 2 / size > 2500
    return frames * size / RATE


def sign_in(base, credentials, count):
    """Signs agents in at their desks; gives (session, name, phone) of each."""
    people = [user for user in credentials["users"] if user["agent"]]
    phones = {phone["device"]: phone for phone in credentials["devices"]}
    desks = []
    for user in people[:count]:
        session = Api(base, user["user"], user["password"])
        session.ask("POST", "/agent/sign-in", {})
        view = session.ask("GET", "/agent")
        desks.append((session, f"{view['name']} ({view['agent']})", phones[view["devices"][0]["device"]]))
    return desks


def call_all(desks, agents, citizens, sip):
    """Three calls for two agents: the third waits with music until one is free."""
    for citizen in citizens:
        citizen.tell("dial", f"sip:{LINE}@{sip}")
        citizen.wait_for("CALL_ESTABLISHED", 10)
        print(f"  {citizen.name} is greeted by {LINE}")
    for agent in agents:
        agent.wait_for("CALL_ESTABLISHED", 60)
        print(f"  {agent.name} answers")
    time.sleep(TALK_S)
    for agent in agents:
        agent.said = b""
    # Two of the three talk by now; who does is the queue's decision. The first in line hangs up.
    citizens[0].tell("hangup")
    finish_wrapup(desks)
    until("the third citizen's agent", 30, lambda: any(b"CALL_ESTABLISHED" in agent.listen() for agent in agents))
    print("  the waiting citizen has an agent now")
    time.sleep(TALK_S)
    for citizen in citizens[1:]:
        citizen.tell("hangup")
    finish_wrapup(desks)


def finish_wrapup(desks):
    def look():
        ended = 0
        for session, _, _ in desks:
            if session.ask("GET", "/agent")["occupancy"] == "wrapup":
                session.ask("POST", "/agent/wrapup/finish")
                ended += 1
        return ended

    until("an agent in wrap-up", 10, look)


def sound_seconds(heard):
    """For how long anything was heard (frames of 20 ms)."""
    frames = sum(3000 < sum(map(abs, heard[at : at + 160])) for at in range(0, len(heard) - 160, 160))
    return frames * 0.02


def describe(citizen, agents):
    """Tells what a citizen heard: prompts that are found sample by sample with their place, else by their length."""
    heard = citizen.heard()
    words, spoken = [], 0.0
    for agent in agents:
        seconds = tone_seconds(heard, agent.tone_hz)
        if 0.5 < seconds:
            spoken += seconds
            words.append(f"{agent.name} for {seconds:.1f} s")
    prompts = sound_seconds(heard) - spoken
    at = find_prompt(heard, "zh-CN/greeting.wav")
    place = "" if at is None else f" (greeting at {at:.1f} s, sample by sample)"
    words.insert(0, f"greeting, menu and music for {prompts:.1f} s{place}")
    print(f"  {citizen.name}: {len(heard) / RATE:.1f} s of sound: {', '.join(words)}")
    return 5 < prompts and 1 < spoken


def tell_records(supervisor, known, count):
    def look():
        items = supervisor.ask("GET", "/calls?day=today&limit=20")["items"]
        fresh = [it for it in items if it["interaction"] not in known and it["outcome"]]
        done = [it for it in fresh if it["ticket"] or it["outcome"] != "answered"]
        return len(done) >= count and done

    for call in reversed(until("the call records", 20, look)):
        order = call["ticket"]["number"] if call["ticket"] else "none"
        print(f"  {call['caller']}: {call['outcome']}, waited {call['wait_ms'] / 1000:.1f} s, talked {call['talk_ms'] / 1000:.1f} s"
              f" with {call['agent_name'] or 'nobody'}; work order {order}; recording {call['recording']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data", help="data folder of the running server")
    data = pathlib.Path(parser.parse_args().data)
    if not (data / "run.json").exists():
        sys.exit(f"no server runs on {data}: start one with `make run`")
    if not shutil.which("baresip"):
        sys.exit("baresip is missing: apt-get install baresip-core")
    run = json.loads((data / "run.json").read_text())
    credentials = json.loads((data / "credentials.json").read_text())
    sip = next(it["address"] for it in run["sip"] if it["transport"] == "udp" and not it["address"].startswith("["))
    base = run["http"][0].rstrip("/")
    password = {user["user"]: user["password"] for user in credentials["users"]}
    supervisor = Api(base, "banzhang", password["banzhang"])
    known = {it["interaction"] for it in supervisor.ask("GET", "/calls?day=today&limit=500")["items"]}
    phones = []
    with tempfile.TemporaryDirectory(prefix="rexian-demo-") as folder:
        folder = pathlib.Path(folder)
        try:
            desks = sign_in(base, credentials, 2)
            agents = []
            for number, (_, name, phone) in enumerate(desks):
                account = (f"<sip:{phone['user']}@{sip}>;auth_user={phone['user']};auth_pass={phone['secret']};"
                           "regint=300;answermode=auto;audio_codecs=PCMA/8000/1")
                agents.append(Baresip(name, folder, 41000 + 20 * number, AGENT_HZ[number], account))
                phones.append(agents[-1])
            for agent, (session, name, _) in zip(agents, desks):
                agent.wait_registered(10)
                session.ask("PUT", "/agent/presence", {"state": "ready"})
                print(f"  {name} has a registered phone and is ready")
            citizens = []
            for number in range(3):
                port = 41100 + 20 * number
                account = f"<sip:1381234000{number + 1}@127.0.0.1:{port}>;regint=0;audio_codecs=PCMA/8000/1"
                citizens.append(Baresip(f"citizen-{number + 1}", folder, port, 1000 + 300 * number, account))
                phones.append(citizens[-1])
            call_all(desks, agents, citizens, sip)
            print("\nWhat the citizens heard:")
            time.sleep(1)
            greeted = [describe(citizen, agents) for citizen in citizens]
            print("\nWhat was written down:")
            tell_records(supervisor, known, 3)
            for session, _, _ in desks:
                session.ask("POST", "/agent/sign-out")
        finally:
            for phone in phones:
                phone.stop()
    print("\nA recording as WAV: rexian recordings export ID --data", os.path.relpath(data))
    sys.exit(0 if all(greeted) else "a citizen did not hear the greeting or no agent")


if __name__ == "__main__":
    main()
