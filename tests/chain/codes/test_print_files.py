"""Print files from order to shredder: the right codes, to one recipient, once."""

from __future__ import annotations

import hashlib
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.chain.codes.print_shop import GTIN, PrintShop
from tests.conftest import SignedInClient, make_account, make_brand
from wuma.chain.codes import facade, orders, print_files, print_job
from wuma.chain.codes.invariants import INVARIANTS
from wuma.chain.codes.labels import TenantDirectory, identify, read_label
from wuma.chain.codes.models import PrintFile
from wuma.chain.codes.orders import Level
from wuma.chain.codes.print_files import AlreadyReleased, Kind, Recipient, Wanted
from wuma.chain.codes.print_template import BUILT_INS
from wuma.entrypoints import wiring, work
from wuma.kernel import invariants
from wuma.kernel.auth.grants import Role
from wuma.kernel.errors import Refusal
from wuma.kernel.jobs import build_worker
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


def contents(shop: PrintShop, file_id: str) -> list[str]:
    """The names of what is kept of a file: its content, and drafts of it."""
    return sorted(path.name for path in print_job.folder_of(shop.runtime).glob(f"{file_id}.*"))


# ---- the way of a file -----------------------------------------------------------------------------------


def test_a_vendor_gets_the_codes_that_were_ordered(shop: PrintShop) -> None:
    order_id = shop.place(1000)

    file = shop.made(order_id)
    released = shop.vendor.release(file["id"]).json()
    content = shop.vendor.fetch(released["content_url"])

    assert (file["state"], file["made_count"], file["count"]) == ("ready", 1000, 1000)
    assert file["size_bytes"] == len(content.content)
    assert file["sha256"] == hashlib.sha256(content.content).hexdigest()
    assert content.headers["content-disposition"] == f'attachment; filename="order-{order_id}-1-of-1.csv.age"'
    header, *rows = shop.rows(content.content)
    assert header == [
        "序号 No.",
        "明码二维码 Open QR",
        "明码 Open code",
        "暗码二维码 Hidden QR",
        "暗码 Hidden code",
    ]
    assert [int(row[0]) for row in rows] == list(range(1, 1001))
    assert all(row[1] == f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{row[2]}" for row in rows)
    assert shop.states(order_id) == {"encoded": 1000}


def test_what_is_printed_is_what_a_scan_identifies(shop: PrintShop) -> None:
    order_id = shop.place(200)
    file = shop.made(order_id, first=11, last=110)
    content = shop.vendor.fetch(shop.vendor.release(file["id"]).json()["content_url"]).content

    with shop.runtime.database.transaction(shop.brand.scope) as session:
        order = orders.get(session, order_id)
        identifier = facade.Identifier(shop.runtime.keyring, TenantDirectory(session))
        found = [
            [
                [
                    one.unit
                    for one in identify(identifier, read_label(cell))
                    if isinstance(one, facade.Identified)
                ]
                for cell in row[1:]
            ]
            for row in shop.rows(content)[1:]
        ]

    assert found == [[[order.first_unit + number - 1]] * 4 for number in range(11, 111)]
    assert shop.states(order_id) == {"allocated": 100, "encoded": 100}


def test_an_order_is_split_into_files_that_hold_each_code_once(shop: PrintShop) -> None:
    order_id = shop.place(250)

    files = shop.ask(order_id, codes_per_file=100).json()

    assert [(one["part"], one["part_count"], one["first_number"], one["last_number"]) for one in files] == [
        (1, 3, 1, 100),
        (2, 3, 101, 200),
        (3, 3, 201, 250),
    ]
    serials = []
    for one in files:
        assert shop.queued(one["id"]) == [{"tenant_id": shop.brand.id, "print_file_id": one["id"]}]
        shop.make(one["id"])
        url = shop.vendor.release(one["id"]).json()["content_url"]
        serials += [row[2] for row in shop.rows(shop.vendor.fetch(url).content)[1:]]
    assert len(set(serials)) == 250


def test_the_worker_makes_what_was_ordered(shop: PrintShop) -> None:
    (file,) = shop.ask(shop.place(50)).json()

    app = build_worker(wiring.program_dsn(shop.runtime.settings), shop.runtime, list(work.TASKS))
    with app.open():
        app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)

    assert shop.file(file["id"])["state"] == "ready"


def test_a_request_that_is_sent_twice_orders_once(shop: PrintShop) -> None:
    order_id = shop.place(10)
    key = {"idempotency-key": f"print-{order_id}"}

    first = shop.admin.post(f"/code-orders/{order_id}/print-files", json=shop.form(), headers=key)
    again = shop.admin.post(f"/code-orders/{order_id}/print-files", json=shop.form(), headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_pallets_are_printed_with_their_ssccs(shop: PrintShop) -> None:
    order_id = shop.place(30, level=Level.PALLET)

    file = shop.made(order_id, template="pallet-sscc")
    content = shop.vendor.fetch(shop.vendor.release(file["id"]).json()["content_url"]).content

    rows = shop.rows(content)[1:]
    with shop.runtime.database.transaction(shop.brand.scope) as session:
        order = orders.get(session, order_id)
        identifier = facade.Identifier(shop.runtime.keyring, TenantDirectory(session))
        units = [found.unit for row in rows for found in [identifier.sscc(row[1])] if found.unit is not None]
    assert units == list(range(order.first_unit, order.last_unit + 1))
    assert [row[2] for row in rows] == [f"00{row[1]}" for row in rows]


def test_the_invariants_of_codes_hold_after_all_of_it(shop: PrintShop) -> None:
    order_id = shop.place(100)
    first, second = shop.ask(order_id, codes_per_file=50).json()
    shop.make(first["id"])
    shop.vendor.release(first["id"])
    shop.make(second["id"])

    with shop.runtime.database.transaction(PLATFORM) as session:
        checked = invariants.check(session, INVARIANTS)

    assert [(one.invariant.name, one.sample) for one in checked if one.violation_count] == []


# ---- once ------------------------------------------------------------------------------------------------


def test_codes_in_one_file_do_not_go_into_another(shop: PrintShop) -> None:
    order_id = shop.place(100)
    file = shop.made(order_id, first=1, last=60)

    refused = shop.ask(order_id, first=60)
    allowed = shop.ask(order_id, first=61)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:wuma:problem:already-in-print-file"
    assert refused.json()["overlapping"] == [
        {
            "print_file_id": file["id"],
            "first_number": 1,
            "last_number": 60,
            "recipient_name": "Anhui Print",
            "state": "ready",
        }
    ]
    assert allowed.status_code == 201


def test_codes_whose_file_is_still_being_made_do_not_go_into_another(shop: PrintShop) -> None:
    order_id = shop.place(100)
    shop.ask(order_id)

    assert shop.ask(order_id).status_code == 409


def test_a_second_printing_says_why(shop: PrintShop) -> None:
    order_id = shop.place(100)
    shop.made(order_id, last=60)

    again = shop.ask(order_id, codes_per_file=30, reprint_reason="a roll was flooded")

    assert again.status_code == 201
    # Only where codes are printed a second time; the others are printed for the first.
    assert [one["reprint_reason"] for one in again.json()] == ["a roll was flooded"] * 2 + [None] * 2


def test_of_many_who_order_the_same_codes_at_once_one_gets_them(shop: PrintShop) -> None:
    order_id = shop.place(1000)

    def ask() -> object:
        with shop.runtime.database.transaction(shop.brand.scope) as session:
            wanted = Wanted(
                order_id=order_id,
                first=1,
                last=None,
                codes_per_file=100,
                kind=Kind.ROWS,
                layout=BUILT_INS["item-open"].template.model_dump(mode="json"),
                recipient=Recipient("Anhui Print", shop.vendor.public_key, None),
                reprint_reason=None,
            )
            return print_files.order_files(
                session, shop.runtime.keyring, wanted, actor="test", now=datetime.now(UTC)
            )

    results = at_once(ask, 8)

    assert sorted(type(result).__name__ for result in results) == ["AlreadyInPrintFile"] * 7 + ["list"]


def test_of_many_who_release_a_file_at_once_one_gets_it(shop: PrintShop) -> None:
    file = shop.made(shop.place(100))

    def release() -> object:
        with shop.runtime.database.transaction(shop.brand.scope) as session:
            return print_files.release(
                session,
                shop.runtime.keyring,
                UUID(file["id"]),
                account=shop.vendor.account,
                only_for=shop.vendor.account,
                server="id.wuma.test",
                folder=print_job.folder_of(shop.runtime),
                now=datetime.now(UTC),
            )

    results = at_once(release, 8)

    assert sorted(type(result).__name__ for result in results) == ["AlreadyReleased"] * 7 + ["Released"]
    (won,) = [result for result in results if isinstance(result, print_files.Released)]
    url = f"/api/v1/print-files/{file['id']}/content?ticket={won.ticket}"
    assert shop.vendor.fetch(url).status_code == 200


def test_a_file_is_released_once(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))

    first, second = shop.vendor.release(file["id"]), shop.vendor.release(file["id"])

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["type"] == f"urn:wuma:problem:{AlreadyReleased.slug}"


def test_a_file_that_is_not_made_cannot_be_released(shop: PrintShop) -> None:
    (file,) = shop.ask(shop.place(10)).json()

    answer = shop.vendor.release(file["id"])

    assert answer.status_code == 409
    assert answer.json()["state"] == "queued"


# ---- who -------------------------------------------------------------------------------------------------


def test_a_vendor_sees_only_what_is_addressed_to_it(shop: PrintShop) -> None:
    order_id = shop.place(20)
    mine = shop.made(order_id, last=10)
    other = shop.new_vendor()

    to_other = shop.made(order_id, first=11, recipient_account=str(other.account))
    listed = f"/print-files?order_id={order_id}"
    seen = [one["id"] for one in shop.vendor.client.get(listed).json()["items"]]
    answers = [
        [one["id"] for one in other.client.get(listed).json()["items"]],
        other.client.get(f"/print-files/{mine['id']}").status_code,
        other.client.get(f"/print-files/{mine['id']}/receipt").status_code,
        other.release(mine["id"]).status_code,
    ]

    assert seen == [mine["id"]]
    assert answers == [[to_other["id"]], 404, 404, 404]


def test_another_brand_sees_nothing(shop: PrintShop, runtime: Runtime) -> None:
    file = shop.made(shop.place(10))
    stranger = make_brand(runtime)
    client = SignedInClient(shop._client, make_account(runtime, stranger.id, Role.BRAND_ADMIN))

    assert client.get(f"/print-files/{file['id']}").status_code == 404
    assert client.get("/print-files").json()["items"] == []
    assert client.post(f"/print-files/{file['id']}/retry").status_code == 404


def test_an_administrator_orders_and_looks_but_takes_nothing_out(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))

    assert shop.admin.post(f"/print-files/{file['id']}/release").status_code == 403
    assert shop.admin.get(f"/print-files/{file['id']}/content?ticket=x").status_code == 403
    assert shop.vendor.client.post(f"/code-orders/{file['order_id']}/print-files", json={}).status_code == 403


def test_a_file_for_nobody_here_is_released_by_somebody_of_the_brand(shop: PrintShop) -> None:
    file = shop.made(shop.place(10), recipient_account=None)
    dispatcher = shop.new_vendor(Role.AUDITOR)

    assert shop.vendor.release(file["id"]).status_code == 404
    released = dispatcher.release(file["id"])

    assert released.status_code == 200
    assert len(shop.rows(dispatcher.fetch(released.json()["content_url"]).content)) == 11


def test_somebody_with_more_roles_sees_the_file_of_another_vendor_and_cannot_take_it(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))
    dispatcher = shop.new_vendor(Role.AUDITOR)

    assert dispatcher.client.get(f"/print-files/{file['id']}").status_code == 200
    assert dispatcher.release(file["id"]).status_code == 403


@pytest.mark.parametrize("role", [Role.BRAND_ADMIN, Role.QA])
def test_the_recipient_must_be_a_printing_vendor(shop: PrintShop, role: Role) -> None:
    client = shop.sign_in(role)
    account = client.get("/me").json()["account_id"]

    answer = shop.ask(shop.place(10), recipient_account=account)

    assert answer.status_code == 422
    assert [fault["at"] for fault in answer.json()["errors"]] == ["/recipient_account"]


def test_the_recipient_must_be_of_the_same_brand(shop: PrintShop, runtime: Runtime) -> None:
    stranger = PrintShop(runtime, shop._client, make_brand(runtime))

    assert shop.ask(shop.place(10), recipient_account=str(stranger.vendor.account)).status_code == 422


# ---- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "at"),
    [
        ({"first": 11}, "/first"),
        ({"last": 11}, "/first"),
        ({"first": 5, "last": 4}, "/first"),
        ({"codes_per_file": 0}, "/body/codes_per_file"),
        ({"recipient_public_key": "age1tooshort"}, "/recipient_public_key"),
        ({"recipient_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"}, "/recipient_public_key"),
        ({"template": "nothing-like-it"}, "/body/template"),
        ({"template": {"columns": []}}, "/body/template/columns"),
        ({"template": {"columns": [{"field": "colour", "header": "x"}]}}, "/body/template/columns/0/field"),
        (
            {"template": {"columns": [{"field": "number", "header": "=1+1"}]}},
            "/body/template/columns/0/header",
        ),
        ({"template": {"columns": [{"field": "sscc", "header": "x"}]}}, "/template/columns/0/field"),
    ],
)
def test_a_bad_request_is_told_where_it_is_bad(shop: PrintShop, form: dict[str, Any], at: str) -> None:
    answer = shop.ask(shop.place(10), **form)

    assert answer.status_code == 422
    assert [fault["at"] for fault in answer.json()["errors"]] == [at]


def test_a_secret_key_given_for_a_public_one_is_not_repeated(shop: PrintShop) -> None:
    secret = str(shop.vendor.identity)

    answer = shop.ask(shop.place(10), recipient_public_key=secret)

    assert answer.status_code == 422
    assert secret not in answer.text
    assert "a new one" in answer.json()["errors"][0]["got"]


def test_too_many_files_are_refused(shop: PrintShop) -> None:
    answer = shop.ask(shop.place(1001), codes_per_file=1)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "/codes_per_file"


def test_the_codes_of_a_revoked_order_are_not_printed(shop: PrintShop) -> None:
    order_id = shop.place(20)
    (waiting,) = shop.ask(order_id, last=5).json()
    ready = shop.made(order_id, first=6, last=10)
    with shop.runtime.database.transaction(shop.brand.scope) as session:
        orders.revoke(session, order_id, reason="its file leaked", now=datetime.now(UTC))

    shop.make(waiting["id"])

    failed = shop.file(waiting["id"])
    assert (failed["state"], failed["failure"]) == ("failed", f"Order {order_id} was revoked.")
    assert shop.vendor.release(ready["id"]).json()["type"] == "urn:wuma:problem:order-revoked"
    assert shop.ask(order_id, first=11).json()["type"] == "urn:wuma:problem:order-revoked"


@pytest.mark.parametrize("state", [facade.CodeState.VOID, facade.CodeState.SCRAPPED])
def test_codes_that_have_ended_are_not_printed(shop: PrintShop, state: facade.CodeState) -> None:
    order_id = shop.place(100)
    shop.vendor.release(shop.made(order_id)["id"])
    with shop.runtime.database.transaction(shop.brand.scope) as session:
        first_unit = orders.get(session, order_id).first_unit
        asked = facade.Asked(
            ranges=[facade.UnitRange(first_unit + 29, first_unit + 49)],
            to=state,
            batch_id=None,
            at=datetime.now(UTC),
            actor="test",
        )
        facade.change(session, asked, now=datetime.now(UTC))

    refused = shop.ask(order_id, first=41, last=60, reprint_reason="torn")
    allowed = shop.ask(order_id, first=51, last=60, reprint_reason="torn")

    assert refused.json()["type"] == "urn:wuma:problem:codes-ended"
    assert refused.json()["ended"] == [{"first_number": 41, "last_number": 50, "state": state.value}]
    assert allowed.status_code == 201


# ---- fetching --------------------------------------------------------------------------------------------


def test_a_download_that_broke_goes_on_where_it_stopped(shop: PrintShop) -> None:
    file = shop.made(shop.place(2000))
    url = shop.vendor.release(file["id"]).json()["content_url"]
    whole = shop.vendor.fetch(url)

    rest = shop.vendor.fetch(url, headers={"range": "bytes=100000-", "if-range": whole.headers["etag"]})

    assert rest.status_code == 206
    assert whole.content[:100000] + rest.content == whole.content
    assert rest.headers["content-range"] == f"bytes 100000-{file['size_bytes'] - 1}/{file['size_bytes']}"
    assert len(shop.rows(whole.content)) == 2001


def test_the_ticket_ends_and_then_the_content(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))
    url = shop.vendor.release(file["id"]).json()["content_url"]
    assert contents(shop, file["id"]) == [f"{file['id']}.age"]

    shop.set(file["id"], ticket_until=datetime.now(UTC) - timedelta(seconds=1))
    late = shop.vendor.fetch(url)
    print_job.tidy(shop.runtime)
    assert contents(shop, file["id"]) == [f"{file['id']}.age"]  # a download that began in time goes on
    shop.set(file["id"], ticket_until=datetime.now(UTC) - timedelta(minutes=6))
    print_job.tidy(shop.runtime)

    assert late.status_code == 410
    assert shop.vendor.fetch(url).status_code == 410
    assert shop.file(file["id"])["state"] == "purged"
    assert contents(shop, file["id"]) == []
    assert shop.vendor.client.get(f"/print-files/{file['id']}/receipt").status_code == 200


def test_the_ticket_lives_for_a_quarter_of_an_hour(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))

    released = shop.vendor.release(file["id"]).json()

    released_at = datetime.fromisoformat(released["receipt"]["claims"]["released_at"])
    assert datetime.fromisoformat(released["fetch_until"]) - released_at == timedelta(minutes=15)


def test_without_its_ticket_nothing_is_fetched(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))
    address = f"/print-files/{file['id']}/content"
    before = shop.vendor.fetch(f"{address}?ticket=guessed")
    url = shop.vendor.release(file["id"]).json()["content_url"]
    dispatcher = shop.new_vendor(Role.AUDITOR)

    assert before.status_code == 409
    assert shop.vendor.fetch(f"{address}?ticket=guessed").status_code == 403
    assert dispatcher.fetch(url).status_code == 403  # it was released to somebody else
    assert shop._client.get(url).status_code == 401


def test_the_ticket_is_not_kept(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))
    ticket = shop.vendor.release(file["id"]).json()["content_url"].split("ticket=")[1]

    with shop.runtime.database.transaction(shop.brand.scope) as session:
        row = session.get_one(PrintFile, UUID(file["id"]))
        kept = {name: str(value) for name, value in vars(row).items()}

    assert not [name for name, value in kept.items() if ticket in value]


# ---- what goes wrong -------------------------------------------------------------------------------------


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """Have the kernel refuse to let any file of this process grow further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_cannot_be_written_says_so_and_is_made_again_on_request(shop: PrintShop) -> None:
    order_id = shop.place(5000)
    (file,) = shop.ask(order_id).json()

    with largest_file(300_000):
        shop.make(file["id"])
    failed = shop.file(file["id"])
    leftovers = contents(shop, file["id"])
    retried = shop.admin.post(f"/print-files/{file['id']}/retry")
    jobs = shop.queued(file["id"])
    shop.make(file["id"])

    assert (failed["state"], leftovers) == ("failed", [])
    assert "File too large" in failed["failure"]
    assert (retried.status_code, retried.json()["state"], len(jobs)) == (200, "queued", 2)
    assert shop.file(file["id"])["state"] == "ready"
    assert contents(shop, file["id"]) == [f"{file['id']}.age"]


def test_a_file_for_which_there_is_no_room_is_not_begun(
    shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = shop.ask(shop.place(10)).json()
    monkeypatch.setattr(print_job, "ROOM_BYTES_MIN", 1 << 60)

    shop.make(file["id"])

    failed = shop.file(file["id"])
    assert failed["state"] == "failed"
    assert "Make room and try again" in failed["failure"]


def test_only_what_failed_is_made_again(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))

    answer = shop.admin.post(f"/print-files/{file['id']}/retry")

    assert (answer.status_code, answer.json()["state"]) == (409, "ready")


def test_codes_of_a_file_that_failed_are_free_for_another(shop: PrintShop) -> None:
    order_id = shop.place(5000)
    (file,) = shop.ask(order_id).json()
    with largest_file(300_000):
        shop.make(file["id"])

    second = shop.ask(order_id)
    retried = shop.admin.post(f"/print-files/{file['id']}/retry")

    assert second.status_code == 201
    assert retried.json()["type"] == "urn:wuma:problem:already-in-print-file"


def test_a_file_nobody_comes_for_ends_and_frees_its_codes(shop: PrintShop) -> None:
    order_id = shop.place(10)
    file = shop.made(order_id)
    shop.set(file["id"], ready_at=datetime.now(UTC) - timedelta(days=29))
    print_job.tidy(shop.runtime)
    assert shop.file(file["id"])["state"] == "ready"

    shop.set(file["id"], ready_at=datetime.now(UTC) - timedelta(days=31))
    print_job.tidy(shop.runtime)

    assert shop.file(file["id"])["state"] == "expired"
    assert contents(shop, file["id"]) == []
    assert shop.vendor.release(file["id"]).status_code == 409
    assert shop.ask(order_id).status_code == 201


def test_a_file_nobody_works_on_fails_after_a_day(shop: PrintShop) -> None:
    order_id = shop.place(10)
    (file,) = shop.ask(order_id).json()
    shop.set(file["id"], progress_at=datetime.now(UTC) - timedelta(hours=25))

    print_job.tidy(shop.runtime)

    assert shop.file(file["id"])["state"] == "failed"
    shop.make(file["id"])  # its job comes after all
    assert shop.file(file["id"])["state"] == "failed"


def test_what_no_file_answers_for_is_removed(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))
    folder = print_job.folder_of(shop.runtime)
    strays = [folder / f"{uuid4()}.{uuid4()}.draft", folder / f"{uuid4()}.age"]
    fresh = folder / f"{uuid4()}.{uuid4()}.draft"
    for path in (*strays, fresh):
        path.write_bytes(b"left by a killed process")
    two_days_ago = time.time() - 2 * 86_400
    for path in (*strays, folder / f"{file['id']}.age"):
        os.utime(path, (two_days_ago, two_days_ago))

    print_job.tidy(shop.runtime)

    assert not [path for path in strays if path.exists()]
    assert fresh.exists()
    assert contents(shop, file["id"]) == [f"{file['id']}.age"]
    fresh.unlink()


def test_a_file_whose_content_is_gone_is_not_released(shop: PrintShop) -> None:
    order_id = shop.place(10)
    file = shop.made(order_id)
    (print_job.folder_of(shop.runtime) / f"{file['id']}.age").unlink()

    answer = shop.vendor.release(file["id"])

    assert answer.json()["type"] == "urn:wuma:problem:print-file-not-ready"
    assert shop.states(order_id) == {"allocated": 10}


# ---- twice at once ---------------------------------------------------------------------------------------


def test_a_job_that_runs_twice_makes_one_file(shop: PrintShop) -> None:
    (file,) = shop.ask(shop.place(10)).json()
    shop.make(file["id"])
    content = print_job.folder_of(shop.runtime) / f"{file['id']}.age"
    before = content.read_bytes()

    shop.make(file["id"])

    assert content.read_bytes() == before


def test_a_job_that_runs_twice_at_once_makes_one_file(
    shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is well under way when the second takes over: as when a worker was thought dead."""
    monkeypatch.setattr(print_job, "PROGRESS_SECONDS", 0.01)
    (file,) = shop.ask(shop.place(600_000), template="uri-lines").json()
    first = threading.Thread(target=shop.make, args=(file["id"],))
    first.start()
    while shop.file(file["id"])["made_count"] == 0:
        assert first.is_alive()
    under_way = shop.file(file["id"])

    shop.make(file["id"])
    first.join()

    assert under_way["state"] == "making"
    made = shop.file(file["id"])
    path: Path = print_job.folder_of(shop.runtime) / f"{file['id']}.age"
    assert (made["state"], made["made_count"], made["failure"]) == ("ready", 600_000, None)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made["sha256"]
    assert contents(shop, file["id"]) == [path.name]


# ---- where codes came from -------------------------------------------------------------------------------


def test_a_code_points_to_the_order_and_to_whoever_printed_it(shop: PrintShop) -> None:
    order_id = shop.place(100)
    file = shop.made(order_id, first=1, last=50)
    claims = shop.vendor.release(file["id"]).json()["receipt"]["claims"]
    shop.made(order_id, first=51, last=80)  # ready, and still in the house
    again = shop.made(
        order_id,
        first=41,
        last=50,
        recipient_name="Hebei Labels",
        reprint_reason="torn",
    )
    shop.vendor.release(again["id"])

    with shop.runtime.database.transaction(shop.brand.scope) as session:
        first_unit = orders.get(session, order_id).first_unit
        found = facade.origins(session, [first_unit + number - 1 for number in (7, 45, 60, 100)] + [1])
        foreign = facade.origins(session, [first_unit + 1000])

    origins = {origin.number: origin for origin in found.values()}
    assert {origin.order_id for origin in found.values()} == {order_id}
    assert origins[7].printings == (
        facade.Printing(
            print_file_id=UUID(file["id"]),
            kind="rows",
            recipient_name="Anhui Print",
            recipient_account=shop.vendor.account,
            released_at=datetime.fromisoformat(claims["released_at"]),
            reprint_reason=None,
        ),
    )
    assert [(one.recipient_name, one.reprint_reason) for one in origins[45].printings] == [
        ("Anhui Print", None),
        ("Hebei Labels", "torn"),
    ]
    assert (origins[60].printings, origins[100].printings) == ((), ())
    assert foreign == {}


# ---- lists -----------------------------------------------------------------------------------------------


def test_files_are_listed_page_by_page_the_newest_first(shop: PrintShop) -> None:
    order_id, other_id = shop.place(100), shop.place(10)
    asked = [one["id"] for one in shop.ask(order_id, codes_per_file=20).json()]
    shop.ask(other_id)
    shop.make(asked[0])

    first = shop.admin.get(f"/print-files?order_id={order_id}&limit=3").json()
    second = shop.admin.get(f"/print-files?order_id={order_id}&limit=3&after={first['next']}").json()
    ready = shop.admin.get(f"/print-files?order_id={order_id}&state=ready").json()

    assert [one["id"] for one in first["items"] + second["items"]] == asked[::-1]
    assert second["next"] is None
    assert [one["id"] for one in ready["items"]] == [asked[0]]


def test_the_built_in_templates_are_listed_and_can_be_sent_as_they_are(shop: PrintShop) -> None:
    listed = shop.admin.get("/print-templates").json()
    by_name = {one["name"]: one for one in listed}

    answer = shop.ask(shop.place(10), template=by_name["item-open"]["template"])

    assert answer.status_code == 201
    assert answer.json()[0]["layout"] == by_name["item-open"]["template"]
    assert all(one["title_zh"] and one["title_en"] for one in listed)


def at_once(act: Callable[[], object], count: int) -> list[object]:
    """Do something in several threads at the same moment; return results and refusals."""
    barrier = threading.Barrier(count)
    results: list[object] = []

    def run() -> None:
        barrier.wait()
        try:
            results.append(act())
        except Refusal as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
