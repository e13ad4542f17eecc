"""What `docker image ls` lists, as values."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from provisioner.images.listing import NONE, Details, details_of, rows
from provisioner.images.spread import spreads

ID, DIGEST = "sha256:" + "1" * 64, "sha256:" + "d" * 64


def line(repository, tag, digest, id_=ID):
    return json.dumps({"Repository": repository, "Tag": tag, "Digest": digest, "ID": id_, "Size": "1MB"})


def test_rows_tell_names_and_digests_of_their_images():
    listed = rows("\n".join([line("redis", "7", DIGEST), line("redis", "6", DIGEST), line("shop/web", "1", NONE)]))
    assert details_of(listed) == {
        ID: Details(ID, None, 0, "", ("redis:7", "redis:6", "shop/web:1"), (f"redis@{DIGEST}",) * 2, "")
    }


def test_a_name_without_a_digest_is_the_same_image_in_another_store_by_a_digest_of_its_other_name():
    here = rows("\n".join([line("redis", "7", DIGEST), line("shop/web", "1", NONE)]))
    there = rows("\n".join([line("redis", "7", DIGEST, DIGEST), line("shop/web", "1", DIGEST, DIGEST)]))
    found = spreads({"graph": (here, details_of(here)), "containerd": (there, details_of(there))})
    assert {spread.name: spread.differs for spread in found} == {"redis:7": False, "shop/web:1": False}


WORD = st.one_of(st.just(NONE), st.text("ab<>./:@\n\"'", max_size=5))


@given(st.lists(st.tuples(WORD, WORD, WORD, WORD), max_size=5))
def test_whatever_a_client_lists_has_details(values):
    listed = rows("\n".join(line(*value) for value in values))
    assert set(details_of(listed)) == {row.id for row in listed}
    spreads({"host": (listed, details_of(listed))})
