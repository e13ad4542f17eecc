from __future__ import annotations

from html.parser import HTMLParser

from provisioner.report.html import page
from tests.report.outcomes import changed, failed, unreachable

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Checked(HTMLParser):
    """Elements are closed in order; nothing is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.ids, self.links = [], [], set(), set()

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        assert tag not in {"script", "link", "img", "iframe"}
        assert "src" not in names
        if "id" in names:
            self.ids.add(names["id"])
        if "href" in names:
            assert names["href"].startswith("#")
            self.links.add(names["href"][1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def checked(*outcomes, run="7"):
    parser = Checked()
    parser.feed(page("apply", outcomes, run))
    parser.close()
    assert parser.open == []
    assert parser.links <= parser.ids
    return "".join(parser.text)


def test_a_page_has_everything():
    text = checked(changed("web01", "https://a.example"), failed("web02"), unreachable("web03"))
    for said in (
        "partial", "run 7", "web01", "26.1.5", "https://a.example", "look out", "no rpm here", "set debug",
        '+{"debug": true}', "log of the step", "engine answers", "<b>what it said</b>", "step daemon-config failed",
        "port 22 is closed", "or not",
    ):  # fmt: skip
        assert said in text


def test_what_hosts_say_is_escaped_and_masked():
    html = page("apply", [failed("<script>", "<img src=x> http://me:s3cr3t@proxy")], None)
    assert "<script>" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert "s3cr3t" not in html


def test_no_hosts():
    assert "0 hosts" in checked(run=None)
