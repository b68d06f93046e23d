"""A document cut into its events is the document: nothing is lost, moved, or held in memory."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chain.trace.test_capture import document, event
from wuma.chain.trace.capturing import split
from wuma.chain.trace.capturing.split import Split
from wuma.kernel.errors import InvalidInput

_text = st.text(st.sampled_from('ab"\\{}[],: \n\t\u7269\U0001f95b\x7f'), max_size=12)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)
_event = st.dictionaries(_text, _json, max_size=5)
_dirt = st.sampled_from([b"", b'"', b"{", b"]", b",", b"\\"])
_document = st.builds(
    lambda before, events, after, is_answer, order: _around(before, events, after, is_answer, order),
    st.dictionaries(_text, _json, max_size=3),
    st.lists(_event, max_size=6),
    st.dictionaries(_text, _json, max_size=3),
    st.booleans(),
    st.booleans(),
)


def _around(
    before: dict[str, Any], events: list[Any], after: dict[str, Any], is_answer: bool, order: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {"eventList": events}
    if is_answer:
        body = {"queryResults": {"queryName": "eventList", "resultsBody": body}}
    before = {f"x{name}": value for name, value in before.items()}
    after = {f"y{name}": value for name, value in after.items()}
    return {**before, "epcisBody": {**after, **body} if order else {**body, **after}, **after}


class Dribble(io.BytesIO):
    """A file that gives a few bytes at a time, so that every block ends somewhere else."""

    def __init__(self, body: bytes, step: int) -> None:
        super().__init__(body)
        self._step = step

    def read(self, _size: int | None = -1) -> bytes:
        return super().read(self._step)


@settings(deadline=None, max_examples=300)
@given(_document, st.integers(1, 60), st.sampled_from([None, 1]), st.booleans())
def test_cut_and_put_together_it_is_what_it_was(
    said: dict[str, Any], step: int, indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(said, indent=indent, ensure_ascii=ascii_only).encode()
    reading = Split(Dribble(body, step))

    cuts = list(reading)

    around = reading.around()
    inner = around
    for name in reading.pointer.split("/")[1:-1]:
        inner = inner[name]
    inner["eventList"] = [json.loads(cut.body) for cut in cuts]
    assert around == said
    assert [cut.place for cut in cuts] == list(range(len(cuts)))


@settings(deadline=None, max_examples=300)
@given(_document, st.data())
def test_a_broken_document_is_refused_or_read_as_a_parser_does(said: dict[str, Any], data: Any) -> None:
    body = bytearray(json.dumps(said).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(_dirt)
        if not body:
            return
    reading = Split(Dribble(bytes(body), data.draw(st.integers(1, 60))))
    try:
        cuts = [json.loads(cut.body) for cut in reading]
        around = reading.around()
    except (InvalidInput, ValueError):
        return
    whole = json.loads(body)
    inner, parent = whole, around
    for name in reading.pointer.split("/")[1:-1]:
        inner, parent = inner[name], parent[name]
    assert inner["eventList"] == cuts
    parent["eventList"] = cuts
    assert around == whole


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'"',
        b'{"epcisBody": {"eventList": [',
        b'{"epcisBody": {"eventList": [1]}}',
        b'{"epcisBody": {"eventList": ["{}"]}}',
        b'{"epcisBody": {"eventList": [{},]}}',
        b'{"epcisBody": {"eventList": [{} {}]}}',
        b'{"epcisBody": {"eventList": [[{}]]}}',
        b'{"epcisBody": {"eventList": [{}}}}',
        b'{"epcisBody": {"eventList": [{}]}, "epcisBody": {"eventList": [{}]}}',
        b'{"epcisBody": {"eventList": [{}]}} {}',
        b'{"a": {"epcisBody": {"eventList": [{}]}}}',
        b'{"epcisBody": [{"eventList": [{}]}]}',
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_what_is_no_document_is_refused_with_a_reason(body: bytes) -> None:
    reading = Split(io.BytesIO(body))

    with pytest.raises(InvalidInput) as refused:
        assert list(reading) == [] or reading.around() is None

    assert refused.value.errors


def test_what_is_too_large_in_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "EVENT_BYTES_MAX", 1000)
    monkeypatch.setattr(split, "HEAD_BYTES_MAX", 1000)
    large = event(action="ADD", epcList=[f"urn:x:{number}" for number in range(400)])

    for said in (
        document(large),
        {"x": "a" * 200_000, **document(event())},
        {**document(event()), "x": "a" * 200_000},
    ):
        with pytest.raises(InvalidInput, match="too large"):
            list(Split(Dribble(json.dumps(said).encode(), 70_000)))
