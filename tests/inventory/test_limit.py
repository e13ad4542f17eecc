from __future__ import annotations

import pytest

from provisioner.errors import UsageError
from provisioner.inventory import load
from provisioner.inventory.patterns import split

INVENTORY = """
all:
  hosts: {lone: }
  children:
    web: {hosts: {"web[1:4]": }}
    db: {hosts: {db-a: , db-b: }}
    both: {children: {web: , db: }}
    six: {hosts: {"2001:db8::1": }}
"""
WEB = ["web1", "web2", "web3", "web4"]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    path = tmp_path_factory.mktemp("limit") / "hosts.yaml"
    path.write_text(INVENTORY)
    return load(path)


# Every row gives what `ansible all -l PATTERN --list-hosts` (ansible-core 2.19) gives.
@pytest.mark.parametrize(
    ("limit", "names"),
    [
        (None, ["lone", "2001:db8::1", *WEB, "db-a", "db-b"]),
        ("all", ["lone", "2001:db8::1", *WEB, "db-a", "db-b"]),
        ("web", WEB),
        ("web2", ["web2"]),
        ("web*", WEB),
        ("web?", WEB),
        ("web[!23]", ["web1", "web4"]),
        ("db-a:web1", ["db-a", "web1"]),
        ("db-a, web1 ,", ["db-a", "web1"]),
        ("both:!web", ["db-a", "db-b"]),
        ("!web", ["lone", "2001:db8::1", "db-a", "db-b"]),
        ("both:&db", ["db-a", "db-b"]),
        ("both,&db,!db-a", ["db-b"]),
        ("!db-a:both", [*WEB, "db-b"]),
        ("~(web|db-)[1a]", ["web1", "db-a"]),
        ("web[0]", ["web1"]),
        ("web[-1]", ["web4"]),
        ("web[1:2]", ["web2", "web3"]),
        ("web[2:]", ["web3", "web4"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("ungrouped", ["lone"]),
    ],
)
def test_a_limit_selects(inventory, limit, names):
    assert sorted(host.name for host in inventory.hosts(limit)) == sorted(names)
    assert len(inventory.hosts(limit)) == len(names)


def test_the_order_is_that_of_the_pieces(inventory):
    assert [host.name for host in inventory.hosts("db-b,web1,db")] == ["db-b", "web1", "db-a"]


def test_a_host_has_to_match_both_patterns(inventory):
    names = [host.name for host in inventory.hosts("web,db", among="db-b,web4,lone")]
    assert names == ["db-b", "web4"]
    with pytest.raises(UsageError, match="--limit web leaves none of db"):
        inventory.hosts("web", among="db")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("wbe", "'wbe' matches no host and no group; did you mean web?"),
        ("web1,typo", "'typo' matches no host"),
        ("all:!wbe1", "'wbe1' matches no host and no group; did you mean web1?"),
        ("web:!web", "no host is left over"),
        ("web[9]", "matches no host"),
        ("~(", "is not a regular expression"),
        (",", "names nothing"),
        ("!", "names nothing"),
    ],
)
def test_a_limit_that_matches_nothing(inventory, limit, said):
    with pytest.raises(UsageError) as caught:
        inventory.hosts(limit)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_error_lists_what_exists(inventory):
    with pytest.raises(UsageError) as caught:
        inventory.hosts("nothing-like-it")
    assert caught.value.hint.startswith("groups: all, ungrouped, web, db, both, six; hosts: ")
    assert "web4" in caught.value.hint


@pytest.mark.parametrize(
    ("limit", "pieces"),
    [
        ("a,b:c", ["a", "b:c"]),
        ("a:b:!c:&d", ["a", "b", "!c", "&d"]),
        ("web[0:2]:db", ["web[0:2]", "db"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("~a:b", ["~a:b"]),
    ],
)
def test_pieces(limit, pieces):
    assert split(limit) == pieces
