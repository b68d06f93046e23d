"""Write the table of measured figures into the READMEs, from the results under benchmarks/results/.

python -m tools.figures [--check]

Only results that are committed count: what is published can be looked up. A row whose result is not there
says so. Each figure keeps the name of the file that it is from.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TOP: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = TOP / "benchmarks" / "results"
PAGES: Final = {"en": TOP / "README.md", "zh": TOP / "README.zh-CN.md"}
GS1_PAGE: Final = TOP / "src" / "wuma_gs1" / "README.md"
"""The README of the library, which is published alone and has a table of its own."""
BEGIN: Final = "<!-- figures: python -m tools.figures -->"
END: Final = "<!-- /figures -->"

HEADINGS: Final = {
    "en": ("what", "measured", "beside it", "result"),
    "zh": ("测什么", "测得", "对照", "结果文件"),
}
MISSING: Final = {"en": "no result published yet", "zh": "结果尚未发布"}
MACHINE: Final = {
    "en": "Measured on {cpu}, {cores} cores, {system}, Python {python}; others worked on the same machine"
    " meanwhile (load {least} to {most}).",
    "zh": "测量环境：{cpu}，{cores} 核，{system}，Python {python}；"
    "同一台机器上还有别人在干活（负载 {least} 至 {most}）。",
}

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A row of the table: what it says in each language, from one result."""

    source: str
    what: Mapping[str, str]
    say: Callable[[Result], Mapping[str, tuple[str, str]]]
    """The figure and what stands beside it, for each language."""


def main() -> int:
    """Write the tables; with --check, say by the exit code whether they are as they should be."""
    results = {path.stem: json.loads(path.read_text("utf-8")) for path in _published()}
    tables = {page: _table(results, language) for language, page in PAGES.items()}
    tables[GS1_PAGE] = _gs1_table(results.get("gs1_speed"))
    stale = []
    for page, table in tables.items():
        written = page.read_text("utf-8")
        current = _replaced(written, "\n".join(table), page)
        if current == written:
            continue
        stale.append(str(page.relative_to(TOP)))
        if "--check" not in sys.argv:
            page.write_text(current, "utf-8")
    if stale and "--check" in sys.argv:
        print(f"{', '.join(stale)}: other figures than benchmarks/results: python -m tools.figures")
        return 1
    return 0


def _published() -> list[Path]:
    """Return the results that are committed; all of them where there is no git to ask."""
    found = sorted(RESULTS.glob("*.json"))
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", "."], cwd=RESULTS, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return found
    if listed.returncode != 0:
        return found
    names = set(listed.stdout.split("\0"))
    return [path for path in found if path.name in names]


def _replaced(text: str, table: str, page: Path) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page.name}: expected the lines {BEGIN} and {END}, found {begin!r} and {end!r}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _table(results: Mapping[str, Result], language: str) -> list[str]:
    lines = ["", f"| {' | '.join(HEADINGS[language])} |", "| --- | --- | --- | --- |"]
    for figure in FIGURES:
        result = results.get(figure.source)
        measured, beside = (MISSING[language], "") if result is None else figure.say(result)[language]
        link = f"[{figure.source}](benchmarks/results/{figure.source}.json)"
        lines.append(f"| {figure.what[language]} | {measured} | {beside} | {link} |")
    return [*lines, "", _machine([results[one.source] for one in FIGURES if one.source in results], language)]


GS1_TASKS: Final = {
    "digital_link": "parse, check and canonicalise a Digital Link",
    "digital_link_with_attributes": "the same with attributes in its query",
    "element_string": "parse and check an element string",
    "gtin_check": "check the check digit of a GTIN",
    "sgtin_96_decode": "SGTIN-96 from hexadecimal to URI",
    "sgtin_96_encode": "SGTIN-96 from URI to hexadecimal",
    "canonical_key_of_urn": "canonical key of an EPC URN",
    "event_hash": "hash an event of five EPCs",
}


def _gs1_table(result: Result | None) -> list[str]:
    if result is None:
        return ["", MISSING["en"]]
    lines = ["", "| on one core, CPU time | per second | others, in the same run |", "| --- | --- | --- |"]
    for task, what in GS1_TASKS.items():
        (_, ours), *rest = result["tasks"][task].items()
        others = [f"{name} {one['per_second']:,}" for name, one in rest if not name.startswith("wuma_gs1")]
        lines.append(f"| {what} | {ours['per_second']:,} | {', '.join(others)} |")
    tasks = result["tasks"]
    seconds = tasks["batch_check_of_10_million"]["wuma_gs1.batch"]["microseconds_each"] / 1e6
    lines.append(f"| check ten million GTINs with NumPy | {seconds:.2f} s in all | |")
    imported = tasks["import"]["wuma_gs1.canonical"]["milliseconds"]["median"]
    lines.append(f"| import what keys, links, tags and element strings need | {imported:.0f} ms | |")
    return [*lines, "", _machine([result], "en")]


def _machine(results: list[Result], language: str) -> str:
    if not results:
        return ""
    parts = [part for result in results for part in [result, *_runs(result)]]
    machine = next(part["machine"] for part in parts if "machine" in part)
    loads = [
        load
        for part in parts
        for load in (part.get("machine", {}).get("load_1min"), part.get("load_1min"))
        if load is not None
    ]
    python = next(part["versions"]["python"] for part in parts if "versions" in part)
    said = {key: machine[key] for key in ("cpu", "cores", "system")}
    return MACHINE[language].format(**said, python=python, least=min(loads), most=max(loads))


def _runs(result: Result) -> list[Result]:
    """Return the parts of a result that were measured at other times, under another load."""
    parts = [*result.get("runs", []), *(rounds if isinstance(rounds := result.get("rounds"), list) else [])]
    return [part for part in parts if isinstance(part, dict)]


def _made(result: Result) -> Mapping[str, tuple[str, str]]:
    rate, times = result["medians"]["open_text"], result["comparison"]["open_text / ff3"]
    return {
        "en": (f"{_millions(rate)} million a second and core", f"{times:,.0f} × the package ff3 (FF1, NIST)"),
        "zh": (f"每核每秒 {rate / 10_000:,.0f} 万枚", f"ff3 包（NIST FF1）的 {times:,.0f} 倍"),
    }


def _proven(result: Result) -> Mapping[str, tuple[str, str]]:
    read, refused = result["medians"]["read_and_vouch"], result["medians"]["refuse_forged"]
    return {
        "en": (f"{read:,} genuine, {refused:,} forged a second and core", "no database is asked"),
        "zh": (f"每核每秒 {read:,} 枚真码、{refused:,} 枚假码", "不碰数据库"),
    }


def _printed(result: Result) -> Mapping[str, tuple[str, str]]:
    medians, times = result["medians"], result["comparison"]["job / csv.writer"]
    return {
        "en": (
            (
                f"{medians['cpu_seconds']:.0f} s of one core, {medians['peak_mb']} MB;"
                f" {medians['seconds']:.0f} s by the clock, as others kept the machine busy"
            ),
            f"{times} × csv.writer, which neither checks nor encrypts",
        ),
        "zh": (
            (
                f"单核 {medians['cpu_seconds']:.0f} 秒，内存 {medians['peak_mb']} MB；"
                f"因机器被占用，实际耗时 {medians['seconds']:.0f} 秒"
            ),
            f"csv.writer 的 {times} 倍速，而后者不校验也不加密",
        ),
    }


def _scanned(result: Result) -> Mapping[str, tuple[str, str]]:
    rates = {name: one["median"] for name, one in result["per_second"].items()}
    calm = {name: one["p99_ms"]["median"] for name, one in result["calm"].items()}
    load = max(one["share_of_highest"]["median"] for one in result["calm"].values())
    share = min(rates["forged_made_up"], rates["forged_well_formed"]) / rates["hello_starlette"]
    select, hello = rates["fastapi_select"], rates["hello_starlette"]
    return {
        "en": (
            (
                f"{rates['scan_open']:,.0f} open, {rates['scan_hidden']:,.0f} hidden codes a second;"
                f" p99 at {load:.0%} of that {calm['scan_open']:.0f} and {calm['scan_hidden']:.0f} ms"
            ),
            (
                f"a FastAPI route doing one SELECT: {select:,.0f}; forged codes run at {share:.0%} of a bare"
                f" Starlette route ({hello:,.0f})"
            ),
        ),
        "zh": (
            (
                f"每秒明码 {rates['scan_open']:,.0f} 次、暗码 {rates['scan_hidden']:,.0f} 次；"
                f"负载为其 {load:.0%} 时 p99 为 {calm['scan_open']:.0f} 和 {calm['scan_hidden']:.0f} 毫秒"
            ),
            (
                f"只做一次 SELECT 的 FastAPI 路由：{select:,.0f}；"
                f"假码的速度是空 Starlette 路由（{hello:,.0f}）的 {share:.0%}"
            ),
        ),
    }


def _kept(result: Result) -> Mapping[str, tuple[str, str]]:
    step = result["steps"][-1]
    rows = next(one for one in reversed(result["peers"]) if one["peer"].startswith("rows"))
    size, peer_size = step["bytes_per_item"]["all"], rows["asked"]["as it comes"]["bytes_per_item"]
    cpu = result["million_commissioned"]
    seconds = sum(cpu[f"{what}_cpu_seconds"] for what in ("reading", "capture", "postgres"))
    rate = step["packing"]["events_per_second_one_core"]
    items, life = step["items"], step["life_first_ms"]
    load = step["load_1min"]
    return {
        "en": (
            (
                f"{size:.0f} bytes a can, all in; packing captured at {rate:,} events a second and core; a"
                f" million units commissioned in {seconds:.1f} s of a core; with"
                f" {items / 1e6:.1f} million cans a life takes {life['min']:.0f} ms at best,"
                f" {life['p50']:.0f} at load {load:.0f} (p99 {life['p99']:.0f})"
            ),
            (
                f"rows of events and EPCs as FasTnT has them: {peer_size:.0f} bytes,"
                f" {rows['asked']['as it comes']['life_ms']['p50']:.0f} ms with a million cans;"
                f" 0.2 ms with an index on EPCs that it lacks"
            ),
        ),
        "zh": (
            (
                f"每罐共 {size:.0f} 字节；装箱事件每核每秒 {rate:,} 条；一百万件赋码用 {seconds:.1f} 核秒；"
                f"{items / 10_000:,.0f} 万罐时查一罐的全程最快 {life['min']:.0f} 毫秒，"
                f"负载 {load:.0f} 下 {life['p50']:.0f} 毫秒（p99 {life['p99']:.0f}）"
            ),
            (
                f"FasTnT 式的事件行与 EPC 行：{peer_size:.0f} 字节，一百万罐时"
                f" {rows['asked']['as it comes']['life_ms']['p50']:.0f} 毫秒；"
                f"加上它没有的 EPC 索引则 0.2 毫秒"
            ),
        ),
    }


def _traced(result: Result) -> Mapping[str, tuple[str, str]]:
    run = max(
        (one for one in result["runs"] if "items_btree" in one["candidates"]),
        key=lambda one: int(one["items"]),
    )
    ours, rows = run["candidates"]["runs"], run["candidates"]["items_btree"]
    ms = ours["trace_rls_ms"]
    items = run["items"]
    return {
        "en": (
            (
                f"{ours['bytes_per_item']:.0f} bytes a can; its life in {ms['best_p50']:.1f} ms (best p99"
                f" {ms['best_p99']:.1f}), with {_millions(items)} million cans"
            ),
            (
                f"a row for each mention: {rows['bytes_per_item']:.0f} bytes,"
                f" {rows['trace_rls_ms']['best_p50']:.1f} ms"
            ),
        ),
        "zh": (
            (
                f"每罐 {ours['bytes_per_item']:.0f} 字节；{items / 10_000:,.0f} 万罐时查一罐的全程"
                f" {ms['best_p50']:.1f} 毫秒（最佳 p99 {ms['best_p99']:.1f}）"
            ),
            f"每次提及存一行：{rows['bytes_per_item']:.0f} 字节，{rows['trace_rls_ms']['best_p50']:.1f} 毫秒",
        ),
    }


def _resolved(result: Result) -> Mapping[str, tuple[str, str]]:
    rates = {name: figures["median"] for name, figures in result["per_second"].items()}
    bare = rates.pop("starlette_redirect")
    least, most = min(rates.values()), max(rates.values())
    p99 = result["limits"]["p99_ms_max_at_70_percent"]["measured"]
    return {
        "en": (
            f"{least:,.0f} to {most:,.0f} a second, by how much is walked; p99 {p99:.0f} ms below saturation",
            f"a bare Starlette route with one SELECT: {bare:,.0f}",
        ),
        "zh": (
            f"每秒 {least:,.0f} 至 {most:,.0f} 次，视层级而定；未饱和时 p99 为 {p99:.0f} 毫秒",
            f"只做一次 SELECT 的空 Starlette 路由：{bare:,.0f}",
        ),
    }


def _linked(result: Result) -> Mapping[str, tuple[str, str]]:
    task = result["tasks"]["digital_link"]
    each, times = task["wuma_gs1"]["microseconds_each"], task["biip"]["times_as_long"]
    return {
        "en": (f"{each:.1f} µs each", f"biip takes {times:.0f} × as long"),
        "zh": (f"每条 {each:.1f} 微秒", f"biip 需要 {times:.0f} 倍的时间"),
    }


def _gtins(result: Result) -> Mapping[str, tuple[str, str]]:
    wrong = [one for name, one in result.items() if name.startswith("one wrong digit")]
    tried, passed = sum(one["tried"] for one in wrong), sum(one["passed"] for one in wrong)
    return {
        "en": (
            f"{result['gtins']:,} real GTINs: {result['read']['refused']} refused",
            f"{_millions(tried)} million with one wrong digit: {passed} passed",
        ),
        "zh": (
            f"{result['gtins']:,} 个真实 GTIN：误拒 {result['read']['refused']} 个",
            f"改错一位的 {tried / 1e8:.1f} 亿个：放过 {passed} 个",
        ),
    }


def _agreed(result: Result) -> Mapping[str, tuple[str, str]]:
    share, count, left = result["agreement"], result["inputs"], len(result["unexplained"])
    return {
        "en": (
            f"{share:.1%} of {count:,} made-up inputs",
            f"BWIPP; differences without a clause for us: {left}",
        ),
        "zh": (f"{count:,} 条构造输入中 {share:.1%} 一致", f"BWIPP；无标准条款可依的差异：{left} 处"),
    }


def _millions(count: float) -> str:
    return f"{count / 1e6:,.1f}".removesuffix(".0")


FIGURES: Final = (
    Figure("issue_codes", {"en": "making codes, as text", "zh": "生成码（文本）"}, _made),
    Figure("issue_codes", {"en": "telling genuine codes from forged ones", "zh": "辨别真码与假码"}, _proven),
    Figure(
        "print_file",
        {
            "en": "print file of 20 million cans, checked and encrypted",
            "zh": "2000 万罐的印刷文件（逐行校验、加密）",
        },
        _printed,
    ),
    Figure(
        "scan_http",
        {"en": "scans over HTTP, durable when answered", "zh": "HTTP 扫码（应答时已落盘）"},
        _scanned,
    ),
    Figure(
        "resolve_link",
        {"en": "resolving a Digital Link, a million anchors", "zh": "解析码的去向（一百万个编号）"},
        _resolved,
    ),
    Figure("trace_index", {"en": "trace index", "zh": "追溯索引"}, _traced),
    Figure("trace_life", {"en": "EPCIS, a brand's history", "zh": "EPCIS 全部历史"}, _kept),
    Figure("gs1_speed", {"en": "reading a GS1 Digital Link", "zh": "解析 GS1 Digital Link"}, _linked),
    Figure("gs1_all_gtins", {"en": "GTIN check", "zh": "GTIN 校验"}, _gtins),
    Figure(
        "gs1_agreement_messages",
        {"en": "agreement on GS1 messages with another implementation", "zh": "GS1 消息与另一实现的一致性"},
        _agreed,
    ),
)


if __name__ == "__main__":
    raise SystemExit(main())
