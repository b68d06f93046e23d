"""A spreadsheet becomes master data: checked first, every fault with its cell, taken in whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens, fresh_gtin
from tests.conftest import Brand
from wuma.kernel.auth.grants import Role

Photograph = Callable[[Page, str], None]


def test_a_file_with_a_fault_is_refused_whole_and_taken_in_when_it_is_right(
    visit: Opens, brand: Brand, tmp_path: Path, photograph: Photograph
) -> None:
    first, second = fresh_gtin(), fresh_gtin()
    misread = second[:-1] + str((int(second[-1]) + 1) % 10)
    table = tmp_path / "产品.csv"
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/imports")

    table.write_text(
        f"GTIN,中文名称,保质期(天)\n{first},一段奶粉,730\n{misread},二段奶粉,730\n", encoding="gbk"
    )
    page.locator("input[type=file]").set_input_files(table)
    faults = page.get_by_role("table", name="需要修正")
    expect(faults.get_by_role("row")).to_have_count(2)
    expect(faults.get_by_role("row").nth(1)).to_contain_text(misread)
    expect(page.get_by_role("button", name="导入")).to_have_count(0)
    photograph(page, "import-faults-zh-1440")

    table.write_text(
        f"GTIN,中文名称,保质期(天)\n{first},一段奶粉,730\n{second},二段奶粉,730\n", encoding="gbk"
    )
    page.get_by_role("button", name="换一个文件").click()
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="导入 2 条").click()
    expect(page.get_by_role("heading", name="产品.csv 已导入")).to_be_visible()
    photograph(page, "import-done-zh-1440")
    page.get_by_role("link", name="产品", exact=True).click()
    expect(page.get_by_role("link", name="二段奶粉")).to_be_visible()
