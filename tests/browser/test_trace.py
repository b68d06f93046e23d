"""The page of a thing: how it stands, its route, its life, what it was made from and where it went."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Server, Visitor
from tests.conftest import Brand
from tests.fuzz.everything import new_gln
from tests.labels import Label, make_product, place_order, print_labels
from wuma.chain.codes.orders import Level
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.support.masterdata.partners import PartnerDraft, PartnerKind, create_partner
from wuma.support.masterdata.sites import SiteDraft, SiteKind, create_site

Photograph = Callable[[Page, str], None]

POWDER = "urn:epc:class:lgtin:6901234.000017.R7"


@pytest.fixture
def way(runtime: Runtime, brand: Brand, server: Server) -> tuple[list[Label], list[dict[str, object]]]:
    """Six cans from powder to a store in Shenzhen, and the events that tell it."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    glns = [new_gln() for _ in range(3)]
    with runtime.database.transaction(brand.scope) as session:
        factory = SiteDraft(gln=glns[0], kind=SiteKind.FACTORY, name="呼和浩特一厂", region_code="1501")
        create_site(session, brand.id, factory, now=now)
        for gln, kind, name, region in (
            (glns[1], PartnerKind.DEALER, "华东总经销", "31"),
            (glns[2], PartnerKind.STORE, "深圳南山店", "440305"),
        ):
            draft = PartnerDraft(code=name, kind=kind, name=name, gln=gln, region_code=region)
            create_partner(session, brand.id, draft, now=now)
        product = make_product(session, brand.id)
        cans = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 6))
        case = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 1, Level.CASE))
    server.application.keep_up()
    factory_at, dealer, store = ({"id": f"https://id.gs1.org/414/{gln}"} for gln in glns)
    uris = [f"https://id.gs1.org{can.open_path}" for can in cans]
    box = f"https://id.gs1.org{case[0].open_path}"
    offset = {"eventTimeZoneOffset": "+08:00"}
    told: list[dict[str, object]] = [
        {
            "type": "TransformationEvent",
            "eventTime": "2026-05-01T01:00:00Z",
            "bizStep": "commissioning",
            "disposition": "active",
            "inputQuantityList": [{"epcClass": POWDER, "quantity": 5, "uom": "KGM"}],
            "outputEPCList": uris,
            "ilmd": {"cbvmda:lotNumber": "B7", "cbvmda:itemExpirationDate": "2028-05-01"},
            "bizLocation": factory_at,
        },
        {
            "type": "AggregationEvent",
            "eventTime": "2026-05-01T02:00:00Z",
            "action": "ADD",
            "bizStep": "packing",
            "parentID": box,
            "childEPCs": uris,
            "bizLocation": factory_at,
        },
        *(
            {
                "type": "ObjectEvent",
                "eventTime": at,
                "action": "OBSERVE",
                "bizStep": step,
                "disposition": disposition,
                "epcList": [box],
                where: place,
            }
            for at, step, disposition, where, place in (
                ("2026-05-03T02:00:00Z", "shipping", "in_transit", "readPoint", factory_at),
                ("2026-05-06T02:00:00Z", "receiving", "in_progress", "bizLocation", dealer),
                ("2026-05-09T02:00:00Z", "shipping", "in_transit", "readPoint", dealer),
                ("2026-05-11T02:00:00Z", "receiving", "in_progress", "bizLocation", store),
            )
        ),
    ]
    return [*cans, *case], [{**offset, **one} for one in told]


def _capture(visitor: Visitor, events: list[dict[str, object]]) -> None:
    visitor.go("/")
    visitor.post(
        "/epcis/capture",
        {
            "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-05-02T08:00:00Z",
            "epcisBody": {"eventList": events},
        },
    )


def test_a_can_tells_where_it_is_and_how_it_came_there(
    visit: Opens, brand: Brand, way: tuple[list[Label], list[dict[str, object]]], photograph: Photograph
) -> None:
    labels, told = way
    visitor = visit(locale="zh-CN", viewport={"width": 1280, "height": 900})
    visitor.sign_in(brand.id, Role.QA)
    _capture(visitor, told)

    page = visitor.go("/xray?code=" + labels[0].open_path.rsplit("/", 1)[1])
    page.get_by_role("link", name="去向与来源").last.click()

    facts = page.get_by_role("main").locator("dl")
    expect(facts).to_contain_text("深圳南山店")
    expect(facts).to_contain_text("B7")
    expect(page.get_by_role("img", name=re.compile("从 呼和浩特一厂 到 深圳南山店"))).to_be_visible()
    genealogy = page.get_by_role("region", name="谱系")
    expect(genealogy.get_by_role("link")).to_have_count(4)  # powder, lot, can, case
    photograph(page, "trace-zh-1280")

    page.get_by_text("每条箭头的依据").click()
    expect(page.get_by_role("table", name="每条箭头的依据")).to_contain_text("制成")
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 SVG").click()
    assert download.value.suggested_filename == "trace-both.svg"


def test_powder_is_followed_to_everybody_who_holds_something_of_it(
    visit: Opens, brand: Brand, way: tuple[list[Label], list[dict[str, object]]], photograph: Photograph
) -> None:
    _, told = way
    visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(brand.id, Role.QA)
    _capture(visitor, told)

    page = visitor.go("/trace")
    page.get_by_label("Code or lot").fill(POWDER)
    page.keyboard.press("Enter")
    page.get_by_text("Where it went", exact=True).last.click()

    expect(page.get_by_role("table", name="Who holds them now")).to_contain_text("深圳南山店")
    expect(page.get_by_text("7 affected, carried by 1.")).to_be_visible()
    photograph(page, "trace-en-375")


def test_what_nobody_knows_is_said_to_be_unknown(visit: Opens, brand: Brand, photograph: Photograph) -> None:
    visitor = visit(locale="zh-CN", viewport=PHONE)
    visitor.sign_in(brand.id, Role.QA)

    page = visitor.go("/trace?code=urn:epc:id:sgtin:0614141.107346.999")

    expect(page.get_by_role("alert")).to_be_visible()
    photograph(page, "trace-unknown-zh-375")
