"""The line tools as others run them: a process, lines in, JSON out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run(*arguments: str, lines: bytes = b"") -> list[dict[str, Any]]:
    """Run a tool and read what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "wuma_gs1", *arguments], input=lines, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_has_its_answer() -> None:
    answers = run("dl", lines=b"https://brand.example/01/06901234567892/21/A1\n\nnothing\n\xff\xfe\n\x1d\n")
    assert [answer["valid"] for answer in answers] == [True, False, False, False, False]
    assert answers[0] == {
        "valid": True,
        "ai": "(01)06901234567892(21)A1",
        "canonical": "https://id.gs1.org/01/06901234567892/21/A1",
        "error": None,
    }
    assert all(answer["error"] and answer["canonical"] is None for answer in answers[1:])


def test_one_bad_ai_does_not_hide_another() -> None:
    [answer] = run("ai", lines=b"(01)06901234567893(17)261301(10)A1\n")
    assert [(problem["code"], problem["ai"], problem["position"]) for problem in answer["problems"]] == [
        ("incorrect_check_digit", "01", 17),
        ("illegal_month", "17", 24),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"(01)06901234567892(10)A1",
        b"^010690123456789210A1",
        b"\x1d010690123456789210A1",
        b"]d2010690123456789210A1",
    ],
)
def test_element_strings_in_every_form(line: bytes) -> None:
    [answer] = run("ai", lines=line + b"\r\n")
    assert answer == {
        "valid": True,
        "ai": "(01)06901234567892(10)A1",
        "raw": "^010690123456789210A1",
        "canonical": "https://id.gs1.org/01/06901234567892/10/A1",
        "error": None,
    }


def test_a_message_without_a_primary_key_is_valid_and_no_link() -> None:
    [answer] = run("ai", lines=b"(90)A\n")
    assert (answer["valid"], answer["canonical"]) == (True, None)


TAG = {
    "valid": True,
    "scheme": "SGTIN-96",
    "hex": "3035A537C83775400000002A",
    "tagURI": "urn:epc:tag:sgtin-96:1.6901234.056789.42",
    "epcURI": "urn:epc:id:sgtin:6901234.056789.42",
    "dl": "https://id.gs1.org/01/06901234567892/21/42",
    "ai": "(01)06901234567892(21)42",
    "error": None,
}


@pytest.mark.parametrize(
    "line",
    [
        TAG["hex"],
        TAG["tagURI"],
        {"id": TAG["epcURI"], "filter": 1, "scheme": "SGTIN-96"},
        {"id": TAG["dl"], "filter": 1, "scheme": "SGTIN-96", "gcpLength": 7},
        {"id": TAG["ai"], "filter": 1, "scheme": "sgtin-96", "gcpLength": 7},
        {"id": TAG["hex"], "filter": 1, "scheme": None},
    ],
)
def test_a_tag_in_every_form(line: str | dict[str, Any]) -> None:
    text = line if isinstance(line, str) else json.dumps(line)
    assert run("epc", lines=text.encode() + b"\n") == [TAG]


def test_names_without_a_tag() -> None:
    answers = run(
        "epc", lines=b"urn:epc:id:sgtin:6901234.056789.42\n(01)06901234567892(21)42\nurn:epc:id:gid:1.2.3\n"
    )
    assert [(answer["hex"], answer["epcURI"], answer["ai"]) for answer in answers] == [
        (None, "urn:epc:id:sgtin:6901234.056789.42", "(01)06901234567892(21)42"),
        (None, None, "(01)06901234567892(21)42"),
        (None, "urn:epc:id:gid:1.2.3", None),
    ]
    assert [answer.get("needed") for answer in answers] == [None, "gcpLength", None]


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "(01)06901234567892(21)42", "scheme": "SGTIN-96"}',
        '{"id": "(01)06901234567892(21)042", "scheme": "SGTIN-96", "gcpLength": 7}',
        '{"id": "(01)06901234567892(21)42", "scheme": "SGTIN-96", "gcpLength": 70}',
        '{"id": "(01)06901234567892(21)42", "scheme": "SGTIN-96", "gcpLength": 7, "filter": 8}',
        '{"id": "(01)06901234567892(21)42", "scheme": "MARS-96", "gcpLength": 7}',
        '{"id": "(01)06901234567892(21)42", "scheme": "MARS+"}',
        '{"id": 3}',
        '{"id": "(01)06901234567892", "filter": true}',
        "{",
        "{" * 5000,
        '{"id": "(01)06901234567892(21)42", "filter": ' + "9" * 5000 + "}",
        "urn:epc:tag:gid-96:1.1." + "9" * 5000,
        "FF00",
    ],
)
def test_what_cannot_be_encoded_is_said_in_the_answer(line: str) -> None:
    [answer] = run("epc", lines=line.encode() + b"\n")
    assert answer["valid"] is False
    assert answer["error"]
    assert answer["hex"] is None


def test_links_are_compressed_and_back() -> None:
    link = "https://id.gs1.org/01/05412345000013/10/ABC123"
    [short] = run("compress", lines=link.encode())
    assert short["uri"] == "https://id.gs1.org/AQnYUc1gmiCNV4JG"
    [long] = run("decompress", lines=short["uri"].encode())
    assert (long["uri"], long["ai"]) == (link, "(01)05412345000013(10)ABC123")


def test_events_are_hashed_file_by_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.xml"
    event = {"type": "ObjectEvent", "action": "ADD"}
    good.write_text(json.dumps([event, event]))
    bad.write_text("<no/>")
    answers = run("event-hash", str(good), str(bad), str(tmp_path / "absent"))
    assert [(answer["file"], answer["index"]) for answer in answers[:2]] == [(str(good), 0), (str(good), 1)]
    assert answers[0]["prehash"] == "eventType=ObjectEventaction=ADD"
    assert answers[0]["hash"].startswith("ni:///sha-256;")
    assert [bool(answer["error"]) for answer in answers] == [False, False, True, True]


def test_one_bad_event_does_not_hide_the_others(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    good = {"type": "ObjectEvent", "action": "ADD"}
    file.write_text(json.dumps([good, {**good, "eventTime": "yesterday"}, good]))
    answers = run("event-hash", str(file))
    assert [(answer["index"], answer["hash"] is None, bool(answer["error"])) for answer in answers] == [
        (0, False, False),
        (1, True, True),
        (2, False, False),
    ]


def test_a_scanned_text_without_ais_is_no_element_string() -> None:
    answers = run(
        "ai", lines=b"]Q1hello\n]Q1https://a.cn/01/06901234567893\n]Q1https://a.cn/01/06901234567892\n"
    )
    assert [answer["valid"] for answer in answers] == [False, False, True]
    assert [problem["position"] for problem in answers[1]["problems"]] == [3 + 16 + 13]


def test_a_wrong_call_is_told_how() -> None:
    done = subprocess.run([sys.executable, "-m", "wuma_gs1", "bake"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"python -m wuma_gs1 dl" in done.stderr
