"""A good body for every route that takes one, so that what is put into it gets as far as it can.

A route without a body here fails the tests that ask for it, by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.chain.trace.test_capture import document, event
from tests.fuzz.everything import new_gln, new_gtin
from wuma.kernel.ids import uuid7

Names = Mapping[str, Sequence[str]]

IMPORTS: Final = (("POST", "/api/v1/imports"), ("POST", "/api/v1/dossier/imports"))


def good_body(method: str, path: str, names: Names) -> dict[str, Any]:
    """A body that the route takes from somebody who owns these names; new things get new numbers."""
    order_id = int(names["order_id"][0])
    match method, path.removeprefix("/api/v1"):
        case "POST", "/session":
            return {"email": names["email"][0], "password": "not the password", "totp": "123456"}
        case "PUT", "/me/password":
            return {"current_password": "not the password", "new_password": "long enough!"}
        case "PUT", "/me/totp":
            return {"totp": "123456"}
        case "POST", "/tokens":
            return {"name": "a program", "permissions": ["codes.read"], "days": 2}
        case "POST", "/accounts":
            email = f"new-{uuid7()}@example.cn"
            return {"email": email, "name": "新人", "roles": ["qa"], "password": "long enough!"}
        case "POST", "/tenants":
            return {"slug": f"t-{uuid7().hex[:30]}", "name_zh": "品牌", "name_en": "Brand"}
        case "POST", "/code-orders":
            product_id = names["product_id"][0]
            return {
                "product_id": product_id,
                "level": "item",
                "quantity": 3,
                "has_hidden": True,
                "note": "一",
            }
        case "POST", "/code-orders/{order_id}/revocation":
            return {"reason": "leaked"}
        case "POST", "/batches":
            return {
                "product_id": names["product_id"][0],
                "number": f"L{uuid7().hex[-12:]}",
                "produced_on": "2026-05-01",
                "expires_on": "2028-05-01",
                "line_id": names["line_id"][0],
            }
        case "POST", "/batches/{batch_id}/dossier/entries":
            return {
                "entries": [
                    {
                        "item": "material.storage",
                        "subject": f"RM-{uuid7().hex[-8:]}",
                        "value": "阴凉干燥",
                        "method": "目测",
                        "instrument": "T-7",
                        "operator": "张三",
                        "measured_at": "2026-05-01T08:00:00Z",
                        "reason": "first",
                        "replaces": None,
                    },
                    {
                        "item": "process.fill_weight",
                        "value": "801",
                        "unit": "g",
                        "least": "800",
                        "most": "820",
                        "reason": f"weighed again {uuid7()}",
                    },
                ]
            }
        case "POST", "/batches/{batch_id}/dossier/quality-release":
            return {"deviation": "see D-7"}
        case "POST", "/batches/{batch_id}/dossier/market-release":
            return {"deviation": "see D-8"}
        case "POST", "/batches/{batch_id}/dossier/withdrawals":
            return {"reason": "tested again"}
        case "POST", "/dossier/rules":
            return {
                "name": "冷库",
                "quantity": "Temperature",
                "unit": "CEL",
                "place": "https://id.gs1.org/414/6901234567892",
                "least": 0.0,
                "most": 8.0,
                "seconds": 600,
            }
        case "POST", "/dossier/alarms/{alarm_id}/handling":
            return {"note": "the door was open"}
        case "POST", "/activations":
            return {
                "positions": [{"order_id": order_id, "first": 2, "last": 3}],
                "spans": [{"first": names["code"][0], "last": names["code"][3]}],
                "codes": [names["code"][1]],
                "batch_id": names["batch_id"][0],
                "at": "2026-05-01T08:00:00Z",
                "reason": "line 1",
            }
        case "POST", "/transitions":
            return {
                "positions": [{"order_id": order_id, "first": 38, "last": 38}],
                "spans": [],
                "codes": [],
                "to": "void",
                "at": "2026-05-01T08:00:00Z",
                "reason": "torn",
            }
        case "POST", "/code-orders/{order_id}/print-files":
            return {
                **_recipient(names),
                "template": "item-open-hidden",
                "first": 33,
                "last": 34,
                "codes_per_file": 1,
            }
        case "POST", "/code-orders/{order_id}/sheets":
            sheet = {"kind": "open", "format": "svg", "columns": 2, "rows": 2, "module_mm": 0.5}
            return {**_recipient(names), **sheet, "first": 36, "count": 2}
        case "POST", "/reports/{report_id}/handling":
            return {"note": "called back"}
        case ("POST", "/products") | ("PUT", "/products/{product_id}"):
            return {
                "gtin": new_gtin() if method == "POST" else names["gtin"][0],
                "name_zh": "奶粉",
                "name_en": "Formula",
                "stage": 2,
                "net_weight_g": 800,
                "shelf_life_days": 730,
                "cases": [{"gtin": new_gtin(), "item_count": 6}],
                "pallet": {"company_prefix": "6901234", "extension": 0, "case_count": 60},
            }
        case "POST", "/products/{product_id}/gtin-corrections":
            return {"wrong": names["gtin"][0], "right": new_gtin(), "reason": "mixed up"}
        case ("POST", "/sites") | ("PUT", "/sites/{site_id}"):
            return {"gln": new_gln(), "kind": "factory", "name": "工厂", "address": "路 1 号"}
        case ("POST", "/lines") | ("PUT", "/lines/{line_id}"):
            code = f"L{uuid7().hex[-8:]}"
            return {"site_id": names["site_id"][0], "code": code, "name": "产线", "gln_extension": code}
        case ("POST", "/partners") | ("PUT", "/partners/{partner_id}"):
            return {
                "code": f"S{uuid7().hex[-8:]}",
                "kind": "store",
                "name": "门店",
                "gln": new_gln(),
                "parent_id": names["partner_id"][0],
                "longitude": 116.4,
                "latitude": 39.9,
                "datum": "GCJ-02",
            }
        case "PUT", "/links":
            return {
                "links": [_link(names)],
                "description": "奶粉",
                "reason": "new pages",
                "effective_at": None,
            }
        case "POST", "/links/import":
            return {"anchors": [{"anchor": names["anchor"][0], "description": "", "links": [_link(names)]}]}
        case "POST", "/links/withdrawals":
            return {"anchor": names["anchor"][0], "number": 1}
        case "POST", "/links/hosts":
            return {"host": f"h{uuid7().hex}.example"}
        case "POST", "/links/aliases":
            alias = {"prefix": f"/88.{int(names['order_id'][0])}.1/", "scheme": "handle", "qualifier": "21"}
            return {**alias, "anchor": names["anchor"][0]}
        case "POST", "/recalls":
            return {
                "title": "召回",
                "reason": "a drill",
                "risk_class": 2,
                "is_drill": True,
                "scope": {"kind": "things", "codes": [names["code"][0]]},
                "notice": "请停止使用",
            }
        case "POST", "/recalls/previews":
            return {"scope": {"kind": "batch", "batch_id": names["batch_id"][0]}}
        case "POST", "/recalls/{recall_id}/closing":
            return {"note": "done"}
        case "POST", "/recalls/{recall_id}/entries":
            codes = [names["code"][0]]
            return {"kind": "returned", "codes": codes, "at": "2026-05-01T08:00:00Z", "note": "back"}
        case "POST", "/epcis/capture":
            uri = f"urn:epc:id:sgtin:6901234.056789.{uuid7().hex[:12]}"
            return document(event(action="OBSERVE", bizStep="shipping", epcList=[uri]))
        case "POST", "/epcis/events":
            uri = f"urn:epc:id:sgtin:6901234.056789.{uuid7().hex[:12]}"
            return document(event(action="OBSERVE", bizStep="shipping", epcList=[uri]))
        case "PUT", "/partner-sights/{partner_id}":
            rule = {"own": True, "biz_steps": ["shipping"], "since": "2026-01-01T00:00:00Z"}
            return {"rules": [rule], "hidden": ["ilmd"], "queries": ["everything"]}
        case "POST", "/partner-sights/{partner_id}/tokens":
            return {"name": "their program", "days": 2}
        case "PUT", "/capture-rules/{rule}":
            return {"setting": "warn"}
        case "POST", "/epcis/queries":
            return {"name": f"q-{uuid7()}", "query": {"eventType": ["ObjectEvent"], "GE_quantity": 1}}
        case "POST", "/epcis/queries/{query_name}/subscriptions":
            # By a schedule that comes once in years: nothing is sent anywhere.
            schedule = {"dayOfMonth": "29", "month": "2"}
            return {"dest": "https://client.example/", "signatureToken": "0123456789", "schedule": schedule}
        case "POST", "/queries/{query_name}/subscriptions/{subscription_id}/replay":
            return {"since": "2026-05-01T08:00:00Z"}
        case _:
            raise AssertionError(f"no body for {method} {path}: write one in {__file__}")


def good_content(method: str, path: str, names: Names) -> tuple[bytes, str]:
    """The same as bytes, with their media type."""
    if (method, path) == IMPORTS[1]:
        return f"lot,gtin,item,value\n{names['number'][0]},,lab.ash,3.5\n".encode(), "text/csv"
    if (method, path) == IMPORTS[0]:
        return f"gln,kind,name\n{new_gln()},factory,工厂\n".encode(), "text/csv"
    return json.dumps(good_body(method, path, names)).encode(), "application/json"


def _link(names: Names) -> dict[str, Any]:
    return {
        "link_type": "gs1:pip",
        "href": f"https://{names['host'][0]}/p",
        "title": "产品",
        "languages": ["zh"],
        "media_type": "text/html",
        "contexts": ["CN"],
        "forwards_query": True,
        "is_default": True,
    }


def _recipient(names: Names) -> dict[str, Any]:
    return {
        "recipient_name": "Anhui Print",
        "recipient_public_key": names["recipient_public_key"][0],
        "recipient_account": names["recipient_account"][0],
        "reprint_reason": "a roll was lost",
    }
