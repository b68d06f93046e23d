"""The examples of the Tag Data Standard, release 2.3, annex E.3, in both directions."""

from __future__ import annotations

import pytest

from wuma_gs1 import element_strings
from wuma_gs1.epc import Epc
from wuma_gs1.tags import Tag

WITH_COMPANY_PREFIX = """
3066C4409047E140075BCD15 sgtin-96:3.95060001343.05.123456789 (01)09506000134352(21)123456789
3666C4409047E159B2C2BF100000000000000000000000000000 sgtin-198:3.95060001343.05.32a%2Fb (01)09506000134352(21)32a/b
311BA1B300CE0A6A83000000 sscc-96:0.952012.03456789123 (00)095201234567891235
3276451FD46072000000162E sgln-96:3.9521141.12345.5678 (414)9521141123454(254)5678
3976451FD46072CD9615F8800000000000000000000000000000 sgln-195:3.9521141.12345.32a%2Fb (414)9521141123454(254)32a/b
3376451FD40C0E400000162E grai-96:3.9521141.12345.5678 (8003)095211411234545678
3776451FD40C0E59B2C2BF1000000000000000000000 grai-170:3.9521141.12345.32a%2Fb (8003)0952114112345432a/b
3476451FD40000000000162E giai-96:3.9521141.5678 (8004)95211415678
3876451FD59B2C2BF10000000000000000000000000000000000 giai-202:3.9521141.32a%2Fb (8004)952114132a/b
2D76451FD4499602D2000000 gsrn-96:3.9521141.1234567890 (8018)952114112345678906
2E76451FD4499602D2000000 gsrnp-96:3.9521141.1234567890 (8017)952114112345678906
2C76451FD46072000000162E gdti-96:3.9521141.12345.5678 (253)95211411234545678
3E76451FD7039B061438997367D0C18B266D1AB66EE0 gdti-174:3.9521141.98765.ABCDefgh012345678 (253)9521141987650ABCDefgh012345678
3C76451FD400C0E680003039 cpi-96:3.9521141.98765.12345 (8010)952114198765(8011)12345
3D76451FD75411DEF6B4CC00000003039000 cpi-var:3.9521141.5PQ7%2FZ43.12345 (8010)95211415PQ7/Z43(8011)12345
3F76451FD612640000019907 sgcn-96:3.9521141.67890.04711 (255)952114167890904711
4076451FD40C0E40820000000F54 itip-110:3.9521141.012345.01.02.981 (8006)095211411234540102(21)981
4176451FD40C0E4082DBDD8B36600000000000000000000000000000 itip-212:3.9521141.012345.01.02.mw133 (8006)095211411234540102(21)mw133
"""  # noqa: E501  # a table stays a table

WITHOUT_KEY = """
3500E86F8000A9E000000586 gid-96:952056.2718.1414
2F320434147455900000162E usdod-96:3.CAGEY.5678
3B0E0CF5E76C9047759AD00373DC7602E7200 adi-var:3.35962.PQ7VZ4.M37GXB92
"""

WITHOUT_COMPANY_PREFIX = """
SGTIN+ 3 F73795211411234538566CB0AFC4 (01)79521141123453(21)32a/b
DSGTIN+ 3 FB342CDE795211411234538566CB0AFC4 (01)79521141123453(21)32a/b(17)220630
SSCC+ 0 F90095201234567891235 (00)095201234567891235
SGLN+ 3 F2395211411234548566CB0AFC4 (414)9521141123454(254)32a/b
GRAI+ 3 F13095211411234548566CB0AFC4 (8003)0952114112345432a/b
GIAI+ 3 FA3952114132E83C2BF10 (8004)952114132a/b
GSRN+ 3 F43952114112345678906 (8018)952114112345678906
GSRNP+ 3 F53952114112345678906 (8017)952114112345678906
GDTI+ 3 F6395211411234540458B8 (253)95211411234545678
CPI+ 3 F0395211415E87A145BAFB4D19A8C0E4 (8010)95211415PQ7/Z43(8011)12345
SGCN+ 3 F839521141678909509338 (255)952114167890904711
ITIP+ 3 F3309521141123454010266AE27FDF35 (8006)095211411234540102(21)rif981
"""


def _rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.mark.parametrize(("memory", "uri", "bracketed"), _rows(WITH_COMPANY_PREFIX))
def test_tags_with_a_company_prefix(memory: str, uri: str, bracketed: str) -> None:
    tag = Tag.parse(memory)
    assert (tag.uri, tag.bracketed) == (f"urn:epc:tag:{uri}", bracketed)
    assert _unfilled(Tag.parse(tag.uri).hex) == _unfilled(memory)
    assert tag.epc is not None
    elements = element_strings.parse(bracketed)
    assert Epc.of(elements, company_prefix_length=tag.epc.company_prefix_length) == tag.epc


@pytest.mark.parametrize(("memory", "uri"), _rows(WITHOUT_KEY))
def test_tags_without_a_gs1_key(memory: str, uri: str) -> None:
    tag = Tag.parse(memory)
    assert tag.uri == f"urn:epc:tag:{uri}"
    assert _unfilled(Tag.parse(tag.uri).hex) == _unfilled(memory)


@pytest.mark.parametrize(("name", "filter_value", "memory", "bracketed"), _rows(WITHOUT_COMPANY_PREFIX))
def test_tags_without_a_company_prefix(name: str, filter_value: str, memory: str, bracketed: str) -> None:
    tag = Tag.parse(memory)
    assert (tag.encoding, tag.filter_value) == (name, int(filter_value))
    assert sorted((*tag.elements, *tag.data)) == sorted(element_strings.parse(bracketed))
    made = Tag.of_elements(element_strings.parse(bracketed), encoding=name, filter_value=int(filter_value))
    assert _unfilled(made.hex) == _unfilled(memory)


def _unfilled(memory: str) -> str:
    """The standard prints whole bytes or not even these; tags are written in whole words."""
    return memory.rstrip("0")
