"""How fast wuma_gs1 reads and checks on one core, beside what one would otherwise use in Python.

    python -m benchmarks.gs1_speed [--peers other-venv/bin/python] [--rounds 9]

The peers - biip, epcpy, pyepc, epcis-event-hash-generator - live in an environment of their own. Every
contestant is a process that has read its inputs and waits; they take turns, round by round, so that a slow
minute of the machine falls on all. Figures are CPU time of the process; what counts is the median of the
rounds and the ratio of medians. The result is written to benchmarks/results/gs1_speed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from benchmarks import report
from tests.gs1 import generated
from wuma_gs1 import element_strings
from wuma_gs1.application_identifiers import Element
from wuma_gs1.check_characters import check_digit
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.tags import Tag

INPUTS: Final = 2_000
BATCH: Final = 10_000_000

# A contestant gets its inputs as one line of JSON, then runs once for every further line.
WORKER: Final = """
import json, sys, time
{prepare}
inputs = json.loads(sys.stdin.readline())
{adapt}
def run():
    start = time.process_time()
    for entry in inputs:
        {body}
    return time.process_time() - start
run()
for _ in sys.stdin:
    print(run(), flush=True)
"""


@dataclass
class Contestant:
    """Who does a task, and how."""

    name: str
    prepare: str
    body: str
    ours: bool = False
    adapt: str = ""
    times: list[float] = field(default_factory=list)

    @property
    def program(self) -> str:
        """The program that waits for its turn."""
        return WORKER.format(prepare=self.prepare, body=self.body, adapt=self.adapt)


def ours(name: str, prepare: str, body: str, adapt: str = "") -> Contestant:
    """Name a contestant of ours."""
    return Contestant(name, prepare, body, ours=True, adapt=adapt)


TASKS: Final[dict[str, list[Contestant]]] = {
    "digital_link": [
        ours(
            "wuma_gs1", "from wuma_gs1.digital_link import DigitalLink", "DigitalLink.parse(entry).canonical"
        ),
        Contestant("biip", "import biip", "biip.parse(entry).gs1_digital_link_uri.as_canonical_uri()"),
    ],
    "digital_link_with_attributes": [
        ours(
            "wuma_gs1", "from wuma_gs1.digital_link import DigitalLink", "DigitalLink.parse(entry).canonical"
        ),
        Contestant("biip", "import biip", "biip.parse(entry).gs1_digital_link_uri.as_canonical_uri()"),
    ],
    "element_string": [
        ours("wuma_gs1", "from wuma_gs1 import element_strings", "element_strings.parse(entry)"),
        Contestant(
            "biip",
            "from biip.gs1_messages import GS1Message",
            "GS1Message.parse(entry)",
            adapt="inputs = [entry[1:].replace('^', '\\x1d') for entry in inputs]",
        ),
    ],
    "gtin_check": [
        ours(
            "wuma_gs1 check",
            "from wuma_gs1.check_characters import has_check_digit",
            "has_check_digit(entry)",
        ),
        ours("wuma_gs1 Gtin", "from wuma_gs1.keys import Gtin", "Gtin.parse(entry)"),
        Contestant("biip", "from biip.gtin import Gtin", "Gtin.parse(entry)"),
    ],
    "canonical_key_of_urn": [
        ours("wuma_gs1", "from wuma_gs1.canonical import canonical_key", "canonical_key(entry)"),
        Contestant(
            "reference normaliser",
            "from epcis_event_hash_generator.dl_normaliser import normaliser",
            "normaliser(entry)",
        ),
    ],
    "sgtin_96_decode": [
        ours("wuma_gs1", "from wuma_gs1.tags import Tag", "Tag.parse(entry).epc.uri"),
        Contestant("epcpy", "from epcpy import hex_to_tag_encodable", "hex_to_tag_encodable(entry).epc_uri"),
        Contestant("pyepc", "from pyepc import SGTIN", "SGTIN.decode(entry).pure_identity_uri"),
    ],
    "sgtin_96_encode": [
        ours("wuma_gs1", "from wuma_gs1.tags import Tag", "Tag.parse(entry).hex"),
        Contestant(
            "epcpy",
            "from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue",
            "SGTIN.from_tag_uri(entry).hex(binary_coding_scheme=SGTIN.BinaryCodingScheme.SGTIN_96,"
            " filter_value=SGTINFilterValue.POS_ITEM)",
        ),
    ],
    "event_hash": [
        ours(
            "wuma_gs1",
            "from wuma_gs1.event_hash import event_hashes",
            "[event.uri for event in event_hashes(entry)]",
        ),
        Contestant(
            "reference",
            "from epcis_event_hash_generator import json_to_py, hash_generator",
            "hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_str(entry))",
        ),
    ],
    "batch_check_of_10_million": [
        ours(
            "wuma_gs1.batch",
            "import numpy as np; from wuma_gs1.batch import have_check_digit",
            "have_check_digit(entry)",
            adapt=f"inputs = [np.random.default_rng(1).integers(0, 10**14, {BATCH})]",
        ),
    ],
}


def inputs_of(task: str, source: Random) -> list[str]:
    """Make the inputs of a task, all different."""
    if task == "digital_link":
        return [DigitalLink(tuple(_can(source)), stem="https://example.cn/c").uri for _ in range(INPUTS)]
    if task == "digital_link_with_attributes":
        return [
            DigitalLink(
                (*_can(source)[:1], Element("10", _serial(source)), *_can(source)[1:]),
                (Element("17", generated.value(source, "17")),),
                "https://example.cn",
            ).uri
            for _ in range(INPUTS)
        ]
    if task == "element_string":
        return [
            element_strings.raw([*_can(source), Element("17", generated.value(source, "17"))])
            for _ in range(INPUTS)
        ]
    if task == "gtin_check":
        return [_can(source)[0].value[1:] for _ in range(INPUTS)]
    if task == "canonical_key_of_urn":
        return [Epc.of(_can(source), company_prefix_length=7).uri for _ in range(INPUTS)]
    if task.startswith("sgtin_96"):
        numbers = [str(source.randrange(2**38)) for _ in range(INPUTS)]
        epcs = [Epc("sgtin", ("6901234", f"0{source.randrange(10**5):05}", number)) for number in numbers]
        tags = [Tag.of(epc, encoding="SGTIN-96", filter_value=1) for epc in epcs]
        return [tag.hex if task.endswith("decode") else tag.uri for tag in tags]
    if task == "event_hash":
        return [_document(source) for _ in range(INPUTS // 40)]
    return []


def _can(source: Random) -> list[Element]:
    body = f"0690{source.randrange(10**9):09}"
    return [Element("01", f"{body}{check_digit(body)}"), Element("21", _serial(source))]


def _serial(source: Random) -> str:
    return generated.text(source, "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 8, 12)


def _document(source: Random) -> str:
    epcs = [Epc.of(_can(source), company_prefix_length=7).uri for _ in range(5)]
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00.123+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": epcs,
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "https://example.cn/po/1"}],
    }
    context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    return json.dumps({"@context": [context], "type": "EPCISDocument", "epcisBody": {"eventList": [event]}})


def compete(task: str, peers: str | None, rounds: int) -> dict[str, Any]:
    """Let the contestants of a task take turns; give the medians and who is how much faster."""
    inputs = inputs_of(task, Random(1))
    contestants = [each for each in TASKS[task] if each.ours or peers]
    with ExitStack() as stack:
        waiting = [(each, stack.enter_context(_started(each, peers, inputs))) for each in contestants]
        for _ in range(rounds):
            for contestant, process in waiting:
                contestant.times.append(_turn(process))
    count = max(len(inputs), 1)
    figures: dict[str, Any] = {}
    for each in contestants:
        seconds = statistics.median(each.times)
        figures[each.name] = {
            "microseconds_each": round(seconds / count * 1e6, 3),
            "per_second": round(count / seconds),
            "rounds_microseconds": report.spread([time / count * 1e6 for time in each.times]),
        }
    first = statistics.median(contestants[0].times)
    for each in contestants[1:]:
        figures[each.name]["times_as_long"] = round(statistics.median(each.times) / first, 1)
    return figures


def imports(rounds: int) -> dict[str, Any]:
    """Time what importing costs a fresh interpreter, for the modules that pull in most."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
        for module in ("wuma_gs1", "wuma_gs1.digital_link", "wuma_gs1.canonical", "wuma_gs1.__main__"):
            program = f"import time; s = time.process_time(); import {module}; print(time.process_time() - s)"
            command = [sys.executable, "-c", program]
            subprocess.check_output(command, env=environment)  # the first one compiles
            times = [float(subprocess.check_output(command, env=environment)) * 1e3 for _ in range(rounds)]
            figures[module] = {"milliseconds": report.spread(times)}
    return figures


def _started(contestant: Contestant, peers: str | None, inputs: list[str]) -> subprocess.Popen[str]:
    python = sys.executable if contestant.ours else peers
    assert python is not None
    process = subprocess.Popen(
        [python, "-c", contestant.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(inputs) + "\n")
    process.stdin.flush()
    return process


def _turn(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def peers_of(python: str) -> dict[str, str]:
    """Say which versions of the peers an environment has."""
    program = (
        "import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in "
        "('biip', 'epcpy', 'pyepc', 'epcis-event-hash-generator')}))"
    )
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def chosen(only: list[str]) -> Iterator[str]:
    """Give the tasks to run, in order."""
    return (task for task in TASKS if not only or task in only)


def main() -> None:
    """Run the tasks and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", help="an interpreter that has the peers")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("tasks", nargs="*", help="all, unless named; named ones are shown and not written")
    given = parser.parse_args()
    results = {task: compete(task, given.peers, given.rounds) for task in chosen(given.tasks)}
    if not given.tasks:
        results["import"] = imports(given.rounds)
    if not given.tasks:
        peers = peers_of(given.peers) if given.peers else {}
        report.write("gs1_speed", {"rounds": given.rounds, "peers": peers, "tasks": results}, ("numpy",))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
