"""What a role may do: a bundle of permissions, chosen once by ``wiring.py`` from ``ops/roles.py``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here."""

    PLATFORM_OPERATOR = "platform_operator"
    BRAND_ADMIN = "brand_admin"
    MARKETER = "marketer"
    QA = "qa"
    CHANNEL_MANAGER = "channel_manager"
    LINE_OPERATOR = "line_operator"
    CUSTOMER_SERVICE = "customer_service"
    PRINTING_VENDOR = "printing_vendor"
    AUDITOR = "auditor"


Grants = Mapping[Role, frozenset[str]]
"""Permissions by role."""
