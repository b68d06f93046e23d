"""What the supervisor promises: order, new launches within bounds, and nothing left running."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.supervise import Child, StartFailed, spawn

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc and death signals"),
    pytest.mark.faults,
]

PROGRAM = """
import json, os, sys
from pathlib import Path
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.supervise import Child, Patience, supervise

def log(event, **facts):
    said = json.dumps({{"event": event.removeprefix("supervise."), **facts}})
    os.write(1, f"{{said}}\\n".encode())  # at once: several threads speak

def sleeper(name):
    return Child(name, ["sleep", "600"])

place = Path(sys.argv[1])
hasty = Patience(delay_first_seconds=0.01, delay_max_seconds=0.02, deaths_max=3, window_seconds=60)
sys.exit(supervise({stages}, log=log, patience={patience}))
"""


@dataclass
class Supervised:
    """A program that supervises, and what it has said so far."""

    process: subprocess.Popen[str]
    said: list[dict[str, object]] = field(default_factory=list)

    def next(self, event: str, **facts: object) -> dict[str, object]:
        """Read on until it says this."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))
            if facts.items() | {("event", event)} <= self.said[-1].items():
                return self.said[-1]
        raise AssertionError(f"it never said {event} {facts}, but {self.said}")

    def ended(self) -> int:
        """Read to the end and return its exit code."""
        assert self.process.stdout is not None
        self.said += map(json.loads, self.process.stdout)
        return self.process.wait(30)

    def parts(self, event: str) -> list[object]:
        return [line["part"] for line in self.said if line["event"] == event]

    def pid(self, part: str) -> int:
        pid = [line["pid"] for line in self.said if line.get("part") == part and "pid" in line][-1]
        assert isinstance(pid, int)
        return pid


Start = Callable[..., Supervised]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's user can reach; its name marks every process that a test starts."""
    place = Path(tempfile.mkdtemp(prefix="wuma-supervise-"))
    place.chmod(0o755)
    yield place
    for pid in marked(place):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not marked(place))
    shutil.rmtree(EmbeddedPostgres(place).socket_folder, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    our_path = os.pathsep.join([path for path in sys.path if path])
    with contextlib.ExitStack() as cleanup:

        def start(stages: str, *, patience: str = "None") -> Supervised:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(stages=stages, patience=patience), str(place)],
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": our_path, "WUMA_TEST_PLACE": str(place)},
                text=True,
            )
            cleanup.enter_context(process)
            cleanup.callback(process.kill)
            return Supervised(process)

        yield start


def marked(place: Path) -> set[int]:
    """Return the processes, other than ourselves, that have the folder in their environment or arguments."""
    found = set()
    words = [os.fsencode(place), EmbeddedPostgres(place).socket_folder.name.encode()]
    for entry in Path("/proc").glob("[0-9]*"):
        for file in ("environ", "cmdline"):
            with contextlib.suppress(OSError):  # it has ended, or an environment is not for us to read
                text = (entry / file).read_bytes()
                if int(entry.name) != os.getpid() and any(word in text for word in words):
                    found.add(int(entry.name))
    return found


def eventually(holds: Callable[[], object], *, seconds: float = 15) -> None:
    due_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < due_at, f"not within {seconds} s"
        time.sleep(0.02)


def test_stages_start_in_order_once_ready_and_stop_in_reverse(start: Start, place: Path) -> None:
    told = place / "told"
    wuma = start(
        """[
            [Child("first", ["sleep", "600"], ready=(place / "told").exists)],
            [sleeper("second"), sleeper("third")],
            [sleeper("fourth")],
        ]"""
    )
    wuma.next("part_launched", part="first")
    time.sleep(0.5)
    assert marked(place) == {wuma.process.pid, wuma.pid("first")}  # the others wait for it
    told.touch()
    wuma.next("part_ready", part="fourth")

    wuma.process.terminate()

    assert wuma.ended() == 0
    assert wuma.parts("part_launched") == ["first", "second", "third", "fourth"]
    assert wuma.parts("part_ready") == ["first", "second", "third", "fourth"]
    stopped = wuma.parts("part_stopped")
    assert [stopped[0], set(stopped[1:3]), stopped[3]] == ["fourth", {"second", "third"}, "first"]
    assert all(line["by_itself"] for line in wuma.said if line["event"] == "part_stopped")
    assert marked(place) == set()


def test_ctrl_c_stops_like_sigterm(start: Start, place: Path) -> None:
    wuma = start("[[sleeper('only')]]")
    wuma.next("part_ready")

    wuma.process.send_signal(signal.SIGINT)

    assert wuma.ended() == 0
    assert {"event": "stopping", "signal": "SIGINT"} in wuma.said
    assert marked(place) == set()


def test_what_dies_is_launched_again_and_the_others_are_left_alone(start: Start) -> None:
    wuma = start("[[sleeper('postgres')], [sleeper('worker')]]")
    wuma.next("part_ready", part="worker")
    before = {part: wuma.pid(part) for part in ("postgres", "worker")}

    os.kill(before["postgres"], signal.SIGKILL)

    died = wuma.next("part_died")
    wuma.next("part_ready", part="postgres")
    after = {part: wuma.pid(part) for part in ("postgres", "worker")}
    assert died == {
        "event": "part_died",
        "part": "postgres",
        "how": "ended with exit code -9",
        "deaths": 1,
        "launch_in_seconds": 0.25,
    }
    assert after["worker"] == before["worker"]
    assert after["postgres"] != before["postgres"]
    wuma.process.terminate()
    assert wuma.ended() == 0


def test_a_part_that_keeps_dying_ends_everything_with_an_honest_exit_code(start: Start, place: Path) -> None:
    wuma = start("[[sleeper('steady')], [Child('weak', ['sleep', '1'])]]", patience="hasty")

    assert wuma.ended() == 1

    assert [line["deaths"] for line in wuma.said if line["event"] == "part_died"] == [1, 2]
    [gave_up] = [line["error"] for line in wuma.said if line["event"] == "gave_up"]
    assert gave_up == "weak died 3 times within 60 s; last: ended with exit code 0"
    assert wuma.parts("part_stopped") == ["weak", "steady"]
    assert marked(place) == set()


@pytest.mark.parametrize(
    ("child", "error"),
    [
        (
            "Child('worker', ['sh', '-c', 'exit 3'], ready=lambda: False)",
            "worker ended with exit code 3 before it was ready",
        ),
        (
            "Child('worker', ['sleep', '60'], ready=lambda: False, ready_seconds_max=0.3)",
            "worker was not ready within 0.3 s",
        ),
        (
            "Child('worker', ['/none'])",
            "worker: '/none' cannot be started: expected an executable file, or the name of one in PATH",
        ),
    ],
)
def test_a_part_that_never_was_ready_is_not_tried_again(
    start: Start, place: Path, child: str, error: str
) -> None:
    wuma = start(f"[[sleeper('steady')], [{child}]]")

    assert wuma.ended() == 1

    assert {"event": "gave_up", "error": error} in wuma.said
    assert "part_died" not in [line["event"] for line in wuma.said]
    assert marked(place) == set()


def test_a_stop_while_a_part_is_not_ready_yet_is_heard(start: Start, place: Path) -> None:
    wuma = start("[[Child('slow', ['sleep', '600'], ready=lambda: False)], [sleeper('never')]]")
    wuma.next("part_launched", part="slow")

    wuma.process.terminate()

    assert wuma.ended() == 0
    assert wuma.parts("part_stopped") == ["slow"]
    assert marked(place) == set()


def test_a_child_that_does_not_listen_is_killed_with_what_it_started(start: Start, place: Path) -> None:
    deaf = "Child('deaf', ['sh', '-c', 'trap \"\" TERM; sleep 600'], grace_seconds=0.3)"
    wuma = start(f"[[sleeper('steady')], [{deaf}]]")
    wuma.next("part_ready", part="deaf")
    eventually(lambda: len(marked(place)) == 4)

    wuma.process.terminate()

    assert wuma.ended() == 1
    assert [line["by_itself"] for line in wuma.said if line["event"] == "part_stopped"] == [False, True]
    assert marked(place) == set()


def test_kill_9_of_the_supervisor_leaves_no_process(start: Start, place: Path) -> None:
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    deaf = f"Child('deaf', [sys.executable, '-c', {ignore!r}])"
    wuma = start(f"[[EmbeddedPostgres(place, fsync=False)], [sleeper('worker'), {deaf}]]")
    wuma.next("part_ready", part="deaf")
    assert len(marked(place)) > 4

    wuma.process.kill()

    eventually(lambda: marked(place) == set(), seconds=5)


def test_a_dead_postgresql_comes_back_under_the_same_address(start: Start, place: Path) -> None:
    wuma = start("[[EmbeddedPostgres(place)], [sleeper('worker')]]")
    wuma.next("part_ready", part="worker")
    dsn = EmbeddedPostgres(place).dsn("wuma_owner")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE public.can AS SELECT 'kept' AS fate")
    worker = wuma.pid("worker")

    os.kill(wuma.pid("postgresql"), signal.SIGKILL)

    wuma.next("part_ready", part="postgresql")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT fate FROM public.can").fetchone() == ("kept",)
    assert wuma.pid("worker") == worker
    wuma.process.terminate()
    assert wuma.ended() == 0
    assert wuma.parts("part_stopped") == ["worker", "postgresql"]


def test_a_spawned_process_survives_the_thread_that_asked_for_it(place: Path) -> None:
    made: list[subprocess.Popen[bytes]] = []

    def ask_for_one() -> None:
        made.append(spawn(["sleep", "60"], environment={"PLACE": str(place)}))
        time.sleep(0.3)  # until the process is tied

    thread = threading.Thread(target=ask_for_one)
    thread.start()
    thread.join()

    time.sleep(0.3)  # the signal would come at once

    assert made[0].poll() is None
    made[0].kill()
    assert made[0].wait(5) == -signal.SIGKILL


def test_a_spawned_process_has_an_ordinary_beginning(place: Path) -> None:
    # Python ignores SIGPIPE; a child that inherited that would write on into a closed pipe
    reading_end, writing_end = os.pipe()
    script = "grep ^SigIgn /proc/self/status; pwd; env"
    child = spawn(["sh", "-c", script], environment={"PATH": os.defpath}, output=writing_end)
    os.close(writing_end)
    with os.fdopen(reading_end) as reader:
        lines = reader.read().split("\n")

    assert child.wait(5) == 0
    ignored = int(lines[0].split()[1], 16)
    assert [ignored & 1 << number - 1 for number in (signal.SIGPIPE, signal.SIGXFSZ)] == [0, 0]
    assert lines[1] == str(Path.cwd())
    assert f"PATH={os.defpath}" in lines


def test_a_child_that_has_not_been_launched_may_be_polled_and_stopped() -> None:
    child = Child("worker", ["sleep", "60"])

    assert (child.poll(), child.pid, child.stop()) == (None, None, True)


def test_a_launch_of_what_runs_changes_nothing() -> None:
    child = Child("worker", ["sleep", "60"])
    child.launch()
    before = child.pid

    child.launch()

    assert child.pid == before
    assert child.ready()
    assert child.stop()
    with pytest.raises(StartFailed):
        Child("worker", ["/none"]).launch()
