"""No reader may do anything but read or refuse, whatever it is given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.gs1.fuzz import PEPPER, READERS, attempt, run

INPUTS = 30_000


def test_damaged_inputs_are_read_or_refused() -> None:
    found, asked = run(INPUTS, seed=7)
    assert found == []
    assert {reader.__name__ for reader in READERS} <= set(asked)


@given(st.one_of(st.text(max_size=80), st.text(alphabet=PEPPER, max_size=80)))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert [finding for reader in READERS if (finding := attempt(reader, text))] == []
