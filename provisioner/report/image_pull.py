"""What hosts pulled, as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.images.agreement import Agreement
from provisioner.report.columns import aligned, sentence
from provisioner.report.envelope import document, overall
from provisioner.report.failure import failure_document, failures_text
from provisioner.runs.pulled import PulledHost, PulledImage


def pulled_document(hosts: Sequence[PulledHost], *, run: str, agreements: Sequence[Agreement]) -> dict[str, Any]:
    """The JSON document of `image pull`; digests are those of what a name stands for in its registry."""
    return document(
        "image pull",
        status=overall([host.error is None for host in hosts]),
        run=run,
        hosts=[
            {
                "name": host.host,
                "status": host.outcome.status,
                "changed": host.outcome.changed,
                "images": [_image(image) for image in host.images],
                "error": failure_document(host.error),
                "seconds": round(host.seconds, 3),
            }
            for host in hosts
        ],
        digests=[
            {
                "name": found.name,
                "same": found.same,
                "groups": [{"digest": digest, "hosts": list(names)} for digest, names in found.groups],
                "unknown": list(found.unknown),
            }
            for found in agreements
        ],
    )


def pulled_text(
    hosts: Sequence[PulledHost], *, agreements: Sequence[Agreement], quiet: bool = False, width: int | None = None
) -> str:
    """Of one host the last words of docker; of several a line each, what failed, and the digests that they have."""
    wrong = [(host.host, host.error) for host in hosts if host.error]
    failures = [failures_text(wrong, width)] if wrong else []
    served = [(host.host, image.proof) for host in hosts for image in host.images if image.proof and not image.error]
    if len(hosts) == 1:
        closing = [line for image in hosts[0].images for line in (image.closing[-1:] if quiet else image.closing)]
        return "\n".join([*closing, *(sentence(proof, width) for _, proof in served), *failures])
    several = len(agreements) > 1
    rows: list[tuple[str, ...]] = [("HOST", "IMAGE", "STATUS", "DIGEST", "SECONDS")]
    for host in hosts:
        images = host.images or tuple(PulledImage(found.name, "failed") for found in agreements)
        rows += [_row(host, image, first=number == 0) for number, image in enumerate(images)]
    cells = [row if several else (row[0], *row[2:]) for row in rows]
    pieces = [aligned(cells, right=len(cells[0]) - 1, width=width)]
    pieces += ["\n".join(sentence(f"{name}: {proof}", width) for name, proof in served)] if served else []
    pieces += failures
    return "\n\n".join([*pieces, "\n".join(sentence(_sum(found, hosts), width) for found in agreements)])


def _row(host: PulledHost, image: PulledImage, *, first: bool) -> tuple[str, ...]:
    digest = image.digest.removeprefix("sha256:")[:12] or ("" if image.status == "failed" else "not known")
    status = image.status if host.images else host.outcome.status
    return host.host if first else "", image.name, status, digest, f"{host.seconds:.1f}" if first else ""


def _sum(found: Agreement, hosts: Sequence[PulledHost]) -> str:
    groups = [f"{digest} on {len(names)} of {len(hosts)} hosts" for digest, names in found.groups]
    said = "; ".join(groups) or f"on none of {len(hosts)} hosts"
    unknown = f"; not known on {' '.join(found.unknown)}" if found.unknown else ""
    return f"{found.name}: {said}{unknown}"


def _image(image: PulledImage) -> dict[str, Any]:
    return {
        "name": image.name,
        "status": image.status,
        "digest": image.digest or None,
        "id": image.id or None,
        "platform": image.platform or None,
        "proof": image.proof or None,
        "error": failure_document(image.error),
    }
