"""Accounts, tokens, the second factor, brands: settings that work against the real server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx2 as httpx
import pyotp
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens
from tests.conftest import PASSWORD, Brand
from wuma.kernel.auth.grants import Role

Photograph = Callable[[Page, str], None]


def test_an_administrator_makes_an_account_and_disables_it(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/accounts")

    page.get_by_role("button", name="New account").click()
    page.get_by_label("Name").fill("Li Lei")
    page.get_by_label("E-mail").fill(f"lilei@{brand.slug}.cn")
    page.get_by_label("Roles").click()
    page.get_by_title("Quality", exact=True).click()
    page.get_by_title("Auditor", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_label("First password").fill("short")
    page.get_by_role("dialog").get_by_role("button", name="New account").click()
    expect(page.get_by_role("dialog")).to_contain_text("at least 4 different ones; got 5 characters")
    photograph(page, "account-form-refused-en-1440")

    page.get_by_label("First password").fill("a better one, 2026")
    page.get_by_role("dialog").get_by_role("button", name="New account").click()
    row = page.get_by_role("row", name=re.compile("Li Lei"))
    expect(row).to_contain_text("Auditor · Quality")
    expect(row).to_contain_text("In use")
    photograph(page, "accounts-en-1440")

    row.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Disabled")


def test_somebody_who_may_only_read_accounts_is_offered_no_changes(visit: Opens, brand: Brand) -> None:
    visitor = visit()
    visitor.sign_in(brand.id, Role.AUDITOR)
    page = visitor.go("/accounts")

    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("button", name="新建账号")).to_have_count(0)
    expect(page.get_by_role("button", name="停用")).to_have_count(0)


def test_a_line_operator_does_not_see_what_is_not_for_them(visit: Opens, brand: Brand) -> None:
    visitor = visit()
    visitor.sign_in(brand.id, Role.LINE_OPERATOR)
    page = visitor.go("/")

    places = page.get_by_role("navigation").get_by_role("link")
    expect(places.filter(has_text="登录安全")).to_have_count(1)
    expect(places.filter(has_text="账号")).to_have_count(0)
    page.goto(f"{visitor.url}/console/accounts")
    expect(page.get_by_role("alert")).to_contain_text("您没有这项权限")


def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/tokens")

    page.get_by_role("button", name="新建令牌").click()
    page.get_by_label("名称").fill("ERP 每日对账")
    page.get_by_label("accounts.read").check()
    photograph(page, "token-form-zh-1440")
    page.get_by_role("dialog").get_by_role("button", name="新建令牌").click()
    secret = page.get_by_role("dialog").locator(".token-secret").inner_text()
    page.get_by_role("button", name="复制令牌").click()
    page.wait_for_function("async (text) => (await navigator.clipboard.readText()) === text", arg=secret)
    photograph(page, "token-secret-zh-1440")
    page.get_by_role("button", name="我已保存").click()

    accounts = f"{visitor.url}/api/v1/accounts"
    bearer = {"authorization": f"Bearer {secret}"}
    assert httpx.get(accounts, headers=bearer).status_code == 200
    row = page.get_by_role("row", name=re.compile("ERP 每日对账"))
    row.get_by_role("button", name="吊销").click()
    page.get_by_role("dialog").get_by_role("button", name="吊销").click()
    expect(row).to_contain_text("已吊销")
    photograph(page, "tokens-zh-1440")
    assert httpx.get(accounts, headers=bearer).status_code == 401


def test_the_second_factor_is_set_up_by_its_owner_and_then_asked_for(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN", viewport=PHONE)
    email = visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/security")

    page.get_by_role("button", name="开启两步验证").click()
    page.get_by_text("不能扫码？手工输入密钥").click()
    totp = pyotp.TOTP(page.locator("details code").inner_text().replace(" ", ""))
    photograph(page, "second-factor-zh-375")
    page.get_by_label("6 位数字").fill("000000")
    page.get_by_role("button", name="确认开启").click()
    expect(page.get_by_text("应为：the six digits the app shows now")).to_be_visible()
    page.get_by_label("6 位数字").fill(totp.now())
    page.get_by_role("button", name="确认开启").click()
    expect(page.get_by_text("已开启", exact=True)).to_be_visible()

    stranger = visit(locale="zh-CN")
    door = stranger.go("/sign-in")
    door.get_by_label("邮箱").fill(email)
    door.get_by_label("密码").fill(PASSWORD)
    door.get_by_role("button", name="登录").click()
    expect(door.get_by_role("heading", name="两步验证")).to_be_visible()
    photograph(door, "sign-in-code-zh-1440")
    door.get_by_label("验证码").fill(totp.at(_next_step(totp)))
    door.get_by_role("button", name="验证并登录").click()
    expect(door.get_by_role("heading", name="首页")).to_be_visible()


def _next_step(totp: pyotp.TOTP) -> int:
    """An instant whose digits were not used yet: the server takes one step ahead, and none twice."""
    return int(time.time()) + totp.interval


def test_an_operator_of_the_platform_makes_a_brand_and_acts_for_it(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(0, Role.PLATFORM_OPERATOR)
    page = visitor.go("/tenants")

    page.get_by_role("button", name="New brand").click()
    page.get_by_label("Short name").fill(brand.slug)
    page.get_by_label("Chinese name").fill("晨牧乳业")
    page.get_by_label("English name").fill("Morning Meadow")
    page.get_by_role("dialog").get_by_role("button", name="New brand").click()
    expect(page.get_by_role("alert")).to_contain_text("There is one already")
    page.get_by_label("Short name").fill(f"{brand.slug}-2")
    page.get_by_role("dialog").get_by_role("button", name="New brand").click()
    row = page.get_by_role("row", name=re.compile("Morning Meadow"))
    photograph(page, "tenants-en-1440")
    row.get_by_role("button", name="Act for it").click()

    expect(page.get_by_text("Acting for Morning Meadow")).to_be_visible()
    page.get_by_role("link", name="Accounts").click()
    expect(page.get_by_text("No accounts yet")).to_be_visible()
    page.get_by_role("button", name="Back to the platform").click()
    expect(page.get_by_role("row", name=re.compile("Morning Meadow"))).to_be_visible()


def test_every_change_is_in_the_audit_trail_under_its_makers_name(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    visitor.go("/")
    visitor.post("tokens", {"name": "ERP", "permissions": ["codes.read"]})
    page = visitor.go("/audit")

    row = page.get_by_role("row", name=re.compile("issue_token"))
    expect(row).to_contain_text("某人")
    row.get_by_role("button", name="某人").click()
    expect(page).to_have_url(re.compile(r"\?actor=account"))
    expect(row).to_be_visible()
    photograph(page, "audit-en-1440")


def test_those_who_run_the_platform_see_its_checks_and_jobs(visit: Opens, photograph: Photograph) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(0, Role.PLATFORM_OPERATOR)
    page = visitor.go("/operations")

    expect(page.get_by_role("heading", name="必须成立的事")).to_be_visible()
    expect(page.get_by_role("heading", name="后台任务")).to_be_visible()
    expect(page.locator(".ant-skeleton")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    photograph(page, "operations-zh-1440")
