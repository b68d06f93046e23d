"""The door of the console: who comes in, how, and where to."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens
from tests.conftest import PASSWORD, Brand, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]


def test_somebody_signs_in_and_lands_where_the_link_led(
    visit: Opens, runtime: Runtime, brand: Brand, photograph: Photograph
) -> None:
    email = make_account(runtime, brand.id, Role.BRAND_ADMIN)
    page = visit().go("/accounts")

    expect(page).to_have_url(re.compile(r"/console/sign-in\?next=%2Faccounts$"))
    photograph(page, "sign-in-zh-1440")
    page.get_by_label("邮箱").fill(email)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    expect(page).to_have_url(re.compile("/console/accounts$"))
    expect(page.get_by_role("heading", name="账号", level=1)).to_be_visible()
    expect(page.get_by_role("cell", name=email)).to_be_visible()


def test_a_wrong_password_is_told_and_nothing_typed_is_lost(
    visit: Opens, runtime: Runtime, brand: Brand, photograph: Photograph
) -> None:
    email = make_account(runtime, brand.id, Role.QA)
    page = visit(locale="en", viewport=PHONE).go("/sign-in")

    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("E-mail, password or code do not fit together")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    photograph(page, "sign-in-refused-en-375")


def test_a_link_cannot_lead_out_of_the_console_after_signing_in(
    visit: Opens, runtime: Runtime, brand: Brand
) -> None:
    email = make_account(runtime, brand.id, Role.QA)
    page = visit().go("/sign-in?next=%2F%2Fevil.example%2F")

    page.get_by_label("邮箱").fill(email)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    expect(page).to_have_url(re.compile("/console$"))


def test_signing_out_ends_the_session_on_the_server(visit: Opens, brand: Brand) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/")

    page.get_by_role("button", name="My account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Wuma")).to_be_visible()

    assert page.request.get(f"{visitor.url}/api/v1/me").status == 401
    visitor.go("/accounts")
    expect(page.get_by_role("heading", name="Sign in to Wuma")).to_be_visible()


def test_who_could_not_be_signed_out_is_told_so(visit: Opens, brand: Brand) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("首页")
    visitor.context.set_offline(True)

    page.get_by_role("button", name="我的账号").click()
    page.get_by_role("menuitem", name="退出登录").click()

    expect(page.get_by_text("您仍处于登录状态")).to_be_visible()
    visitor.context.set_offline(False)
    assert page.request.get(f"{visitor.url}/api/v1/me").status == 200
    assert len(visitor.complaints) == 1  # the browser's own, of the line that was cut
    visitor.complaints.clear()


def test_the_language_is_switched_and_remembered(visit: Opens, brand: Brand) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("首页")

    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    page.reload()

    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    expect(page.locator("html")).to_have_attribute("lang", "en")
