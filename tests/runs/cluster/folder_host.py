"""A fake host that lives in a folder, so that it is the same host for every process that works on it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.fake_host import OLD, FakeHost
from tests.until import until


class FolderHost(FakeHost):
    """Its mirror is in the file NAME; NAME.changes has a line for each change, NAME.asked one for each look.

    A change takes so many seconds, and longer while there is a file "closed".
    """

    def __init__(self, folder, name, mirror=OLD, *, trouble="", takes=0.0):
        self.folder, self.takes = Path(folder), takes
        super().__init__(name, mirror, trouble=trouble)

    def __reduce__(self):
        return _again, (str(self.folder), self.name, self.trouble, self.takes)

    @property
    def mirror(self):
        return (self.folder / self.name).read_text()

    @mirror.setter
    def mirror(self, value):
        if self.takes:
            time.sleep(self.takes)
            until(lambda: not (self.folder / "closed").exists())
        (self.folder / self.name).write_text(value)

    def count(self, what):
        """How often it was changed, or asked."""
        path = self.folder / f"{self.name}.{what}"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def last(self, what):
        """Which process did it."""
        return (self.folder / f"{self.name}.{what}").read_text().splitlines()[-1]

    def run(self, script, *, timeout, on_line=None):
        what = "changes" if "apply_script()" in script else "asked"
        with (self.folder / f"{self.name}.{what}").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return super().run(script, timeout=timeout, on_line=on_line)


def _again(folder, name, trouble, takes):
    host = FolderHost.__new__(FolderHost)
    host.folder, host.takes = Path(folder), 0.0
    FakeHost.__init__(host, name, (host.folder / name).read_text(), trouble=trouble)
    host.takes = takes
    return host
