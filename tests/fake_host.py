"""A host that answers the scripts of a change of mirrors from memory, in the words a real one used."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

from provisioner.errors import UnreachableError
from provisioner.runs.target import Target
from provisioner.transports.base import Completed
from provisioner.wanted.spec import Spec

RECORDED = (Path(__file__).parent / "recorded" / "debian-12-engine.facts").read_text(encoding="utf-8")
OLD, NEW = "https://old.example", "https://new.example"


class FakeHost:
    """`trouble`: unreachable, bug, fails (the step), or hangs (until `hold` is set); its mirror becomes NEW."""

    become_method = ""

    def __init__(self, name, mirror=OLD, *, trouble="", containers=0):
        self.name, self.mirror, self.trouble, self.containers = name, mirror, trouble, containers
        self.asked, self.changed, self.connections = 0, 0, 0
        self.connected = False
        self.hold = threading.Event()
        self.changed_at = 0.0

    def connect(self):
        if self.trouble == "unreachable":
            raise UnreachableError(f"{self.name}: nobody there", hint="go and look")
        self.connections += not self.connected
        self.connected = True

    def close(self):
        self.connected = False

    def run(self, script, *, timeout, on_line=None):
        self.connect()
        nonce = re.match(r"(?s).*?^N=(\w+)$", script, re.MULTILINE).group(1)
        if "apply_script()" not in script:
            self.asked += 1
            return Completed(0, self._facts(nonce), "")
        if self.trouble == "bug":
            raise RuntimeError("nobody expected this")
        self.changed += 1
        lines = ["", f"@@{nonce} start daemon-config"]
        if self.trouble == "fails":
            lines += ["it says why not", f"@@{nonce} fail daemon-config", f"@@{nonce} rollback done"]
            lines += [f"@@{nonce} finished 1"]
        else:
            self.mirror = NEW
            lines += [f"@@{nonce} ok daemon-config 1", f"@@{nonce} finished 0"]
        for line in lines[:2]:
            on_line(line)
        if self.trouble == "hangs":
            self.hold.wait(30)
        for line in lines[2:]:
            on_line(line)
        self.changed_at = time.monotonic()
        tail = f"\n@@{nonce} left 0\n"
        on_line(tail.strip())
        return Completed(0, "\n".join(lines) + self._facts(nonce) + tail, "")

    def _facts(self, nonce):
        text = re.sub(r'(?<=\n    )"http://[^"]*"', json.dumps(self.mirror), RECORDED, count=1)
        info = re.search(r"(?<=begin docker-info\n).*", text).group()
        document = json.loads(info)
        document["RegistryConfig"]["Mirrors"] = [f"{self.mirror}/"]
        document["ContainersRunning"] = self.containers
        return text.replace(info, json.dumps(document)).replace("@@facts ", f"@@{nonce} ")


def entry(name, said="", ended=""):
    """An entry of a host's journal, as the host tells it."""
    run, _, attempt = name.rpartition(".")
    text = f"{name}\nrun {run}\nattempt {attempt}\nby me@here\ncommand mirror set\nstep daemon-config ~ Write /etc/docker/daemon.json\n{said}"
    return text + (f"outcome {ended}\n" if ended else "")


class Remembering(FakeHost):
    """A host with these entries in its journal; `joined` is what is heard of the one that goes on."""

    def __init__(self, *entries, mirror=OLD, locked=False, joined=()):
        super().__init__("web01", mirror)
        self.entries, self.locked, self.joined = list(entries), locked, joined
        self.launched = ""

    def run(self, script, *, timeout, on_line=None):
        nonce = script.partition("\nN=")[2].partition("\n")[0]
        if "apply_script()" in script:
            self.launched = script
        elif "unknown-run" in script:
            self.locked, self.mirror = False, NEW if "@@first finished 0" in self.joined else self.mirror
            lines = ["", f"@@{nonce} joins first r.a", *self.joined]
            for line in lines:
                on_line(line)
            tail = "\n@@first left 0\n"
            on_line(tail.strip())
            answer = self._facts("first").replace("@@first begin login", f"@@{nonce} begin login", 1)
            return Completed(0, "\n".join(lines) + answer + tail, "")
        return super().run(script, timeout=timeout, on_line=on_line)

    def _facts(self, nonce):
        frames = [("journal-entry", text) for text in self.entries] + ([("in-progress", "me")] if self.locked else [])
        told = "".join(f"\n@@{nonce} begin {name}\n{text}\n@@{nonce} end {name}\n" for name, text in frames)
        return super()._facts(nonce).replace(f"\n@@{nonce} done 0", f"{told}\n@@{nonce} done 0")


def target(host, *, mirror=NEW):
    """Nothing answers at these mirrors, and nobody asks them."""
    return Target(host, Spec(registry_mirrors=(mirror,), install=False), force=True)
