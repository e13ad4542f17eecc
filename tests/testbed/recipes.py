"""The hosts there are: one row each. A host that is called a look-alike is Debian below another os-release."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "s3cret pass'\"$"
"""Of the accounts `pat` and `nosudo`; it holds what a careless quoting would break on."""

COMMON = ("openssh-server", "sudo", "iproute2", "iptables", "procps", "kmod", "mount", "passwd")
SYSTEMD = ("systemd", "systemd-sysv", "dbus", "libpam-systemd")
SYSVINIT = ("sysvinit-core", "sysv-rc", "lsb-base")


@dataclass(frozen=True, slots=True)
class Suite:
    """A release of Debian as mmdebstrap makes it: `variant` and `packages` are its words; the lists stay or not."""

    release: str
    variant: str = "apt"
    packages: tuple[str, ...] = COMMON
    lists: bool = True


BARE = "bare-bookworm"
"""Debian's own minimal image, for what is done before anything was installed; no row of RECIPES is based on it."""

SUITES = {
    "suite-bookworm": Suite("bookworm"),
    "suite-trixie": Suite("trixie"),
    "suite-forky": Suite("forky"),
    BARE: Suite("bookworm", variant="minbase", packages=(), lists=False),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a host's image is made. `base` is a key of SUITES or the slug of another row.

    `init`: systemd | systemd-cgroup2 (the newest ones know no other control groups) | sysvinit | none | kernel-2.6
    (no init system, and everything below sees a kernel that calls itself 2.6).
    """

    slug: str
    base: str
    init: str
    packages: tuple[str, ...] = ()
    os_release: str = ""
    tweaks: str = ""
    engine: str = ""


# A minimal image has no package lists, and a tool must not count on any.
NO_LISTS = "rm -rf /var/lib/apt/lists/*"

# Without CAP_SYS_RESOURCE root cannot raise a limit, and Debian's init script for docker gives up when it cannot.
# Its own hook folder is used, so that the script itself stays the packaged one.
FORGIVING_ULIMIT = r"""mkdir -p /lib/lsb/init-functions.d
cat >/lib/lsb/init-functions.d/00-container <<'END'
ulimit() { command ulimit "$@" 2>/dev/null || :; }
END
sed -i '/getty/d' /etc/inittab
"""

# dnf starts from an empty database of rpm packages. Of apt and dpkg nothing must be found on PATH.
DNF_ONLY = r"""ln -sf dnf-3 /usr/bin/yum
ln -sf dnf-3 /usr/bin/dnf
mkdir -p /etc/yum.repos.d /etc/pki/rpm-gpg /etc/dnf
printf '[main]\nplugins=0\ngpgcheck=1\n' >/etc/dnf/dnf.conf
rm -f /usr/bin/apt /usr/bin/apt-* /usr/lib/apt/apt-helper /usr/bin/dpkg /usr/bin/dpkg-*
rpm --initdb
"""

UBUNTU_24_04 = """PRETTY_NAME="Ubuntu 24.04.1 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.1 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
HOME_URL="https://www.ubuntu.com/"
UBUNTU_CODENAME=noble
"""
UBUNTU_14_04 = """NAME="Ubuntu"
VERSION="14.04.6 LTS, Trusty Tahr"
ID=ubuntu
ID_LIKE=debian
PRETTY_NAME="Ubuntu 14.04.6 LTS"
VERSION_ID="14.04"
HOME_URL="http://www.ubuntu.com/"
"""
CENTOS_9 = """NAME="CentOS Stream"
VERSION="9"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="9"
PLATFORM_ID="platform:el9"
PRETTY_NAME="CentOS Stream 9"
CPE_NAME="cpe:/o:centos:centos:9"
"""

OS_RELEASES = {
    "ubuntu-24.04": UBUNTU_24_04,
    "ubuntu-14.04": UBUNTU_14_04,
    "centos-9": CENTOS_9,
    "centos-10": CENTOS_9.replace('"9"', '"10"').replace("el9", "el10").replace("Stream 9", "Stream 10"),
    "centos-7": """NAME="CentOS Linux"
VERSION="7 (Core)"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="7"
PRETTY_NAME="CentOS Linux 7 (Core)"
CPE_NAME="cpe:/o:centos:centos:7"
""",
    "rocky-9": """NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
""",
    "almalinux-9": """NAME="AlmaLinux"
VERSION="9.4 (Seafoam Ocelot)"
ID="almalinux"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="AlmaLinux 9.4 (Seafoam Ocelot)"
""",
    "rhel-9": """NAME="Red Hat Enterprise Linux"
VERSION="9.4 (Plow)"
ID="rhel"
ID_LIKE="fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"
""",
    "fedora-42": """NAME="Fedora Linux"
VERSION="42 (Server Edition)"
ID=fedora
VERSION_ID=42
PLATFORM_ID="platform:f42"
PRETTY_NAME="Fedora Linux 42 (Server Edition)"
VARIANT_ID=server
""",
    "openeuler-24.03": """NAME="openEuler"
VERSION="24.03 (LTS)"
ID="openEuler"
VERSION_ID="24.03"
PRETTY_NAME="openEuler 24.03 (LTS)"
ANSI_COLOR="0;31"
""",
    "mint-22": """NAME="Linux Mint"
VERSION="22 (Wilma)"
ID=linuxmint
ID_LIKE="ubuntu debian"
PRETTY_NAME="Linux Mint 22"
VERSION_ID="22"
VERSION_CODENAME=wilma
UBUNTU_CODENAME=noble
""",
    "deepin-23": """PRETTY_NAME="Deepin 23"
NAME="Deepin"
VERSION_ID="23"
VERSION="23"
VERSION_CODENAME="beige"
ID=deepin
""",
    "unknown": """NAME="Plan Nine and a Half"
ID=plan9half
VERSION_ID="4"
PRETTY_NAME="Plan Nine and a Half 4"
""",
}
"""Texts for `start(..., os_release=NAME)`."""

RECIPES = {
    recipe.slug: recipe
    for recipe in (
        # Neither curl nor wget, no certificates, no package lists.
        Recipe("debian-12", "suite-bookworm", "systemd", SYSTEMD, tweaks=NO_LISTS),
        Recipe(
            "debian-12-engine",
            "suite-bookworm",
            "systemd",
            (*SYSTEMD, "ca-certificates", "curl", "docker.io"),
            engine="20.10.24",
        ),
        Recipe("debian-12-noinit", "suite-bookworm", "none", ("ca-certificates", "curl")),
        Recipe("kernel-2.6", "debian-12-noinit", "kernel-2.6"),
        Recipe(
            "ubuntu-14.04-lookalike",
            "suite-bookworm",
            "sysvinit",
            (*SYSVINIT, "ca-certificates", "wget"),
            os_release=UBUNTU_14_04,
            tweaks=FORGIVING_ULIMIT,
        ),
        Recipe(
            "ubuntu-14.04-lookalike-engine", "ubuntu-14.04-lookalike", "sysvinit", ("docker.io",), engine="20.10.24"
        ),
        Recipe("debian-13", "suite-trixie", "systemd", (*SYSTEMD, "ca-certificates", "curl")),
        Recipe("debian-13-engine", "debian-13", "systemd", ("docker.io", "docker-cli"), engine="26.1.5"),
        # Other ways to become root, and other shells to log in with: tests/e2e/accounts.py gives them accounts.
        Recipe(
            "debian-13-accounts",
            "debian-13-engine",
            "systemd",
            ("opendoas", "fish", "tcsh", "busybox-static"),
            engine="26.1.5",
        ),
        Recipe(
            "ubuntu-24.04-lookalike",
            "suite-trixie",
            "systemd",
            (*SYSTEMD, "ca-certificates", "wget"),
            os_release=UBUNTU_24_04,
        ),
        Recipe(
            "centos-9-lookalike",
            "suite-trixie",
            "systemd",
            (*SYSTEMD, "ca-certificates", "curl", "dnf", "rpm", "libdevmapper1.02.1", "libseccomp2"),
            os_release=CENTOS_9,
            tweaks=DNF_ONLY,
        ),
        Recipe("forky", "suite-forky", "systemd-cgroup2", (*SYSTEMD, "ca-certificates", "curl")),
        Recipe(
            "forky-engine",
            "suite-forky",
            "systemd-cgroup2",
            (*SYSTEMD, "ca-certificates", "curl", "docker.io", "docker-cli"),
            engine="28.5.2",
        ),
    )
}
