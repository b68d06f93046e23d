"""Importing factories and warehouses, and the packing lines in them."""

from __future__ import annotations

from typing import Final

from wuma.facts.masterdata import LinesChanged, SitesChanged
from wuma.support.masterdata.division_names import DivisionNames
from wuma.support.masterdata.importing.cells import (
    one_of,
    read_code,
    read_gln,
    read_gln_extension,
    read_text,
)
from wuma.support.masterdata.importing.header import Field, titles_of
from wuma.support.masterdata.importing.kind import (
    Check,
    ImportKind,
    Kind,
    in_use,
    looks_like,
    once,
    region_reader,
    values,
)

_SITE: Final = titles_of(ImportKind.SITES)
_LINE: Final = titles_of(ImportKind.LINES)

_read_kind: Final = one_of(
    {
        **dict.fromkeys(["factory", "plant", "工厂", "生产厂", "制造厂", "厂"], "factory"),
        **dict.fromkeys(["warehouse", "dc", "仓库", "仓", "物流中心", "配送中心"], "warehouse"),
    },
    "factory (工厂) or warehouse (仓库)",
)


def sites(regions: DivisionNames) -> Kind:
    """Return what is particular to sites: they are known by their GLN."""
    return Kind(
        fields=(
            Field("gln", "text", _SITE["gln"], read_gln, required=True, looks_right=looks_like(read_gln)),
            Field("name", "text", _SITE["name"], read_text, required=True),
            Field("kind", "text", _SITE["kind"], _read_kind, required=True),
            Field("region_code", "text", _SITE["region_code"], region_reader(regions)),
            Field("address", "text", _SITE["address"], read_text),
        ),
        needed=(("gln",), ("name",), ("kind",)),
        table="masterdata.site",
        match="JOIN masterdata.site t ON t.tenant_id = :tenant_id AND t.gln = s.gln",
        values=values("gln", "name", "kind", "region_code", "address"),
        checks=(once("gln", "gln"),),
        references=(in_use("gln"),),
        fact=lambda tenant_id, ids: SitesChanged(tenant_id=tenant_id, site_ids=ids),
    )


LINES: Final = Kind(
    fields=(
        Field(
            "site_gln", "text", _LINE["site_gln"], read_gln, required=True, looks_right=looks_like(read_gln)
        ),
        Field("code", "text", _LINE["code"], read_code, required=True),
        Field("name", "text", _LINE["name"], read_text, required=True),
        Field("gln_extension", "text", _LINE["gln_extension"], read_gln_extension),
    ),
    needed=(("site_gln",), ("code",), ("name",)),
    table="masterdata.line",
    source="staged s JOIN masterdata.site d ON d.tenant_id = :tenant_id AND d.gln = s.site_gln",
    match="JOIN masterdata.line t ON t.tenant_id = :tenant_id AND t.site_id = d.id AND t.code = s.code",
    values={"site_id": ("site_gln", "d.id"), **values("code", "name", "gln_extension")},
    checks=(once("site_gln, code", "code"), once("site_gln, gln_extension", "gln_extension")),
    references=(
        in_use("code"),
        Check(
            ("site_gln",),
            """
            SELECT s.row_number, 'the GLN of a site in use; import sites first', s.site_gln
            FROM staged s
            WHERE NOT EXISTS (
                SELECT FROM masterdata.site d
                WHERE d.tenant_id = :tenant_id AND d.gln = s.site_gln AND d.archived_at IS NULL
            )
            """,
        ),
        Check(
            ("gln_extension",),
            """
            SELECT s.row_number, 'an extension that no other line of the site has', s.gln_extension
            FROM staged s
            JOIN masterdata.site d ON d.tenant_id = :tenant_id AND d.gln = s.site_gln
            JOIN masterdata.line o ON o.tenant_id = :tenant_id AND o.site_id = d.id
                AND o.gln_extension = s.gln_extension AND o.code <> s.code
            """,
        ),
    ),
    fact=lambda tenant_id, ids: LinesChanged(tenant_id=tenant_id, line_ids=ids),
)
"""What is particular to lines: they are known by their site and their code there."""
