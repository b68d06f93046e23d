"""The published XML documents, the XSDs that judge them, and documents with something wrong in them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
XSDS: Final = {
    "urn:epcglobal:epcis:xsd:2": "xsd-2.0/EPCglobal-epcis-2_0.xsd",
    "urn:epcglobal:epcis-query:xsd:2": "xsd-2.0/EPCglobal-epcis-query-2_0.xsd",
    "urn:epcglobal:epcis-masterdata:xsd:2": "xsd-2.0/EPCglobal-epcis-masterdata-2_0.xsd",
    "urn:epcglobal:epcis:xsd:1": "xsd-1.2/EPCglobal-epcis-1_2.xsd",
    "urn:epcglobal:epcis-query:xsd:1": "xsd-1.2/EPCglobal-epcis-query-1_2.xsd",
}


class Xsds:
    """The XSDs of EPCIS 2.0 and 1.2."""

    def __init__(self, shared: Path) -> None:
        folder = shared / "gs1" / "spec"
        self._xsds = {uri: etree.XMLSchema(etree.parse(folder / file)) for uri, file in XSDS.items()}

    def faults(self, body: bytes) -> str | None:
        """What the XSD of a document's namespace says against it; None if it is valid."""
        root = etree.fromstring(body)
        xsd = self._xsds.get(etree.QName(root).namespace)
        if xsd is None:
            return "no global element of EPCIS"
        return None if xsd.validate(root) else str(xsd.error_log[0].message)


def published(shared: Path) -> list[Path]:
    """All XML documents that GS1 and openEPCIS have published, but for answers about capture jobs."""
    folder = shared / "gs1" / "epcis-docs"
    return [file for file in sorted(folder.rglob("*.xml")) if "CaptureJob" not in file.parts]


def without_types(body: bytes) -> Any:
    """The document without `xsi:type`: EPCIS does not say what it does in an extension."""
    root = etree.fromstring(body)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.attrib.pop(f"{INSTANCE}type", None)
    return root


def mutated(root: Any, chance: random.Random) -> bytes:
    """A document with one or two things dropped, altered, doubled, renamed, moved or added."""
    root = copy.deepcopy(root)
    for _ in range(chance.randint(1, 2)):
        _mutate(root, chance)
    return etree.tostring(root)


def _mutate(root: Any, chance: random.Random) -> None:
    elements = list(_ours(root))
    element = chance.choice(elements)
    parent = element.getparent()
    match chance.randrange(9):
        case 0 if parent is not None:
            parent.remove(element)
        case 1:
            element.text = chance.choice(TEXTS)
        case 2 if parent is not None:
            parent.insert(parent.index(element), copy.deepcopy(element))
        case 3:
            element.tag = chance.choice(NAMES)
        case 4:
            etree.SubElement(element, chance.choice(NAMES)).text = chance.choice(TEXTS)
        case 5:
            element.set(chance.choice(ATTRIBUTES), chance.choice(TEXTS))
        case 6 if element.attrib:
            name = chance.choice(sorted(element.attrib))
            if chance.random() < 0.5:
                del element.attrib[name]
            else:
                element.set(name, chance.choice(TEXTS))
        case 7 if parent is not None:
            parent.remove(element)
            parent.insert(chance.randrange(len(parent) + 1), element)
        case _:
            other = chance.choice(
                elements
            )  # a document in an event would be judged by the XSD, and not by us
            if other is not root and len(list(other.iter())) < 60:
                element.append(copy.deepcopy(other))


def _ours(root: Any) -> Iterator[Any]:
    """Elements but those of the Standard Business Document Header, which is UN/CEFACT's."""
    for element in root.iter():
        around = [element, *element.iterancestors()]
        if all(
            isinstance(one.tag, str) and "StandardBusinessDocumentHeader" not in one.tag for one in around
        ):
            yield element


NAMES: Final = (
    "eventTime recordTime eventTimeZoneOffset eventID errorDeclaration certificationInfo baseExtension"
    " epcList epc action bizStep disposition readPoint bizLocation id bizTransactionList bizTransaction"
    " quantityList quantityElement epcClass quantity uom sourceList source destinationList destination"
    " sensorElementList sensorElement sensorMetadata sensorReport persistentDisposition set unset ilmd"
    " extension parentID childEPCs childQuantityList inputEPCList outputQuantityList transformationID"
    " declarationTime reason correctiveEventIDs correctiveEventID made {http://x.example/}up"
    " {urn:epcglobal:epcis:xsd:9}foo ObjectEvent EventList EPCISBody queryName VocabularyList"
).split()
TEXTS: Final = (
    "", "x", "urn:x:y", "1", "1.5", "1e3", "-0", "ADD", "OBSERVE", "add", "true", "KGM", "kgm", "abc", "NaN",
    "2026-02-28T08:00:00Z", "2026-02-28T08:00:00+15:00", "2026-02-30T08:00:00Z", "2026-02-28T08:00:00",
    "+02:00", "2:00", "https://id.gs1.org/01/09521141111116/21/1", "urn:epcglobal:cbv:bizstep:shipping",
    "urn:epcglobal:cbv:bizstep:zzz", "a b", "%zz", " urn:x:y ",
)  # fmt: skip
ATTRIBUTES: Final = (
    "type value time uom id {http://x.example/}a foo booleanValue hexBinaryValue component uriValue exception"
).split()
