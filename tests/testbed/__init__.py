"""Disposable real hosts in containers of this machine, and the services they need.

    with testbed() as bed:
        host = bed.start("debian-13-engine", os_release="rocky-9", name="web01")

Root and an engine are needed; the product installs one if there is none. Only what is asked for is built.

bed.start(slug, os_release=, name=) -> Host   slug: a row of recipes.RECIPES; os_release: a name in
                                              recipes.OS_RELEASES, or the text of the file
host.address .port .target .target_as(user)   where sshd listens: 127.0.0.1 and a free port, "root@127.0.0.1:32768"
host.sh(script, user=, check=, stdin=)        a command on the host that does not go over SSH; CompletedProcess
host.read(path) .write(path, text) .stop() .inner_address
bed.key_file                                  private key of every account: root, ops (sudo without password),
                                              pat (sudo asks for bed.passwords["pat"]), nosudo (no sudo)
bed.known_hosts                               the real host keys of the hosts of this bed
bed.source.url .fingerprint .log()            a signed package source in the shape of Docker's, over http
bed.source.url + "/get-docker.sh"            a stand-in for the script of get.docker.com
bed.source.variant(name).url                  wrongkey | missing | slow | broken | only-plain | only-xz | dies | lies |
                                              otherkey | lacks
bed.source.distribution                       a .repo file with an engine as an rpm distribution packages it
bed.mirrors[0], [1]: .url .log() .log_of(host) .pulls(host, repository)
                                              registry mirrors with library/hello-world and library/busybox
bed.registry                                  the like, empty, that takes pushes to ADDRESS:PORT/library/NAME
bed.dead_mirror                               the URL of a mirror whose port refuses
bed.start_bare() -> Bare                      Debian's minimal image and this repository, for README's first commands;
                                              bare.run(script, show=, environment=) -> Ran, bare.stop()

    python -m tests.testbed up SLUG... | list | down | build [SLUG...] | tools   the same by hand
"""

from __future__ import annotations

from tests.testbed.bed import Bed, testbed
from tests.testbed.engine import TestbedError
from tests.testbed.hosts import Host

__all__ = ["Bed", "Host", "TestbedError", "testbed"]
