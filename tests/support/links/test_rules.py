"""What a link may be, where it may lead, and what a merge keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma.kernel.errors import InvalidInput
from wuma.support.links.anchors import read_anchor
from wuma.support.links.exchange import read_csv, read_json, write_csv, write_json
from wuma.support.links.link import LinkDraft, level, merged, read_host, refuse_unfit

HOSTS = ["brand.example", "*.shop.example"]


def draft(href: str = "https://brand.example/p", **said: object) -> LinkDraft:
    return LinkDraft(**{"link_type": "gs1:pip", "href": href, "title": "Product", **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "href",
    [
        "https://brand.example",
        "https://BRAND.example/p?x=1#y",
        "https://cn.shop.example/{21}",
        "https://a.b.shop.example/p?sn={21}&lot={10}",
        "https://brand.example/%E4%BA%A7%E5%93%81",
    ],
)
def test_a_link_may_lead_to_the_hosts_that_were_named(href: str) -> None:
    refuse_unfit([draft(href, is_default=True)], HOSTS, is_key=True)


@pytest.mark.parametrize(
    "href",
    [
        "http://brand.example/p",
        "//brand.example/p",
        "/p",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://evil.example/p",
        "https://evil-brand.example/",
        "https://brand.example.evil.example/",
        "https://brand.example@evil.example/",
        "https://evil.example\\@brand.example/",
        "https://evil.example#@brand.example/",
        "https://brand.example:8443/",
        "https://shop.example/",
        "https://{21}.shop.example/",
        "https://brand.example/{",
        "https://brand.example/{serial}",
        "https://brand.example/产品",
        "https://brand.example/a b",
        "https://brand.example/\r\nset-cookie: x=1",
        "https://[::1]/",
        "https://",
        "",
        "https://brand.example/" + "x" * 2048,
    ],
)
def test_and_nowhere_else(href: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_unfit([draft(href)], HOSTS, is_key=False)

    assert [fault.at for fault in refused.value.errors] == ["/links/0/href"]


@given(st.text(max_size=60))
def test_no_text_makes_a_link_that_leaves_the_hosts(text: str) -> None:
    from urllib.parse import urlsplit

    for href in (text, f"https://{text}", f"https://brand.example{text}", f"https://{text}.shop.example/"):
        try:
            refuse_unfit([draft(href)], HOSTS, is_key=False)
        except InvalidInput:
            continue
        filled = level("https://x/01/1", "", [draft(href)], {"21": "@evil.example/", "10": "../"}).links
        for link in filled:
            host = urlsplit(link.href).hostname or ""
            assert host == "brand.example" or host.endswith(".shop.example")


def test_all_faults_are_told_at_once_each_at_its_place() -> None:
    links = [
        draft(link_type="gs1:pipp"),
        draft(link_type="gs1:defaultLink", languages=("chinese!",)),
        draft(link_type="https://gs1.org/voc/pip", media_type="html", title=""),
        draft(contexts=("a b",), title="x" * 201),
    ]

    with pytest.raises(InvalidInput) as refused:
        refuse_unfit(links, HOSTS, is_key=True)

    assert [fault.at for fault in refused.value.errors] == [
        "/links/0/link_type",
        "/links/1/link_type",
        "/links/1/languages",
        "/links/2/link_type",
        "/links/2/title",
        "/links/2/media_type",
        "/links/3/title",
        "/links/3/contexts",
        "/links",
    ]


@pytest.mark.parametrize(
    "host", ["", "cn", "*.cn", "a b.cn", "http://a.cn", "a.cn/x", "127.0.0.1", "*", "-a.cn"]
)
def test_a_host_is_a_name_below_a_top_level_domain(host: str) -> None:
    with pytest.raises(InvalidInput):
        read_host(host)


def test_an_anchor_has_one_form() -> None:
    same = {
        read_anchor(text).path
        for text in (
            "/01/06901234567892/10/a%2Fb",
            "https://x.example/shop/01/06901234567892/10/a%2fb?17=261231",
            "/01/6901234567892/10/a%2Fb/",
        )
    }

    assert same == {"/01/06901234567892/10/a%2Fb"}


def test_a_merge_replaces_what_is_meant_for_the_same_and_nothing_else() -> None:
    zh, en = draft(languages=("zh",), is_default=True), draft(languages=("en",), is_default=True)
    recipe = draft("https://brand.example/r", link_type="gs1:recipeInfo")
    new_zh = draft("https://brand.example/new", languages=("zh",), is_default=True)

    assert merged([zh, en, recipe], [new_zh]) == [en, recipe, new_zh]
    assert merged([zh, en], []) == [zh, en]
    faqs = draft("https://brand.example/f", link_type="gs1:faqs", languages=("zh",), is_default=True)
    assert [link.is_default for link in merged([zh, en], [faqs])] == [False, True, True]


# ---- files ---------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=30).map(
    str.strip
)
LINKS = st.builds(
    LinkDraft,
    link_type=st.sampled_from(["gs1:pip", "gs1:recipeInfo"]),
    href=st.sampled_from(["https://brand.example/p", "https://brand.example/,\"'{21}"]),
    title=TEXTS.filter(bool),
    languages=st.lists(st.sampled_from(["zh", "en-GB"]), unique=True).map(tuple),
    media_type=st.sampled_from(["", "text/html"]),
    contexts=st.lists(st.sampled_from(["CN", "b2b"]), unique=True).map(tuple),
    forwards_query=st.booleans(),
    is_default=st.booleans(),
)
ANCHORS = st.dictionaries(
    st.sampled_from(["/01/06901234567892", "/01/06901234567892/10/L7", "/00/369012340000000420"]),
    st.tuples(TEXTS, st.lists(LINKS, min_size=1, max_size=4)),
    min_size=1,
)


@given(ANCHORS)
def test_what_is_written_is_read_again(anchors: dict[str, tuple[str, list[LinkDraft]]]) -> None:
    rows = [(anchor, description, links) for anchor, (description, links) in anchors.items()]

    for said in (read_csv(b"".join(write_csv(rows))), read_json(b"".join(write_json(rows)))):
        assert [(one.anchor.path, one.description, one.links) for one in said] == rows


def test_no_cell_starts_a_formula() -> None:
    hostile = draft(title="=HYPERLINK(1)")

    table = b"".join(write_csv([("/01/06901234567892", "@x", [hostile])])).decode()

    assert "'=HYPERLINK(1)" in table
    assert "'@x" in table


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_garbage_is_refused_and_nothing_else_happens(body: bytes) -> None:
    for read in (read_csv, read_json):
        try:
            read(body)
        except InvalidInput as refused:
            assert refused.errors  # noqa: PT017 - most are refused, some may be fit


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("", "row 1"),
        ("anchor,href\n", "row 1"),
        ("anchor,link_type,href,title,colour\n", "row 1"),
        ("anchor,anchor,link_type,href,title\n", "row 1"),
        ("anchor,link_type,href,title\n/01/06901234567893,gs1:pip,https://x,t\n", "row 2/anchor"),
        (
            "anchor,link_type,href,title,is_default\n/01/06901234567892,gs1:pip,x,t,maybe\n",
            "row 2/is_default",
        ),
    ],
)
def test_a_table_that_is_not_right_is_told_where(table: str, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_csv(table.encode())

    assert refused.value.errors[0].at == place


def test_what_a_chinese_spreadsheet_writes_is_read() -> None:
    table = "anchor,link_type,href,title,is_default\n/01/06901234567892,gs1:pip,https://brand.example/p,产品信息,是\n"

    (said,) = read_csv(table.encode("gb18030"))

    assert (said.links[0].title, said.links[0].is_default) == ("产品信息", True)
