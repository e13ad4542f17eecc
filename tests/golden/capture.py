"""Facts of real hosts for the golden directories: python -m tests.golden.capture [SLUG...]

Each directory holds what `provisioner facts --raw` printed on a disposable host; addresses of the machine that ran
it are replaced by ones for documentation, times by fixed ones.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from provisioner.facts.frames import RAW_NONCE
from provisioner.remote.gather import gather_raw
from provisioner.transports.ssh import SSHOptions, SSHTransport
from tests.testbed import Host, testbed
from tests.testbed.recipes import RECIPES

HERE = Path(__file__).parent
LOOKALIKES = {
    "openeuler-24.03-lookalike": ("centos-9-lookalike", "openeuler-24.03"),
    "rocky-9-lookalike": ("centos-9-lookalike", "rocky-9"),
    "mint-22-lookalike": ("ubuntu-24.04-lookalike", "mint-22"),
    "deepin-23-lookalike": ("debian-12", "deepin-23"),
    "unknown": ("debian-12-noinit", "unknown"),
}
"""Directories whose host claims to be something else: the slug it is made of, and what its os-release says."""


def main() -> None:
    with testbed() as bed:
        for name in sys.argv[1:] or (*RECIPES, *LOOKALIKES):
            slug, os_release = LOOKALIKES.get(name, (name, ""))
            host = bed.start(slug, os_release=os_release, name=name.replace(".", "-"))
            (HERE / name).mkdir(exist_ok=True)
            (HERE / name / "facts.txt").write_text(_anonymous(_answer(host)), encoding="utf-8")
            host.stop()
            print(name)


def _answer(host: Host) -> str:
    options = SSHOptions(
        host.address,
        "root",
        host.port,
        (str(host.key_file),),
        known_hosts=str(host.known_hosts),
        ssh_config="/dev/null",
    )
    transport = SSHTransport(options)
    try:
        return gather_raw(transport)
    finally:
        transport.close()


def _anonymous(text: str) -> str:
    servers = re.findall(
        r"(?m)^nameserver (\S+)",
        subprocess.run(["cat", "/etc/resolv.conf"], capture_output=True, text=True, check=True).stdout,
    )
    for server in servers:
        text = text.replace(server, "192.0.2.53")
    text = re.sub(r"https?_proxy=\S+", "http_proxy=http://192.0.2.1:3128", text, flags=re.IGNORECASE)
    clock = rf"(@@{RAW_NONCE} begin clock\n)\d+"
    return re.sub(clock, r"\g<1>1795500000", text)


if __name__ == "__main__":
    main()
