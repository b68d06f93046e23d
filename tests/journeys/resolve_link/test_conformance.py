"""The GS1-Conformant Resolver standard 1.0, statement by statement."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import jsonschema_rs
import pytest

from tests.gs1 import generated
from tests.journeys.resolve_link.conftest import HOST, Shelf, link
from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.associations import association_problems
from wuma_gs1.compression import compress
from wuma_gs1.digital_link import DigitalLink, escaped

LINKSET = "application/linkset+json"
RELATION = "https://gs1.org/voc/"


def test_the_default_is_where_a_browser_is_sent(shelf: Shelf) -> None:
    shelf.keep("", link("gs1:recipeInfo", "/r"), link("gs1:pip", "/p", is_default=True))

    answer = shelf.scan(accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert (answer.status_code, answer.headers["location"]) == (307, f"https://{HOST}/p")


def test_a_type_of_link_that_is_asked_for_is_given(shelf: Shelf) -> None:
    shelf.keep("", link("gs1:pip", "/p", is_default=True), link("gs1:recipeInfo", "/r"))

    assert shelf.scan("?linkType=gs1:recipeInfo").headers["location"] == f"https://{HOST}/r"
    assert shelf.scan(f"?linkType={RELATION}recipeInfo").headers["location"] == f"https://{HOST}/r"


def test_a_type_of_link_that_there_is_not_is_not_found_and_nothing_else_is_given(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    answer = shelf.scan("?linkType=gs1:instructions")

    assert answer.status_code == 404
    assert "gs1:pip" in answer.json()["detail"]


def test_keys_and_values_of_the_query_go_along(shelf: Shelf) -> None:
    shelf.keep(
        "", link("gs1:pip", "/p?from=qr", is_default=True), link("gs1:faqs", "/f", forwards_query=False)
    )

    assert shelf.scan("?17=261231&utm=a%20b").headers["location"] == (
        f"https://{HOST}/p?from=qr&17=261231&utm=a%20b"
    )
    assert shelf.scan("?linkType=gs1:faqs&utm=1").headers["location"] == f"https://{HOST}/f"


@pytest.mark.parametrize("how", ["linkType", "accept"])
def test_all_links_are_given_as_a_linkset_of_every_level(shelf: Shelf, shared: Path, how: str) -> None:
    shelf.keep("", link(is_default=True), link("gs1:recipeInfo", "/r", languages=["zh", "en"]))
    shelf.keep("/10/L7", link("gs1:certificationInfo", "/c", title="检验报告", media_type="application/pdf"))

    path = "/10/L7" + ("?linkType=linkset" if how == "linkType" else "")
    answer = shelf.scan(path, **({"accept": LINKSET} if how == "accept" else {"accept": "*/*"}))

    assert (answer.status_code, answer.headers["content-type"]) == (200, LINKSET)
    schema = json.loads((shared / "gs1/resolver/linkset/gs1-linkset-schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, answer.json())
    lot, gtin = answer.json()["linkset"]
    assert lot["anchor"] == f"https://id.wuma.test{shelf.key}/10/L7"
    assert gtin["anchor"] == f"https://id.wuma.test{shelf.key}"
    assert gtin["itemDescription"] in {"晨牧奶粉", "Morning Meadow"}
    assert lot[f"{RELATION}certificationInfo"] == [
        {"href": f"https://{HOST}/c", "title": "检验报告", "type": "application/pdf"}
    ]
    assert gtin[f"{RELATION}recipeInfo"][0]["hreflang"] == ["zh", "en"]


def test_the_default_has_no_attributes_and_is_described_by_another_type(shelf: Shelf) -> None:
    shelf.keep(
        "", link(is_default=True, languages=["zh"]), link("gs1:pip", "/en", languages=["en"], is_default=True)
    )

    level = shelf.scan("?linkType=linkset").json()["linkset"][0]

    assert level[f"{RELATION}defaultLink"] == [{"href": f"https://{HOST}/p", "title": "Product"}]
    described = {one["href"] for one in level[f"{RELATION}pip"]}
    assert {one["href"] for one in level[f"{RELATION}defaultLinkMulti"]} == described
    assert {one["href"] for one in level[f"{RELATION}defaultLink"]} <= described


def test_a_linkset_becomes_linked_data_with_the_context_its_header_names(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    header = shelf.scan("?linkType=linkset").headers["link"]
    address = header.split('>; rel="http://www.w3.org/ns/json-ld#context"')[0].rsplit("<", 1)[1]
    context = shelf.get(address.removeprefix("https://id.wuma.test"))

    assert (context.status_code, context.headers["content-type"]) == (200, "application/ld+json")
    assert context.json()["@context"]["gs1"] == RELATION


def test_the_linkset_is_named_in_a_header_also_when_redirecting(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    header = shelf.scan().headers["link"]

    assert f'<https://id.wuma.test{shelf.key}?linkType=linkset>; rel="linkset"' in header
    assert f'<https://{HOST}/p>; rel="gs1:pip"' in header


def test_a_finer_level_wins_and_a_coarser_one_stands_in(shelf: Shelf) -> None:
    shelf.keep("", link("gs1:pip", "/p", is_default=True), link("gs1:recipeInfo", "/r"))
    shelf.keep("/10/L7", link("gs1:pip", "/lot", is_default=True))
    shelf.keep("/10/L7/21/A1", link("gs1:pip", "/can"))

    assert shelf.scan("/10/L7?linkType=gs1:pip").headers["location"] == f"https://{HOST}/lot"
    assert shelf.scan("/10/L8?linkType=gs1:pip").headers["location"] == f"https://{HOST}/p"
    assert shelf.scan("/10/L7/21/A1?linkType=gs1:pip").headers["location"] == f"https://{HOST}/can"
    assert shelf.scan("/10/L7/21/A1?linkType=gs1:recipeInfo").headers["location"] == f"https://{HOST}/r"
    assert shelf.scan("/22/V1/10/L7").headers["location"] == f"https://{HOST}/p"
    assert shelf.scan("/10/L7").headers["location"] == f"https://{HOST}/lot"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.1", "/zh"),
        ("en-GB, zh;q=0.4", "/en"),
        ("fr;q=0.9, en;q=0.3, zh;q=0.5", "/zh"),
        ("zh;q=0, en;q=0.1", "/en"),
    ],
)
def test_languages_are_weighed(shelf: Shelf, wanted: str, path: str) -> None:
    shelf.keep(
        "",
        link("gs1:pip", "/zh", languages=["zh"], is_default=True),
        link("gs1:pip", "/en", languages=["en"], is_default=True),
    )

    for query in ("", "?linkType=gs1:pip"):
        assert shelf.scan(query, accept_language=wanted).headers["location"] == f"https://{HOST}{path}"


def test_media_types_and_contexts_tell_links_of_one_type_apart(shelf: Shelf) -> None:
    shelf.keep(
        "",
        link("gs1:pip", "/html", media_type="text/html", is_default=True),
        link("gs1:pip", "/json", media_type="application/json"),
        link("gs1:pip", "/hk", media_type="text/html", contexts=["HK"]),
    )

    asked = "?linkType=gs1:pip"
    assert shelf.scan(asked, accept="application/json").headers["location"] == f"https://{HOST}/json"
    assert shelf.scan(f"{asked}&context=HK", accept="text/html").headers["location"] == f"https://{HOST}/hk"


def test_several_links_that_are_meant_equally_are_offered(shelf: Shelf) -> None:
    shelf.keep(
        "",
        link(is_default=True),
        *(link("gs1:certificationInfo", f"/c{n}", title=f"证书 {n}") for n in (1, 2)),
    )

    page = shelf.scan("?linkType=gs1:certificationInfo", accept="text/html", accept_language="en")
    data = shelf.scan("?linkType=gs1:certificationInfo", accept="application/json")

    assert (page.status_code, data.status_code) == (300, 300)
    assert f'href="https://{HOST}/c2"' in page.text
    assert "证书 2" in page.text
    offered = data.json()["linkset"][0][f"{RELATION}certificationInfo"]
    assert [one["href"] for one in offered] == [f"https://{HOST}/c1", f"https://{HOST}/c2"]


def test_a_request_that_asks_for_nothing_is_always_led_to_one_place(shelf: Shelf) -> None:
    shelf.keep("/10/L7", link("gs1:certificationInfo", "/c"))  # nobody has named a default

    assert shelf.scan("/10/L7").headers["location"] == f"https://{HOST}/c"


@pytest.mark.parametrize("partly", [True, False])
def test_a_compressed_link_is_read_and_the_whole_one_named(shelf: Shelf, partly: bool) -> None:
    shelf.keep("", link(is_default=True))
    whole = f"https://id.wuma.test{shelf.key}/10/L7"
    packed = compress(DigitalLink.parse(whole), partly=partly).removeprefix("https://id.wuma.test")
    assert packed != whole.removeprefix("https://id.wuma.test")

    answer = shelf.get(packed)
    level = shelf.get(f"{packed}?linkType=linkset").json()["linkset"][0]

    assert answer.headers["location"] == f"https://{HOST}/p"  # at once, not to the uncompressed one
    assert f'<{whole}>; rel="owl:sameAs"' in answer.headers["link"]
    assert level["anchor"] == f"https://id.wuma.test{shelf.key}"


def test_a_trailing_slash_is_tolerated(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    assert shelf.scan("/").headers["location"] == shelf.scan("").headers["location"]


@pytest.mark.parametrize(
    ("path", "place", "expected"),
    [
        ("/01/06901234567893", "path, character 18", "check digit"),
        ("/01/06901234567892/21/a/10/b", "path", "qualifiers"),
        ("/01/06901234567892?17=261331", "path, character 25", "month"),
        ("/8200/x", "path", "primary key"),
        ("/0123/x", "path", "primary key"),
        ("/414/6901234567893", "path", "digit"),
        ("/01/０６９０１２３４５６７８９２", "path", "value"),
    ],
)
def test_what_is_no_digital_link_is_refused_with_the_place(
    shelf: Shelf, path: str, place: str, expected: str
) -> None:
    answer = shelf.get(path)

    assert answer.status_code == 400
    told = answer.json()
    assert told["errors"][0]["at"].startswith(place)
    assert expected in json.dumps(told)
    page = shelf.get(path, accept="text/html")
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")


def test_nothing_that_is_wrong_is_answered_with_200(shelf: Shelf) -> None:
    for path in ("/01/06901234567893", "/01/06901234567892", "/99/1", "/00/1", "/01/", "/01/x/21/"):
        assert shelf.get(path).status_code in {400, 404}, path


def test_every_primary_key_with_all_its_qualifiers_is_supported(shelf: Shelf) -> None:
    source = Random(5)
    asked = set()
    for ai, spec in AIS.items():
        for way in spec.path or ():
            elements = [Element(one, generated.value(source, one)) for one in (ai, *way)]
            if association_problems(elements):  # 22 and 235 are of (01) alone
                elements = [one for one in elements if one.ai not in {"22", "235"} or ai == "01"]
            path = "".join(f"/{one}/{escaped(value)}" for one, value in elements)
            answer = shelf.get(path, accept=LINKSET)
            assert answer.status_code == 404, (path, answer.text)  # understood, and nobody keeps links of it
            assert answer.json()["type"] == "urn:wuma:problem:not-found", path
            asked.add(ai)
    assert asked == {ai for ai, spec in AIS.items() if spec.path is not None}


def test_get_head_and_options_are_answered_with_cors(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    get, head = shelf.scan(), shelf.scan(method="HEAD")
    assert (head.status_code, head.content) == (307, b"")
    assert {name: head.headers[name] for name in ("location", "link", "vary")} == {
        name: get.headers[name] for name in ("location", "link", "vary")
    }
    linkset = shelf.scan("?linkType=linkset", method="HEAD")
    assert (linkset.status_code, linkset.content) == (200, b"")
    assert int(linkset.headers["content-length"]) == len(shelf.scan("?linkType=linkset").content)
    for path in ("", "/21/A1"):
        options = shelf.scan(path, method="OPTIONS")
        assert options.status_code == 204
        assert options.headers["allow"] == "GET, HEAD, OPTIONS"
        assert options.headers["access-control-allow-origin"] == "*"
    assert get.headers["access-control-allow-origin"] == "*"
    assert shelf.scan("", method="POST").status_code == 405


def test_the_resolver_describes_itself(shelf: Shelf) -> None:
    answer = shelf.get("/.well-known/gs1resolver")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert told["resolverRoot"] == "https://id.wuma.test"
    assert told["supportedPrimaryKeys"] == ["all"]
    assert shelf.get(told["jsonLdContext"].removeprefix("https://id.wuma.test")).status_code == 200


# ---- items of our own ----------------------------------------------------------------------------------


def test_an_item_is_answered_at_its_own_address_and_its_links_on_request(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True), link("gs1:recipeInfo", "/r"))
    item = "/21/2345678923456789"

    page = shelf.scan(item, accept="text/html")
    recipe = shelf.scan(f"{item}?linkType=gs1:recipeInfo")
    serial, gtin = shelf.scan(item, accept=LINKSET).json()["linkset"]

    assert page.status_code == 200  # the answer to a scan, not a redirect
    assert recipe.headers["location"] == f"https://{HOST}/r"
    assert serial[f"{RELATION}verificationService"][0]["href"] == f"https://id.wuma.test{shelf.key}{item}"
    assert serial[f"{RELATION}defaultLink"][0]["href"] == f"https://id.wuma.test{shelf.key}{item}"
    assert gtin[f"{RELATION}recipeInfo"][0]["href"] == f"https://{HOST}/r"


def test_the_page_of_an_item_names_its_links_to_pages_of_any_origin(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))
    item = f"{shelf.key}/21/2345678923456789"

    for method in ("GET", "HEAD"):
        page = shelf.get(item, method, accept="text/html")
        assert page.headers["access-control-allow-origin"] == "*"
        (target,) = re.findall(r"<([^>]*)>; rel=\"linkset\"", page.headers["link"])
        assert LINKSET in shelf.get(item + target).headers["content-type"]


@pytest.mark.parametrize("gtin_digits", [9, 10, 11])
def test_what_looks_like_an_item_and_is_none_is_explained(shelf: Shelf, gtin_digits: int) -> None:
    answer = shelf.get(f"/01/{'1' * gtin_digits}/21/A1")

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:wuma:problem:not-a-digital-link")


def test_a_variant_of_a_product_is_led_by_the_product(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    assert shelf.scan("/22/2A").headers["location"] == f"https://{HOST}/p"


def test_a_product_without_links_is_named_where_nothing_is_found(shelf: Shelf) -> None:
    page = shelf.scan("", accept="text/html", accept_language="zh")
    told = shelf.scan("", accept="application/json", accept_language="en")

    assert (page.status_code, told.status_code, told.json()["name"]) == (404, 404, "Morning Meadow")
    assert "晨牧奶粉" in page.text


def test_a_hidden_code_never_leaves_its_own_address(shelf: Shelf) -> None:
    answer = shelf.get("/h/2345678923456789?linkType=linkset", accept=LINKSET)

    assert "linkset" not in answer.headers["content-type"]
    assert "link" not in answer.headers


def test_a_target_may_take_values_of_the_request(shelf: Shelf) -> None:
    shelf.keep("", link("gs1:pip", "/p", is_default=True), link("gs1:epil", "/leaflet/{10}?sn={21}"))

    asked = "?linkType=gs1:epil"
    assert shelf.scan(f"/10/L%2F7/21/A1{asked}").headers["location"] == f"https://{HOST}/leaflet/L%2F7?sn=A1"
    assert shelf.scan(f"/10/L7{asked}").status_code == 404  # without a serial there is no such leaflet
