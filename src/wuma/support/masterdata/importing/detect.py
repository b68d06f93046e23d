"""Which format a file is in: what it is, rather than what it is called."""

from __future__ import annotations

from typing import IO, Final

from wuma.support.masterdata.importing.csv_file import open_csv
from wuma.support.masterdata.importing.encoding import find_encoding
from wuma.support.masterdata.importing.json_file import open_json
from wuma.support.masterdata.importing.source import Format, Recognised, Source, Unreadable

BEGINNING_BYTES: Final = 4096

_ZIP: Final = b"PK\x03\x04"
_BY_SUFFIX: Final = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".xlsx": Format.XLSX,
    ".xlsm": Format.XLSX,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
}
_BY_MEDIA_TYPE: Final = {
    "text/csv": Format.CSV,
    "text/tab-separated-values": Format.CSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
    "application/json": Format.JSON,
    "application/x-ndjson": Format.JSON,
    "application/jsonl": Format.JSON,
}


def declared_format(filename: str | None, media_type: str | None = None) -> Format | None:
    """Return what a file is said to be, by its name or else its media type; None when nothing is said.

    >>> declared_format("经销商.XLSX"), declared_format(None, "text/csv; charset=gbk"), declared_format("x")
    (<Format.XLSX: 'XLSX'>, <Format.CSV: 'CSV'>, None)
    """
    suffix = f".{(filename or '').lower().rpartition('.')[2]}"
    media = (media_type or "").partition(";")[0].strip().lower()
    return _BY_SUFFIX.get(suffix) or _BY_MEDIA_TYPE.get(media)


def open_source(file: IO[bytes], declared: Format | None, recognised: Recognised) -> Source:
    """Return the records of a file.

    Raises:
        Unreadable: when it is not a table in any of the formats; also while the records are read.
    """
    file.seek(0)
    beginning = file.read(BEGINNING_BYTES)
    if not beginning:
        raise Unreadable("a header row and rows below it", "an empty file")
    if beginning.startswith(_ZIP):
        # Slow to import, and of all processes only the one that imports a workbook needs it.
        from wuma.support.masterdata.importing.xlsx_file import open_xlsx

        source = open_xlsx(file)
    else:
        codec, _ = find_encoding(file)
        text = beginning.decode(codec, errors="ignore").lstrip("\ufeff \t\r\n")
        if text.startswith("<"):
            raise Unreadable(
                "a CSV, XLSX or JSON file", "a web page or XML: open it in Excel, save it as .xlsx"
            )
        is_json = declared is Format.JSON or (declared is not Format.CSV and text.startswith(("{", "[")))
        source = open_json(file) if is_json else open_csv(file, recognised)
    if declared not in {None, source.format}:
        source.notes.append(f"The file was said to be {declared}; it is {source.format}, and was read so.")
    return source
