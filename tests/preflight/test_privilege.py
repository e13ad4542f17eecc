from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.errors import PrivilegeError
from provisioner.facts.login import Login
from provisioner.preflight.privilege import require_root, way_out
from tests.hosts import BARE


@pytest.mark.parametrize(
    ("sudo", "method", "message", "hint"),
    [
        ("refused", "sudo", "sudo: 1 incorrect password attempt", "the password for sudo was wrong"),
        ("refused", "sudo", "sudo: 1 incorrect password attempt", "--become-method su"),
        ("refused", "doas", "doas: Authentication failed", "try `doas true` as ops there"),
        ("refused", "su", "su: Authentication failure", "the password of root was wrong: try `su root -c true`"),
        ("refused", "su", "su: using restricted shell /usr/sbin/nologin", "chsh -s /bin/sh root"),
        ("password", "su", "su asks for a password", "give root's password with -K"),
        ("password", "doas", "doas asks for a password", "allow doas without a password"),
        ("none", "sudo", "neither sudo nor doas is installed", "install sudo or doas"),
        ("refused", "doas", "doas wants a terminal, and no script is installed that makes one (packages x)", "install"),
        ("refused", "sudo", "sudo: sorry, you must have a tty to run sudo", "!requiretty"),
    ],
)
def test_the_way_out(sudo, method, message, hint):
    login = Login("ops", 1000, ("ops",), sudo, message, method)
    assert hint in way_out(login)
    with pytest.raises(PrivilegeError, match=r"^it writes, and ops cannot become root: ") as caught:
        require_root(replace(BARE, login=login), "it writes")
    assert hint in caught.value.hint
