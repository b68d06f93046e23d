"""XML documents too large for one request are translated once, and captured as JSON documents are."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from tests.chain.trace.test_capture_job import Crash, job, seen, spooled, work
from tests.chain.trace.test_xml_reading import SEEN, event_xml
from tests.conftest import Brand, SignedInClient
from wuma.chain.trace.capturing import capture_job
from wuma.chain.trace.capturing.split import Split
from wuma.chain.trace.documents.json_ld import read_head
from wuma.chain.trace.documents.xml.translating import read_translated, translate
from wuma.kernel.errors import InvalidInput
from wuma.kernel.http import spool
from wuma.kernel.runtime import Runtime

XML = {"content-type": "application/xml"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large here, and batches are small."""
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 1_000)
    monkeypatch.setattr(capture_job, "BATCH_EVENTS", 4)


def events_xml(count: int, *, bad: tuple[int, ...] = ()) -> bytes:
    text = event_xml("")
    head, tail = text[: text.index(b"<ObjectEvent>")], text[text.index(b"</EventList>") :]
    events = []
    for place in range(count):
        inner = SEEN.replace(".2017", f".{place}").replace("OBSERVE", "SEE" if place in bad else "OBSERVE")
        one = event_xml(f"{inner}<ex:n>{place}</ex:n>")
        events.append(one[one.index(b"<ObjectEvent>") : one.index(b"</EventList>")] + b"\n")
    return head + b"".join(events) + tail


def hand_in(
    admin: SignedInClient, body: bytes, behaviour: str = "rollback", **headers: str
) -> dict[str, Any]:
    headers = {**XML, "gs1-capture-error-behaviour": behaviour, **headers}
    answer = admin.post("/epcis/capture", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_document_is_translated_and_captured(
    admin: SignedInClient, runtime: Runtime, brand: Brand, packed: bool
) -> None:
    before = spooled(runtime)
    body = events_xml(30)

    more = {"content-encoding": "gzip"} if packed else {}
    told = hand_in(admin, gzip.compress(body) if packed else body, **more)

    if told["running"]:
        assert seen(admin) == 0
        work(runtime, brand)
    told = job(admin, told["captureID"])
    assert (told["success"], told["accepted"]) == (True, 30)
    assert seen(admin) == 30
    assert spooled(runtime) == before


def test_nothing_is_captured_of_a_document_with_a_fault_and_the_fault_names_its_line(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    told = hand_in(admin, events_xml(30, bad=(7,)))
    work(runtime, brand)

    told = job(admin, told["captureID"])

    assert (told["success"], seen(admin)) == (False, 0)
    faults = json.dumps(told["errors"])
    assert "/EPCISDocument/EPCISBody/EventList/ObjectEvent[8]/action (line " in faults


def test_what_is_valid_goes_in_when_that_is_wanted(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    told = hand_in(admin, events_xml(30, bad=(0, 7, 29)), "proceed")
    work(runtime, brand)

    told = job(admin, told["captureID"])

    assert (told["accepted"], told["rejected"], seen(admin)) == (27, 3, 27)


@pytest.mark.parametrize("body", [events_xml(30)[:-30], events_xml(30).replace(b"schemaVersion", b"x")])
def test_a_document_that_is_none_fails_as_a_whole(
    admin: SignedInClient, runtime: Runtime, brand: Brand, body: bytes
) -> None:
    before = spooled(runtime)
    told = hand_in(admin, body, "proceed")
    work(runtime, brand)

    told = job(admin, told["captureID"])

    assert (told["running"], told["success"], seen(admin)) == (False, False, 0)
    assert "line " in told["errors"][0]["errors"][0]["at"]
    assert spooled(runtime) == before


@pytest.mark.parametrize("after", [False, True], ids=["while it is written", "before that is known"])
def test_a_crash_while_translating_doubles_and_loses_nothing(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    told = hand_in(admin, events_xml(30))

    def crash(xml: Any, into: Any, *, events_max: int) -> int:
        if after:
            translate(xml, into, events_max=events_max)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(capture_job, "translate", crash)
        with pytest.raises(Crash):
            work(runtime, brand)
    work(runtime, brand)

    assert job(admin, told["captureID"])["accepted"] == seen(admin) == 30


def test_a_translation_is_a_document_with_the_events_the_context_and_the_faults() -> None:
    into = io.BytesIO()

    count = translate(io.BytesIO(events_xml(5, bad=(3,))), into, events_max=10)

    reading = Split(io.BytesIO(into.getvalue()))
    read = [read_translated(cut.body, cut.place) for cut in reading]
    assert count == len(read) == 5
    assert [one.place for one in read] == [0, 1, 2, 3, 4]
    assert [type(one).__name__ for one in read].index("RefusedEvent") == 3
    assert read_head(reading.around())[1:] == [{"ex": "https://ns.brand.example/"}]
    with pytest.raises(InvalidInput):
        translate(io.BytesIO(events_xml(5)), io.BytesIO(), events_max=4)
