"""How often wuma_gs1 and other people's GS1 code say the same of the same input.

    python -m benchmarks.gs1_agreement messages --modules node_modules [--count 20000] [--seed 1]
    python -m benchmarks.gs1_agreement tags --python other-venv/bin/python [--count 20000] [--seed 1]

`messages` holds generated element strings and Digital Links, about half of them damaged, against the
validation of BWIPP (npm package bwip-js). `tags` holds generated RFID tags against epcpy. Each other
implementation runs in a process of its own. A disagreement is *explained* when it is one of the known gaps
of the other side, named below with the text that decides; what remains is ours to explain or to mend. The
results are written to benchmarks/results/gs1_agreement_*.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final, NamedTuple

from benchmarks import report
from tests.gs1 import generated
from wuma_gs1 import element_strings
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import Code, ParseError

MESSAGE_CHARACTERS_MAX: Final = 350  # what the symbols of the other side hold
EXAMPLES_KEPT_MAX: Final = 20

BWIPP: Final = """
const bwip = require('bwip-js');
require('readline').createInterface({input: process.stdin, terminal: false}).on('line', line => {
  const [kind, text] = JSON.parse(line);
  let refusal = null;
  try { bwip.raw({bcid: kind === 'link' ? 'gs1dlqrcode' : 'gs1qrcode', text}); }
  catch (error) { refusal = String(error.message || error); }
  process.stdout.write(JSON.stringify(refusal) + '\\n');
});
"""
EPCPY: Final = """
import json, sys
from epcpy import hex_to_tag_encodable, tag_uri_to_tag_encodable
from enum import Enum
for line in sys.stdin:
    uri, memory = json.loads(line)
    try:
        kind, scheme, filter_value = uri.split(":")[2:5]
        epc = tag_uri_to_tag_encodable(uri)
        coding = next(c for c in epc.BinaryCodingScheme if c.value == scheme)
        options = {"binary_coding_scheme": coding}
        filters = [v for v in vars(sys.modules[type(epc).__module__]).values()
                   if isinstance(v, type) and issubclass(v, Enum) and v.__name__.endswith("FilterValue")]
        if filters:
            options["filter_value"] = filters[0](filter_value.split(".")[0])
        answer = {"hex": epc.hex(**options)}
    except Exception as error:
        answer = {"hex": "refused: " + repr(error)}
    try:
        answer["epc"] = hex_to_tag_encodable(memory).epc_uri
    except Exception as error:
        answer["epc"] = "refused: " + repr(error)
    print(json.dumps(answer), flush=True)
"""


class Verdicts(NamedTuple):
    """What both sides say of one input: None for good, else why not."""

    kind: str
    text: str
    ours: ParseError | None
    theirs: str | None


KNOWN_GAPS: Final[dict[str, Callable[[Verdicts], bool]]] = {
    "BWIPP takes any domain and any character of a URI; RFC 3986 and GS1's engine do not": lambda v: (
        v.ours is not None
        and v.ours.code
        in {
            Code.ILLEGAL_DOMAIN_CHARACTER,
            Code.ILLEGAL_URI_CHARACTER,
            Code.MISSING_DOMAIN,
            Code.ILLEGAL_SCHEME,
        }
    ),
    "BWIPP takes an AI twice in a link; Digital Link 1.6 section 4.6 and GS1's engine do not": lambda v: (
        v.ours is not None and any(problem.code is Code.DUPLICATE_AI for problem in v.ours.problems)
    ),
    "BWIPP fills GTINs up; Digital Link since 1.3 wants 14 digits": lambda v: (
        v.ours is not None and v.ours.code is Code.VALUE_TOO_SHORT and v.ours.ai == "01"
    ),
    "BWIPP takes company prefixes of less than four digits; the dictionary's linter does not": lambda v: (
        v.ours is not None and v.ours.code in {Code.TOO_SHORT_FOR_GCP, Code.INVALID_GCP_PREFIX}
    ),
    "BWIPP refuses a lone '%'; GS1's engine leaves it as it is": lambda v: "BadHex" in str(v.theirs),
    "BWIPP's table is older than AI (03)": lambda v: "(03)" in v.text or "/03/" in v.text,
    "BWIPP has no currencies 924 and 926": lambda v: "UnknownCurrency" in str(v.theirs),
    "BWIPP takes a query parameter without a name for an AI": lambda v: "AI ()" in str(v.theirs),
}


def messages(modules: str, node: str, count: int, seed: int) -> None:
    """Compare verdicts on element strings and links."""
    source = Random(seed)
    inputs = [_damaged_message(source) for _ in range(count)]
    environment = {"NODE_PATH": modules}
    answers = _ask([node, "-e", BWIPP], inputs, environment)
    verdicts = [
        Verdicts(kind, text, _our_refusal(kind, text), refusal)
        for (kind, text), refusal in zip(inputs, answers, strict=True)
    ]
    differing = [verdict for verdict in verdicts if (verdict.ours is None) != (verdict.theirs is None)]
    explained: Counter[str] = Counter()
    unexplained: list[Verdicts] = []
    for verdict in differing:
        reason = next((reason for reason, applies in KNOWN_GAPS.items() if applies(verdict)), None)
        if reason is None:
            unexplained.append(verdict)
        else:
            explained[reason] += 1
    undisputed = count - sum(explained.values())
    result = {
        "with": "bwip-js",
        "seed": seed,
        "inputs": count,
        "valid": sum(verdict.ours is None for verdict in verdicts),
        "agreement": (count - len(differing)) / count,
        "explained": dict(explained),
        "agreement_without_explained": (undisputed - len(unexplained)) / undisputed,
        "unexplained": [[v.kind, v.text, str(v.ours), v.theirs] for v in unexplained[:EXAMPLES_KEPT_MAX]],
    }
    report.write("gs1_agreement_messages", result, ())
    print(json.dumps(result, indent=1, ensure_ascii=False))


def tags(python: str, count: int, seed: int) -> None:
    """Compare tags written and read."""
    source = Random(seed)
    made = [generated.tag(source) for _ in range(count)]
    answers = _ask([python, "-c", EPCPY], [(tag.uri, tag.hex) for tag in made], None)
    refused: Counter[str] = Counter()
    differing: list[list[Any]] = []
    agreed = cut = 0
    for tag, answer in zip(made, answers, strict=True):
        assert tag.epc is not None
        if any(said.startswith("refused") for said in answer.values()):
            refused[tag.encoding] += 1
        elif tag.epc.scheme == "giai" and ":" in tag.epc.fields[1]:
            cut += 1
        elif (answer["hex"], answer["epc"]) == (tag.hex, tag.epc.uri):
            agreed += 1
        else:
            differing.append([tag.uri, tag.hex, answer])
    result = {
        "with": "epcpy",
        "seed": seed,
        "inputs": count,
        "refused_by_the_other": dict(refused.most_common()),
        "explained": {"epcpy loses what follows a colon in a GIAI": cut},
        "agreement_where_both_answer": agreed / (count - cut - sum(refused.values())),
        "differing": differing[:EXAMPLES_KEPT_MAX],
    }
    report.write("gs1_agreement_tags", result, ())
    print(json.dumps(result, indent=1, ensure_ascii=False))


def _ask(command: list[str], inputs: Iterable[Any], environment: dict[str, str] | None) -> list[Any]:
    lines = "".join(json.dumps(entry) + "\n" for entry in inputs)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, env=environment)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _our_refusal(kind: str, text: str) -> ParseError | None:
    try:
        if kind == "link":
            DigitalLink.parse(text)
        else:
            element_strings.parse(text)
    except ParseError as error:
        return error
    return None


def _damaged_message(source: Random) -> tuple[str, str]:
    """Make a message and, every other time, damage it."""
    while True:
        if source.random() < 0.5:
            kind = "elements"
            text = element_strings.bracketed(_thinned(source, generated.message(source)))
        else:
            kind = "link"
            link = generated.link(source)
            path = link.path if source.random() < 0.85 else link.path[:1] + _thinned(source, link.path[1:])
            text = link._replace(attributes=_thinned(source, link.attributes), path=path).uri
        for _ in range(source.choice((0, 0, 1, 1, 1, 2))):
            text = _mutated(source, text)
        # BWIPP knows no escaped bracket, so it cannot be asked about one.
        if len(text) <= MESSAGE_CHARACTERS_MAX and r"\(" not in text:
            return kind, text


def _thinned(source: Random, elements: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave an element out now and then, or say one twice."""
    kept = list(elements)
    if len(kept) > 1 and source.random() < 0.4:
        kept.pop(source.randrange(len(kept)))
    if kept and source.random() < 0.1:
        kept.append(source.choice(kept))
    return tuple(kept)


def _mutated(source: Random, text: str) -> str:
    at = source.randrange(len(text))
    character = source.choice("0123456789ABCxyz-/()?&=%^!")
    return source.choice(
        (
            text[:at] + character + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + character + text[at:],
            text[:at] + text[at + source.randint(1, 8) :],
        )
    )


def main() -> None:
    """Run one of the comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("messages", "tags"))
    parser.add_argument("--modules", default="node_modules", help="where bwip-js is installed")
    parser.add_argument("--node", default="node")
    parser.add_argument("--python", default="python", help="an interpreter that has epcpy")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.what == "messages":
        messages(given.modules, given.node, given.count, given.seed)
    else:
        tags(given.python, given.count, given.seed)


if __name__ == "__main__":
    main()
