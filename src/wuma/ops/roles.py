"""Which role may do what. Every permission a route asks for is granted here to somebody, or a test fails."""

from __future__ import annotations

from typing import Final

from wuma.kernel.auth.grants import Grants, Role

_READ: Final = frozenset(
    {
        "authenticity.read",
        "care.read",
        "codes.read",
        "dossier.read",
        "links.read",
        "masterdata.read",
        "trace.read",
    }
)

_BRAND_ADMIN: Final = _READ | {
    "accounts.manage",
    "accounts.read",
    "audit.read",
    "authenticity.report.handle",
    "care.people",
    "care.recall.open",
    "care.recall.record",
    "codes.activate",
    "codes.order",
    "codes.revoke",
    "codes.void",
    "dossier.release.market",
    "dossier.release.withdraw",
    "dossier.write",
    "links.write",
    "masterdata.write",
    "print_files.make",
    "print_files.read",
    "trace.capture",
    "trace.query",
    "trace.read.partner",
    "trace.share",
}

_SIGNING: Final = {"dossier.release.market"}
"""A signature is a brand's own."""

GRANTS: Final[Grants] = {
    Role.PLATFORM_OPERATOR: (_BRAND_ADMIN - _SIGNING) | {"tenants.manage", "ops.read", "ops.operate"},
    Role.BRAND_ADMIN: _BRAND_ADMIN,
    Role.MARKETER: _READ | {"links.write"},
    Role.QA: _READ
    | {
        "authenticity.report.handle",
        "care.recall.open",
        "care.recall.record",
        "codes.activate",
        "codes.void",
        "dossier.release.quality",
        "dossier.release.withdraw",
        "dossier.write",
        "trace.capture",
        "trace.query",
    },
    Role.CHANNEL_MANAGER: _READ
    | {
        "authenticity.report.handle",
        "care.recall.record",
        "masterdata.write",
        "trace.read.partner",
        "trace.share",
    },
    Role.LINE_OPERATOR: frozenset({"codes.read", "codes.activate", "trace.capture", "masterdata.read"}),
    Role.CUSTOMER_SERVICE: _READ | {"authenticity.report.handle", "care.people", "care.recall.record"},
    Role.PRINTING_VENDOR: frozenset({"print_files.read", "print_files.download"}),
    Role.AUDITOR: _READ | {"accounts.read", "audit.read", "print_files.read", "ops.read"},
}
"""Reading is wide, changing is narrow, and nobody but a printing vendor takes codes out of the house."""
