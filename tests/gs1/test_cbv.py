"""The vocabularies have every word of the Core Business Vocabulary and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wuma_gs1 import cbv
from wuma_gs1.errors import ParseError

VOCABULARIES: dict[str, type[cbv.Word]] = {
    "BizStep": cbv.BizStep,
    "Disp": cbv.Disposition,
    "BTT": cbv.BusinessTransactionType,
    "SDT": cbv.SourceDestinationType,
    "ER": cbv.ErrorReason,
    "Comp": cbv.SensorComponent,
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_words_are_those_of_the_ontology(shared: Path, name: str) -> None:
    ontology = (shared / "gs1/spec/ontology-shacl/CBV.ttl").read_text("utf-8")
    words = set(re.findall(rf"^cbv:{name}-([a-z_]+)", ontology, re.MULTILINE))
    assert {word.value for word in VOCABULARIES[name]} == words


def test_measurements_are_those_of_the_context(shared: Path) -> None:
    path = shared / "gs1/spec/jsonld-context/gs1-context-measurement-type.jsonld"
    context = json.loads(path.read_text("utf-8"))["@context"]
    names = {name for name in context if name[0] != "@" and name != "gs1"}
    assert names == cbv.MEASUREMENT_TYPES


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values())
def test_every_spelling_of_a_word_is_read(vocabulary: type[cbv.Word]) -> None:
    for word in vocabulary:
        spellings = [word.value, word.uri, word.urn, word.uri.replace("https://ref.gs1.org/cbv/", "cbv:")]
        assert [vocabulary.parse(spelling) for spelling in spellings] == [word] * 4
        assert word.definition


@pytest.mark.parametrize(
    "text", ["", "Shipping", "urn:epcglobal:cbv:disp:shipping", "https://ref.gs1.org/cbv/BizStep-x"]
)
def test_what_is_no_word_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="BizStep"):
        cbv.BizStep.parse(text)


def test_a_word_has_one_beginning_at_most() -> None:
    with pytest.raises(ParseError):
        cbv.BizStep.parse("cbv:BizStep-urn:epcglobal:cbv:bizstep:shipping")
