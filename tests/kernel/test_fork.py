"""What a copied process promises: it says how it ended, is replaced at once, and outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes to each other"),
    pytest.mark.faults,
]

SECONDS_MAX = 20

PROGRAM = """
import os, signal, sys, time
from wuma.kernel.fork import Fork

SHARED = list(range(1000))

def say(line):  # in one piece: two processes speak into one pipe
    os.write(1, f"{line}\\n".encode())

def report():
    say(f"{len(SHARED)} {signal.getsignal(signal.SIGTERM) is signal.SIG_DFL}")
    time.sleep(600)

def fail():
    raise ValueError("no reason")

def refuse():
    sys.exit(3)

def ignore():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(600)
"""


def _python(lines: str) -> subprocess.Popen[str]:
    """Start a program that copies itself: a test runs among threads, which a copy must not have."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + textwrap.dedent(lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _said(lines: str) -> str:
    process = _python(lines)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def _until(is_so: Callable[[], bool]) -> None:
    due_at = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < due_at
        time.sleep(0.02)


def test_a_copy_has_what_was_imported_and_ends_by_itself_when_asked() -> None:
    said = _said("""
        signal.signal(signal.SIGTERM, lambda *_: None)  # as `supervise` does: not for the copy
        part = Fork("wuma test", report)
        part.launch(); first = part.pid
        part.launch(); assert part.pid == first  # it runs
        assert part.poll() is None and part.ready()
        time.sleep(1)
        print(open(f"/proc/{first}/comm").read().strip(), flush=True)
        print(part.stop(), part.poll(), part.stop(), flush=True)
    """)
    assert said.splitlines() == ["1000 True", "wuma test", f"True {-signal.SIGTERM} True"]


def test_how_a_copy_ended_is_told_and_another_can_be_made() -> None:
    said = _said("""
        for run in (fail, refuse, lambda: None):
            part = Fork("wuma test", run)
            for _ in range(2):
                part.launch()
                while part.poll() is None:
                    time.sleep(0.01)
                print(part.poll(), flush=True)
    """)
    assert [line for line in said.splitlines() if line.isdigit()] == ["1", "1", "3", "3", "0", "0"]
    assert said.count("ValueError: no reason") == 2


def test_a_copy_that_ends_before_it_is_ready_says_so() -> None:
    said = _said("""
        from wuma.kernel.supervise import StartFailed
        part = Fork("wuma test", refuse, ready=lambda: False)
        part.launch()
        try:
            while not part.ready():
                time.sleep(0.01)
        except StartFailed as failure:
            print(failure)
    """)
    assert said == "wuma test ended with exit code 3 before it was ready\n"


def test_a_copy_that_does_not_listen_is_killed() -> None:
    said = _said("""
        import wuma.kernel.fork
        wuma.kernel.fork.GRACE_SECONDS = 0.2
        part = Fork("wuma test", ignore)
        part.launch()
        time.sleep(1)
        print(part.stop(), part.poll(), flush=True)
    """)
    assert said == f"deaf\nFalse {-signal.SIGKILL}\n"


def test_no_copy_outlives_a_killed_parent() -> None:
    process = _python("""
        part = Fork("wuma test", report)
        part.launch()
        say(part.pid)
        time.sleep(600)
    """)
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(2)]
    assert "1000 True" in lines, lines
    (pid,) = (int(line) for line in lines if line.isdigit())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _until(lambda: not psutil.pid_exists(pid) or not Path(f"/proc/{pid}/cmdline").read_bytes())
    process.stdout.close()
