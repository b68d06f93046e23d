"""No reader may do anything but read or refuse, whatever it is given."""

from __future__ import annotations

import tracemalloc
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.gs1.fuzz import PEPPER, READERS, attempt, run
from wuma_gs1.digital_link import DigitalLink

INPUTS = 30_000


def test_damaged_inputs_are_read_or_refused() -> None:
    found, asked = run(INPUTS, seed=7)
    assert found == []
    assert {reader.__name__ for reader in READERS} <= set(asked)


@given(st.one_of(st.text(max_size=80), st.text(alphabet=PEPPER, max_size=80)))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert [finding for reader in READERS if (finding := attempt(reader, text))] == []


def test_links_of_strangers_do_not_stay_in_memory() -> None:
    def read(seed: int) -> None:
        source = Random(seed)
        for _ in range(50):
            query = "&".join(source.choice(("10=a", "30=1", "90=b", "98=c", "99=d")) for _ in range(1500))
            attempt(DigitalLink.parse, f"https://a.cn/01/06901234567892?{query}")  # type: ignore[arg-type]

    tracemalloc.start()
    try:
        read(1)
        before, _ = tracemalloc.get_traced_memory()
        read(2)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000
