"""SSCCs: every position has one of its own, which a reader of labels accepts and which leads back."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Brand
from wuma.chain.codes.construction import sscc_serials
from wuma.chain.codes.sscc import position_of, sscc_of
from wuma.kernel.runtime import Runtime
from wuma_gs1.keys import Sscc

PREFIXES = st.sampled_from(["6901", "690123", "6901234", "690123456", "690123456789"])


@given(prefix=PREFIXES, data=st.data())
def test_there_and_back(runtime: Runtime, prefix: str, data: st.DataObject) -> None:
    serials = sscc_serials(runtime.keyring, tenant_id=1, company_prefix=prefix)
    position = data.draw(st.integers(0, 10 ** (17 - len(prefix)) - 1))

    sscc = sscc_of(serials, prefix, position)

    assert Sscc.parse(sscc).value == sscc
    assert position_of(serials, prefix, sscc) == position
    assert position_of(serials, "7" + prefix[1:], sscc) is None


def test_neighbours_do_not_look_like_neighbours(runtime: Runtime, brand: Brand) -> None:
    serials = sscc_serials(runtime.keyring, tenant_id=brand.id, company_prefix="6901234")

    bodies = sorted(int(sscc_of(serials, "6901234", position)[:-1]) for position in range(200))

    assert len(set(bodies)) == 200
    assert min(later - earlier for earlier, later in pairwise(bodies)) > 1
