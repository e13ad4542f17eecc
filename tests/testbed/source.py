"""A signed package source in the shape of Docker's: linux/<id>/{dists/<suite>,<release>/x86_64/stable,gpg}.

It is built once and then served, under several base paths that are good or bad in one way each (see server.py).
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import apt, engine, images, server, services
from tests.testbed.engine import cache_directory, docker, run
from tests.testbed.locks import locked, used
from tests.testbed.services import Service
from tests.testbed.source_packages import DEB_SUITES, DISTRIBUTION, ENGINES, PACKAGES, RPM_RELEASES, Package

ARCHITECTURE = platform.machine()
DEB_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(ARCHITECTURE, ARCHITECTURE)
ENGINE_HOSTS = dict(zip(ENGINES, ("debian-12-engine", "debian-13-engine"), strict=True))
"""The images whose engines are packaged."""

POSTINST = """#!/bin/sh
set -e
case "$1" in configure|abort-upgrade|abort-deconfigure|abort-remove) ;; *) exit 0 ;; esac
{group}
for unit in {units}; do
  deb-systemd-helper unmask "$unit" >/dev/null || true
  if deb-systemd-helper --quiet was-enabled "$unit"; then deb-systemd-helper enable "$unit" >/dev/null || true
  else deb-systemd-helper update-state "$unit" >/dev/null || true
  fi
done
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  if [ -n "$2" ]; then action=restart; else action=start; fi
  deb-systemd-invoke $action {units} >/dev/null || true
fi
"""
PRERM = """#!/bin/sh
set -e
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then deb-systemd-invoke stop {units} >/dev/null || true; fi
"""
POSTRM = """#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi
if [ "$1" = purge ] && [ -x /usr/bin/deb-systemd-helper ]; then
  deb-systemd-helper purge {units} >/dev/null || true
  deb-systemd-helper unmask {units} >/dev/null || true
fi
"""
GROUP = "getent group docker >/dev/null || groupadd --system docker"

# Scriptlets in rpm's own Lua: a look-alike's database of packages offers no /bin/sh to depend on.
RPM_PRE = """%pre -p <lua>
os.execute("getent group docker >/dev/null || groupadd --system docker")
"""
RPM_SCRIPTS = """%post -p <lua>
if tonumber(arg[2]) == 1 then os.execute("systemctl --no-reload preset {units} >/dev/null 2>&1") end
%preun -p <lua>
if tonumber(arg[2]) == 0 then os.execute("systemctl --no-reload disable --now {units} >/dev/null 2>&1") end
%postun -p <lua>
os.execute("systemctl daemon-reload >/dev/null 2>&1")
if tonumber(arg[2]) >= 1 then os.execute("systemctl try-restart {service} >/dev/null 2>&1") end
"""
RPM_STARTS = """%post -p <lua>
os.execute("getent group docker >/dev/null || groupadd --system docker")
os.execute("systemctl daemon-reload; systemctl enable {units}; systemctl start {service}")
%preun -p <lua>
if tonumber(arg[2]) == 0 then os.execute("systemctl --no-reload disable --now {units} >/dev/null 2>&1") end
"""
LACKING = "containerd.io"
USUAL_LISTS = ("Packages", "Packages.gz")
DOCKER_CE_REPO = """[docker-ce-stable]
name=Docker CE Stable - $basearch
baseurl={base}/linux/{id}/$releasever/$basearch/stable
enabled=1
gpgcheck=1
gpgkey={base}/linux/{id}/gpg
"""


@dataclass(frozen=True, slots=True)
class Source(Service):
    """The source as one base path serves it; `url` goes up to, without, /linux/."""

    fingerprint: str = ""
    path: str = "good"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/{self.path}"

    @property
    def distribution(self) -> str:
        """A .repo file of an rpm distribution that packages an engine of its own, docker-engine."""
        base = f"http://{self.address}:{self.port}/good/linux/distribution/$basearch"
        return f"[distribution]\nname=distribution\nbaseurl={base}\nenabled=1\ngpgcheck=0\n"

    def variant(self, path: str) -> Source:
        """Return the source under one of server.VARIANTS."""
        if path not in server.VARIANTS:
            raise ValueError(f"there is no variant {path}; there are {', '.join(server.VARIANTS)}")
        return Source(self.address, self.port, self.log_file, self.fingerprint, path)


def start_source(session: Path) -> Source:
    """Start the source of `session`, or return the running one."""
    tree = build()
    words = [sys.executable, "-m", "tests.testbed.server", "{address}", "{port}", str(tree / "tree")]
    service = services.start(session, "source", words, "/good/linux/")
    return Source(service.address, service.port, service.log_file, (tree / "fingerprint").read_text())


def build() -> Path:
    """Return the directory with the tree and the fingerprint of its key, made on first use."""
    parts = [Path(__file__).read_text(), Path(__file__).with_name("source_packages.py").read_text()]
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    target = cache_directory() / f"source-{digest}"
    for older in used("source", target.name):
        shutil.rmtree(cache_directory() / older, ignore_errors=True)
    if target.exists():
        return target
    with locked("source"):
        if not target.exists():
            apt.ensure("apt-ftparchive", "createrepo_c", "gpg", "rpmbuild")
            part = target.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            _build(part)
            part.rename(target)
    return target


def _build(folder: Path) -> None:
    engines = folder / "engines"
    _collect(engines)
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    fingerprint = _make_key(keys, "source")
    _make_key(keys, "other")
    tree = folder / "tree" / "linux"
    tree.mkdir(parents=True)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(_deb_suite, folder, suite) for suite in DEB_SUITES]
        jobs += [pool.submit(_rpm_release, folder, release) for release in RPM_RELEASES]
        jobs.append(pool.submit(_rpm_distribution, folder))
        for job in jobs:
            job.result()
    run("gpgconf", "--homedir", str(keys), "--kill", "gpg-agent")
    (tree / "rhel").symlink_to("centos")
    for name in ("ubuntu", "debian", "centos"):
        shutil.copy(keys / "source.asc", tree / name / "gpg")
        shutil.copy(keys / "other.asc", tree / name / "gpg.other")
    for name in ("centos", "rhel"):
        (tree / f"{name}.repo").write_text(DOCKER_CE_REPO.replace("{id}", name))
    (folder / "fingerprint").write_text(fingerprint)
    shutil.rmtree(engines)
    shutil.rmtree(folder / "work")


def _collect(engines: Path) -> None:
    """Copy programs out of the images of hosts with an engine."""
    images.build(ENGINE_HOSTS.values())
    for version, slug in ENGINE_HOSTS.items():
        (engines / version).mkdir(parents=True)
        _copy(slug, dict.fromkeys(("dockerd", "docker", "docker-proxy"), engines / version))
    # The older build runs on both releases; a newer runc wants a newer C library than Debian 12 has.
    (engines / "containerd").mkdir()
    names = ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
    _copy(ENGINE_HOSTS[ENGINES[0]], dict.fromkeys(names, engines / "containerd"))


def _copy(slug: str, programs: dict[str, Path]) -> None:
    container = docker("create", "--label", f"{engine.LABEL}=build", images.image(slug))
    try:
        for name, target in programs.items():
            where = "usr/sbin" if name in {"dockerd", "docker-proxy", "runc"} else "usr/bin"
            docker("cp", "-L", f"{container}:/{where}/{name}", str(target / name))
    finally:
        docker("rm", "-fv", container)


def _make_key(keys: Path, name: str) -> str:
    """Make the key called `name` and return its fingerprint."""
    gpg = ("gpg", "--homedir", str(keys), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    run(*gpg, "--quick-generate-key", f"{name} of the test bed <{name}@test.invalid>", "rsa3072", "sign", "never")
    (keys / f"{name}.asc").write_text(run(*gpg, "--armor", "--export", f"{name}@test.invalid"))
    listed = run(*gpg, "--with-colons", "--list-keys", f"{name}@test.invalid")
    return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))


def _stage(folder: Path, package: Package, root: Path, units: str) -> None:
    """Lay out the files of `package` below `root`; `units` is where its systemd units belong."""
    for path, origin in package.binaries.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "engines" / origin, target)
    for path, text in package.texts.items():
        target = root / path.replace("/lib/systemd/system", units).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755 if text.startswith("#!") else 0o644)


def _deb_suite(folder: Path, suite: str) -> None:
    build = DEB_SUITES[suite]
    distribution = build.partition(".")[0]
    top = folder / "tree" / "linux" / distribution
    pool = f"dists/{suite}/pool/stable/{DEB_ARCHITECTURE}"
    (top / pool).mkdir(parents=True)
    for package in PACKAGES:
        version = package.deb_version(build)
        root = folder / "work" / suite / f"{package.name}_{version}"
        units = "/usr/lib/systemd/system" if suite in {"noble", "trixie"} else "/lib/systemd/system"
        _stage(folder, package, root, units)
        _deb_control(package, version, root / "DEBIAN")
        file = f"{package.name}_{version.partition(':')[2] or version}_{DEB_ARCHITECTURE}.deb"
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(root), str(top / pool / file))
        shutil.rmtree(root)
    listed = run("apt-ftparchive", "packages", pool, cwd=top)
    stanzas = [stanza for stanza in listed.split("\n\n") if f"Package: {LACKING}\n" not in stanza]
    lists, below = _packed(listed), f"linux/{distribution}"
    usual = {name: lists[name] for name in USUAL_LISTS}
    lacking = {name: packed for name, packed in _packed("\n\n".join(stanzas)).items() if name in USUAL_LISTS}
    variants = folder / "tree" / "variants"
    _deb_index(folder, suite, top, usual, "source")
    _deb_index(folder, suite, variants / "otherkey" / below, usual, "other")
    _deb_index(folder, suite, variants / "lacks" / below, lacking, "source")
    for variant, name in server.ONE_LIST.items():
        # What is unpacked is named in any case: apt passes over a list whose index names it packed alone.
        _deb_index(
            folder, suite, variants / variant / below, {"Packages": lists["Packages"], name: lists[name]}, "source"
        )


def _packed(listed: str) -> dict[str, bytes]:
    text = listed.encode()
    return {"Packages": text, "Packages.gz": gzip.compress(text, mtime=0), "Packages.xz": lzma.compress(text)}


def _deb_index(folder: Path, suite: str, top: Path, lists: dict[str, bytes], key: str) -> None:
    """Write `lists` of the channel stable below `top`, and the index that names them, signed by the key called `key`."""
    index = top / "dists" / suite
    named = folder / "work" / "indexes" / index.relative_to(folder)
    for place in (index, named):
        below = place / f"stable/binary-{DEB_ARCHITECTURE}"
        below.mkdir(parents=True)
        for name, packed in lists.items():
            (below / name).write_bytes(packed)
    fields = {
        "Origin": "Docker",
        "Label": "Docker CE",
        "Suite": suite,
        "Codename": suite,
        "Architectures": DEB_ARCHITECTURE,
        "Components": "stable",
    }
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
    release = index / "Release"
    release.write_text(run("apt-ftparchive", *options, "release", ".", cwd=named))
    gpg = ("gpg", "--homedir", str(folder / "keys"), "--batch", "--quiet", "--yes", "-u", f"{key}@test.invalid")
    run(*gpg, "--clearsign", "--output", str(release.with_name("InRelease")), str(release))
    run(*gpg, "--armor", "--detach-sign", "--output", str(release.with_name("Release.gpg")), str(release))


def _deb_control(package: Package, version: str, control: Path) -> None:
    size = sum(file.stat().st_size for file in control.parent.rglob("*") if file.is_file())
    control.mkdir(parents=True)
    lines = [
        f"Package: {package.name}",
        f"Version: {version}",
        f"Architecture: {DEB_ARCHITECTURE}",
        "Maintainer: Test bed <testbed@test.invalid>",
        f"Installed-Size: {size // 1024 + 1}",
        "Section: admin",
        "Priority: optional",
        *([f"Depends: {', '.join(package.depends)}"] if package.depends else []),
        *([f"Conflicts: {', '.join(package.conflicts)}"] if package.conflicts else []),
        *([f"Replaces: {', '.join(package.conflicts)}"] if package.conflicts else []),
        *(["Provides: containerd, runc"] if package.name == "containerd.io" else []),
        f"Description: {package.name} of the test bed",
    ]
    (control / "control").write_text("\n".join(lines) + "\n")
    if package.configuration:
        (control / "conffiles").write_text("".join(f"{path}\n" for path in package.configuration))
    if package.units:
        units = " ".join(package.units)
        group = GROUP if package.name == "docker-ce" else ""
        for name, script in {"postinst": POSTINST, "prerm": PRERM, "postrm": POSTRM}.items():
            (control / name).write_text(script.replace("{units}", units).replace("{group}", group))
            (control / name).chmod(0o755)


def _rpm_release(folder: Path, release: str) -> None:
    place = Path("linux") / "centos" / release / ARCHITECTURE / "stable"
    target = folder / "tree" / place
    _rpm_build(folder, PACKAGES, release, target)
    variants = folder / "tree" / "variants"
    shutil.copytree(target / "Packages", variants / "otherkey" / place / "Packages")
    _rpm_sign(folder, target, "source")
    _rpm_index(folder, target)
    _rpm_sign(folder, variants / "otherkey" / place, "other")
    _rpm_index(folder, variants / "otherkey" / place)
    lacking = variants / "lacks" / place
    lacking.mkdir(parents=True)
    _rpm_index(folder, target, "--excludes", f"*{LACKING}*", "--outputdir", str(lacking), into=lacking)


def _rpm_distribution(folder: Path) -> None:
    target = folder / "tree" / "linux" / "distribution" / ARCHITECTURE
    _rpm_build(folder, DISTRIBUTION, "9", target)
    _rpm_index(folder, target)


def _rpm_build(folder: Path, packages: tuple[Package, ...], release: str, target: Path) -> None:
    (target / "Packages").mkdir(parents=True)
    for package in packages:
        work = folder / "work" / f"{target.parent.parent.name}-{release}" / f"{package.name}-{package.version}"
        _stage(folder, package, work / "root", "/usr/lib/systemd/system")
        (work / "root").mkdir(parents=True, exist_ok=True)
        spec = work / "package.spec"
        spec.write_text(_rpm_spec(package, release, work / "root"))
        macros = {
            "_topdir": str(work),
            "_rpmdir": str(target / "Packages"),
            "_build_name_fmt": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
            "_binary_payload": "w1.gzdio",
            "__strip": "/bin/true",
            "__os_install_post": "%{nil}",
            "debug_package": "%{nil}",
        }
        defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        buildroot = ("--buildroot", str(work / "buildroot"))
        run("rpmbuild", "-bb", "--quiet", "--target", ARCHITECTURE, *buildroot, *defines, str(spec))
        shutil.rmtree(work)


def _rpm_sign(folder: Path, target: Path, key: str) -> None:
    files = [str(path) for path in (target / "Packages").glob("*.rpm")]
    program = f"__gpg {shutil.which('gpg')}"  # Debian's rpm looks for another name
    signing = (
        *("--define", program),
        *("--define", f"_gpg_name {key}@test.invalid"),
        *("--define", f"_gpg_path {folder / 'keys'}"),
    )
    run("rpmsign", "--addsign", *signing, *files, env={"GNUPGHOME": str(folder / "keys")})


def _rpm_index(folder: Path, target: Path, *options: str, into: Path | None = None) -> None:
    """Index the packages below `target`; the index lies `into` another directory where one is named."""
    run("createrepo_c", "--quiet", "--no-database", "--general-compress-type=gz", *options, str(target))
    gpg = ("gpg", "--homedir", str(folder / "keys"), "--batch", "--quiet", "--yes", "-u", "source@test.invalid")
    run(*gpg, "--armor", "--detach-sign", str((into or target) / "repodata" / "repomd.xml"))


def _rpm_spec(package: Package, release: str, root: Path) -> str:
    files = []
    for path in sorted(file for file in root.rglob("*") if file.is_file()):
        inner = f"/{path.relative_to(root)}"
        files.append(f"%config(noreplace) {inner}" if inner in package.configuration else inner)
    units = " ".join(package.units)
    scripts = RPM_STARTS if package.starts else RPM_SCRIPTS
    return "\n".join(
        [
            f"Name: {package.name}",
            f"Version: {package.version}",
            f"Release: {package.rpm_release(release)}",
            f"Epoch: {package.rpm_epoch}" if package.rpm_epoch not in {"", "0"} else "",
            f"Summary: {package.name} of the test bed",
            "License: ASL 2.0",
            "AutoReqProv: no",
            *(f"Requires: {name}" for name in package.rpm_requires),
            *(f"Obsoletes: {name}" for name in package.rpm_obsoletes),
            *(f"Conflicts: {name}" for name in package.conflicts if name in {"docker-engine", "containerd", "runc"}),
            *(["Provides: containerd", "Provides: runc"] if package.name == "containerd.io" else []),
            "%description",
            f"{package.name} of the test bed.",
            "%install",
            f"mkdir -p %{{buildroot}} && cp -a {root}/. %{{buildroot}}/",
            RPM_PRE if package.name == "docker-ce" else "",
            scripts.format(units=units, service=package.units[0]) if package.units else "",
            "%files",
            *files,
            "",
        ]
    )
