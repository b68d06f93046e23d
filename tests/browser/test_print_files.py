"""From an order to the printer's disk: made, taken once, decrypted, receipted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyrage
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.conftest import Brand
from tests.labels import make_product, place_order, print_labels
from wuma.chain.codes import print_job
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]


def test_a_printer_takes_a_file_once_and_decrypts_what_was_ordered(
    visit: Opens, runtime: Runtime, brand: Brand, photograph: Photograph, tmp_path: Path
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), 50)
        labels = print_labels(runtime.keyring, order)
    printer = visit(locale="en")
    email = printer.sign_in(brand.id, Role.PRINTING_VENDOR)
    identity = pyrage.x25519.Identity.generate()
    brand_admin = visit(locale="zh-CN")
    brand_admin.sign_in(brand.id, Role.BRAND_ADMIN)
    page = brand_admin.go(f"/code-orders/{order.id}")

    page.get_by_role("main").get_by_role("link", name="印刷文件").click()
    page.get_by_role("link", name="制作印刷文件").first.click()
    expect(page.get_by_text(re.compile(f"#{order.id} · 50"))).to_be_visible()
    page.get_by_label("模板").click()
    page.get_by_title("单品明码与暗码").click()
    expect(page.get_by_label("列名", exact=True)).to_have_count(5)
    page.get_by_label("列名", exact=True).nth(2).fill("流水码")
    page.get_by_label("印刷厂名称").fill("华新印刷")
    page.get_by_label("印刷厂的 age 公钥").fill(str(identity.to_public()))
    page.get_by_label("印刷厂账号").click()
    page.get_by_title(re.compile(re.escape(email))).click()
    photograph(page, "print-form-zh-1440")
    page.get_by_role("button", name="制作", exact=True).click()
    expect(page.get_by_text("排队中")).to_be_visible()
    file_id = page.url.rsplit("/", 1)[1]
    photograph(page, "print-file-queued-zh-1440")

    print_job.make(runtime, tenant_id=brand.id, print_file_id=file_id)
    expect(page.get_by_text("待领取")).to_be_visible()  # the page asks by itself
    expect(page.get_by_role("button", name="领取文件")).to_have_count(0)  # not for the brand's own people
    photograph(page, "print-file-ready-zh-1440")

    theirs = printer.go("/print-files")
    theirs.get_by_role("link", name=re.compile(rf"order-{order.id}-1-of-1")).click()
    theirs.get_by_role("button", name="Take the file").click()
    with theirs.expect_download() as downloading:
        theirs.get_by_role("dialog").get_by_role("button", name="Take the file").click()
    sealed = tmp_path / "codes.age"
    downloading.value.save_as(sealed)
    expect(theirs.get_by_role("heading", name="Receipt")).to_be_visible()
    photograph(theirs, "print-file-taken-en-1440")
    rows = pyrage.decrypt(sealed.read_bytes(), [identity]).decode().splitlines()

    assert rows[0].split(",")[2] == "流水码"
    assert [row.split(",")[2] for row in rows[1:]] == [label.open_path.rsplit("/", 1)[1] for label in labels]
    expect(theirs.get_by_role("button", name="Take the file")).to_have_count(0)


def test_sheets_that_do_not_fit_are_refused_and_smaller_ones_are_made(
    visit: Opens, runtime: Runtime, brand: Brand, photograph: Photograph
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), 20)
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go(f"/print-files/new?order={order.id}")

    page.get_by_text("QR sheets on A4").click()
    page.get_by_label("How many").fill("20")
    page.get_by_label("Symbols in a row").fill("20")
    page.get_by_label("Printer", exact=True).fill("Our own office")
    page.get_by_label("The printer's age public key").fill(str(pyrage.x25519.Identity.generate().to_public()))
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_text("Something in the input is wrong")).to_be_visible()
    photograph(page, "sheet-form-refused-en-1440")
    page.get_by_label("Symbols in a row").fill("4")
    page.get_by_role("button", name="Make", exact=True).click()

    expect(page.get_by_text("QR sheets", exact=True)).to_be_visible()
    print_job.make(runtime, tenant_id=brand.id, print_file_id=page.url.rsplit("/", 1)[1])
    expect(page.get_by_text("Ready", exact=True).first).to_be_visible()
