"""The command line: ``wuma serve`` and everything an operator does beside it.

Exit codes: 0 done, 1 it could not be done (one sentence on standard error), 2 wrong usage.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

import wuma
from wuma.entrypoints.serve import serve as serve_everything
from wuma.kernel import telemetry
from wuma.kernel.errors import Refusal
from wuma.kernel.keys import KeyFileError
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import StartFailed
from wuma_gs1.errors import ParseError

DATA: Final = Path("var/wuma")
BENCHMARKS: Final = ("issue_codes", "scan_http", "resolve_link", "print_file")
"""What ``wuma bench`` runs; the longer ones under benchmarks/ are run by hand."""

app = typer.Typer(
    name="wuma", help="Wuma 物码: one item, one code.", no_args_is_help=True, pretty_exceptions_enable=False
)
Data = Annotated[Path, typer.Option("--data", help="The data folder.", envvar="WUMA_DATA")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command()
def serve(
    data: Data = DATA,
    port: Annotated[int, typer.Option(help="The port to listen on.", envvar="WUMA_PORT")] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.", envvar="WUMA_HOST")] = "127.0.0.1",
    public_url: Annotated[
        str | None,
        typer.Option(help="What is printed in front of every code.", envvar="WUMA_PUBLIC_URL"),
    ] = None,
    http_workers: Annotated[
        int, typer.Option(help="Processes that answer HTTP.", envvar="WUMA_HTTP_WORKERS")
    ] = 1,
) -> None:
    """Run all of Wuma from a data folder, until Ctrl-C."""
    chosen: dict[str, Any] = {"data": data, "port": port, "host": host, "http_workers": http_workers}
    settings = Settings(**chosen, public_url=public_url or f"http://localhost:{port}")
    telemetry.configure_logging(settings.log_level)
    data.mkdir(parents=True, exist_ok=True)
    raise typer.Exit(serve_everything(settings))


@app.command("demo")
def play_demo(
    data: Annotated[
        Path | None, typer.Option(help="A new folder for it; by default one that goes with the demo.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder behind.")] = False,
    port: Annotated[int | None, typer.Option(help="By default 8080, or another when it is taken.")] = None,
    public_url: Annotated[str | None, typer.Option(help="What is printed in front of every code.")] = None,
    lan: Annotated[
        bool, typer.Option("--lan", help="Listen to the whole network, so that phones can scan.")
    ] = False,
    scale: Annotated[Literal["small", "demo", "large"], typer.Option(help="How large a world.")] = "demo",
    seed: Annotated[int, typer.Option(help="Which world: the same number gives the same one.")] = 7,
    check: Annotated[
        bool, typer.Option("--check", help="No show: exit 0 and a JSON summary when everything holds.")
    ] = False,
    real: Annotated[
        Path | None, typer.Option(help="A folder of real data to play with, instead of invented files.")
    ] = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="The language of the story.")] = "en",
) -> None:
    """Play ten weeks of an invented brand, with cheats, and stay up to be looked at."""
    # Imported here: it brings the simulated brand along, which no other command needs to wait for.
    from wuma.entrypoints.demo import Options, demo

    raise typer.Exit(demo(Options(data, keep, port, public_url, lan, scale, seed, check, real, lang)))


@app.command()
def bench(
    only: Annotated[
        list[str] | None, typer.Option(help="One of the benchmarks; may be given several times.")
    ] = None,
) -> None:
    """Measure against the limits and the peers; the results go to benchmarks/results/ of the checkout."""
    folder = Path(wuma.__file__).resolve().parents[2] / "benchmarks"
    if not (folder / "report.py").exists():
        sys.exit("wuma: benchmarks are part of a checkout, not of an installed wheel")
    failed = []
    for name in only or BENCHMARKS:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=folder.parent, check=False)
        if done.returncode:
            failed.append(name)
    raise typer.Exit(1 if failed else 0)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(wuma.__version__)
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command; what the world refuses is one sentence, not a traceback."""
    if sys.argv[1:2] != ["serve"]:  # serving must begin soon; the other commands import nearly everything
        importlib.import_module("wuma.entrypoints.operations")
    try:
        app()
    except (Refusal, ParseError, StartFailed, KeyFileError, FileExistsError) as failure:
        print(f"wuma: {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    # Not `main()`: the other commands add themselves to the app of the module, which is not this one.
    importlib.import_module("wuma.entrypoints.cli").main()
