"""Answers of mirrors -> verdicts, each with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from provisioner.catalogue.registry_mirrors import known_mirror
from provisioner.mirror_probe.answer import HELLO, Answer, Image, Probed
from provisioner.mirror_probe.verdict import Verdict, answers, is_manifest, short, told, verdict

ORDER: tuple[Verdict, ...] = (
    "alive", "stale", "restricted", "not a Docker Hub mirror", "parked page", "dead", "unknown",
)  # fmt: skip
SLICE = 8 * 2**20
"""Bytes whose time to fetch ranks mirrors when their throughput is known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A mirror, its verdict and why. `first_byte` in seconds, `throughput` in bytes a second; 0.0 when not measured.

    `phases` are the seconds until the name, the connection and TLS stood, as far as the host's tool tells them.
    `digests` are by image; `missing` are the named images that it does not serve, with the reason.
    """

    url: str
    verdict: Verdict
    evidence: str
    tool: str
    first_byte: float = 0.0
    throughput: float = 0.0
    phases: Mapping[str, float] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    hopeless: bool = False
    """See `provisioner.mirror_probe.verdict.Judgement`."""

    @property
    def usable(self) -> bool:
        return self.verdict == "alive" and not self.missing


def judge(probed: Sequence[Probed], images: Sequence[Image] = ()) -> tuple[Judged, ...]:
    """Return a verdict on every mirror, the best first; the reference is compared with and not judged.

    Of mirrors that disagree about an image, those are stale that differ from the reference; without one, those that
    differ from the newest build of hello-world that is served, or from the majority when dates do not tell.
    """
    mirrors = [_mirror(mirror, images) for mirror in probed if not mirror.reference]
    truths = {image.name: _truth(probed, number) for number, image in enumerate((HELLO, *images))}
    judged = [_compared(mirror, truths) for mirror in mirrors]
    measured = _measured(judged)
    return tuple(sorted(judged, key=lambda mirror: _rank(mirror, measured=measured)))


def fastest(results: Mapping[str, Sequence[Judged]], count: int) -> list[str]:
    """Return the `count` fastest mirrors that are alive on every host of `results`, the fastest first.

    Fewer when fewer are. Several hosts get the same list: a mirror counts with its slowest host.
    """
    cost: dict[str, float] = {}
    for judged in results.values():
        measured = _measured(judged)
        for mirror in judged:
            if mirror.usable:
                cost[mirror.url] = max(cost.get(mirror.url, 0.0), _cost(mirror, measured=measured))
    everywhere = [
        url
        for url in cost
        if all(any(mirror.url == url and mirror.usable for mirror in judged) for judged in results.values())
    ]
    return sorted(everywhere, key=lambda url: cost[url])[:count]


def _mirror(mirror: Probed, images: Sequence[Image]) -> Judged:
    finding = answers(mirror) if mirror.pinged else verdict(mirror)
    found, evidence = finding.verdict, finding.evidence
    known = known_mirror(mirror.url)
    if found != "alive" and known and (known.state != "alive" or known.restriction):
        evidence += f"; {known.explained}"
    manifest, layer = mirror.steps.get("m0"), mirror.steps.get("layer")
    digests, missing = {}, {}
    for number, image in enumerate((HELLO, *images)):
        answer = mirror.steps.get(f"m{number}")
        if answer and answer.status == 200:
            digests[image.name] = answer.digest
        elif number and found == "alive":
            missing[image.name] = told(mirror, answer) if answer else "was not asked any more: the time was up"
    if images and layer and layer.status not in {200, 206} and found == "alive":
        missing.setdefault(images[-1].name, f"has a layer that {told(mirror, layer)}")
    return Judged(
        url=mirror.url,
        verdict=found,
        evidence=evidence,
        tool=mirror.tool,
        first_byte=manifest.first_byte if manifest else 0.0,
        throughput=_throughput(layer),
        phases=_phases(mirror.steps.get("v2")),
        digests=digests,
        missing=missing,
        hopeless=finding.hopeless,
    )


def _phases(ping: Answer | None) -> dict[str, float]:
    phases = {"dns": ping.dns, "tcp": ping.tcp, "tls": ping.tls} if ping else {}
    return {name: seconds for name, seconds in phases.items() if seconds}


def _throughput(layer: Answer | None) -> float:
    """Of a part large enough that the time says something."""
    if layer is None or layer.status not in {200, 206} or layer.size < 2**18:
        return 0.0
    return layer.size / max(layer.total - layer.first_byte, 0.001)


def _compared(mirror: Judged, truths: Mapping[str, tuple[str, str]]) -> Judged:
    for image, (digest, whose) in truths.items():
        mine = mirror.digests.get(image, "")
        if mirror.verdict == "alive" and digest and mine and mine != digest:
            evidence = f"{image} is {short(mine)} here and {short(digest)} {whose}"
            return replace(mirror, verdict="stale", evidence=evidence)
    return mirror


def _truth(probed: Sequence[Probed], number: int) -> tuple[str, str]:
    """The digest that an image should have, and whose it is; "" when nothing tells."""
    step = f"m{number}"
    served = [(mirror, mirror.steps[step]) for mirror in probed if step in mirror.steps]
    served = [(mirror, answer) for mirror, answer in served if answer.status == 200 and is_manifest(answer)]
    for mirror, answer in served:
        if mirror.reference:
            return answer.digest, "at Docker Hub"
    dated = [(mirror.steps["config"].created, answer.digest) for mirror, answer in served if "config" in mirror.steps]
    if number == 0 and len(dated) == len(served) and len({created for created, _ in dated if created}) > 1:
        newest = max(dated)
        return newest[1], f"at another mirror, built on {newest[0][:10]}"
    counted = Counter(answer.digest for _, answer in served if answer.digest).most_common(2)
    if not counted or (len(counted) > 1 and counted[0][1] == counted[1][1]):
        return "", ""
    return counted[0][0], "at most others"


def _rank(mirror: Judged, *, measured: bool) -> tuple[int, bool, float]:
    return ORDER.index(mirror.verdict), bool(mirror.missing), _cost(mirror, measured=measured)


def _measured(judged: Sequence[Judged]) -> bool:
    usable = [mirror for mirror in judged if mirror.usable]
    return bool(usable) and all(mirror.throughput for mirror in usable)


def _cost(mirror: Judged, *, measured: bool) -> float:
    return mirror.first_byte + (SLICE / mirror.throughput if measured and mirror.throughput else 0.0)
