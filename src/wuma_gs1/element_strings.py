"""GS1 element strings, in brackets and raw with FNC1.

`(01)06901234567892(21)A1` is for people, `^010690123456789221A1` is what a symbol holds; `^` stands for
FNC1, which a scanner sends as the GS character. Both read into a `Message`, which keeps what is good and
names everything that is not. What a scanner sends around it is the business of `scan_data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wuma_gs1.application_identifiers import (
    AIS,
    PREDEFINED_VALUE_LENGTHS,
    Element,
    ai_at,
    unknown_ai,
)
from wuma_gs1.associations import association_problems
from wuma_gs1.errors import Code, ParseError, Problem, full_width, shown

GS = "\x1d"
ELEMENTS_MAX = 64  # as GS1's engine; no symbol holds as many
TEXT_CHARACTERS_MAX = 8192  # the largest symbol, a QR code of version 40, holds 4,296 characters


@dataclass(frozen=True, slots=True)
class Message:
    """What an element string says, and what is wrong with it.

    >>> message = read("(01)06901234567893(17)250230(10)A1")
    >>> [str(problem) for problem in message.problems]  # doctest: +NORMALIZE_WHITESPACE
    ["AI (01) GTIN '06901234567893': expected the right check digit",
     "AI (17) USE BY or EXPIRY '250230': expected a day of that month"]
    >>> message.get("10")
    'A1'
    """

    elements: tuple[Element, ...]
    """Every AI that could be told apart, with its value, good or not."""
    problems: tuple[Problem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def bracketed(self) -> str:
        """The message for people: `(01)…(21)…`."""
        return bracketed(self.elements)

    @property
    def raw(self) -> str:
        """The message as a symbol holds it, `^` for FNC1."""
        return raw(self.elements)

    def get(self, ai: str) -> str | None:
        """Look up the value of an AI."""
        return next((value for given, value in self.elements if given == ai), None)


def parse(
    text: str, *, unknown_ais: bool = False, contents: bool = True, associations: bool = True
) -> tuple[Element, ...]:
    """Read an element string in either form, all or nothing.

    >>> parse("^010690123456789221A1^17260131")
    (Element(ai='01', value='06901234567892'), Element(ai='21', value='A1'), Element(ai='17', value='260131'))

    Args:
        text: bracketed if it begins with `(`, raw if with `^` or GS.
        unknown_ais: in brackets, also accept AIs that the table does not have.
        contents: check what values say, not only their format.
        associations: also check which AIs must and must not come together.

    Raises:
        ParseError: with every fault found.
    """
    message = read(text, unknown_ais=unknown_ais, contents=contents, associations=associations)
    if message.problems:
        raise ParseError.of(message.problems)
    return message.elements


def read(
    text: str, *, unknown_ais: bool = False, contents: bool = True, associations: bool = True
) -> Message:
    """Read an element string in either form, and say what is wrong instead of refusing it."""
    if len(text) > TEXT_CHARACTERS_MAX:
        message = f"element string: expected at most {TEXT_CHARACTERS_MAX} characters, got {len(text)}"
        return Message((), (Problem(Code.VALUE_TOO_LONG, message),))
    problems: list[Problem] = []
    elements = _elements(text, unknown_ais, contents, problems)
    if len(elements) > ELEMENTS_MAX:
        message = f"element string: expected at most {ELEMENTS_MAX} AIs, got {len(elements)}"
        problems.append(Problem(Code.TOO_MANY_AIS, message))
    if associations and not problems:
        problems += association_problems(elements)
    return Message(elements, tuple(problems))


def bracketed(elements: Sequence[Element]) -> str:
    r"""Write elements for people; an opening bracket that is data gets a backslash.

    >>> bracketed([Element("10", "A(1)")])
    '(10)A\\(1)'
    """
    return "".join(
        [f"({ai}){value}" if "(" not in value else f"({ai}){_escaped(value)}" for ai, value in elements]
    )


def raw(elements: Sequence[Element], *, fnc1: str = "^") -> str:
    """Write elements as a symbol holds them: FNC1 first, and after each value of unfixed length but the last.

    >>> raw([Element("10", "A1"), Element("17", "260131"), Element("21", "B")])
    '^10A1^1726013121B'
    """
    pieces: list[str] = []
    separator = fnc1
    for ai, value in elements:
        pieces += (separator, ai, value)
        separator = "" if ai[:2] in PREDEFINED_VALUE_LENGTHS else fnc1
    return "".join(pieces)


def value_problem(
    element: Element, *, unknown_ais: bool = False, contents: bool = True, position: int | None = None
) -> Problem | None:
    """Say what is wrong with one element by itself; `position` is where its value begins in the input."""
    ai, value = element
    spec = AIS.get(ai) or (unknown_ai(ai) if unknown_ais else None)
    if spec is None:
        return Problem(Code.UNKNOWN_AI, f"({ai}) is no AI of the GS1 General Specifications", ai, position)
    flaw = spec.flaw(value, contents=contents)
    if flaw is None:
        return None
    code = flaw.code
    where = None if position is None else position + flaw.start
    if wide := full_width(value):
        message = f"AI ({ai}) {spec.title} {shown(value)}: full-width {wide!r}, expected ASCII"
        return Problem(Code.FULL_WIDTH, message, ai, where, flaw.end - flaw.start)
    message = f"AI ({ai}) {spec.title} {shown(value)}: expected {code.expected}"
    if code in {Code.VALUE_TOO_SHORT, Code.VALUE_TOO_LONG}:
        length = f"{spec.shortest}" if spec.shortest == spec.longest else f"{spec.shortest} to {spec.longest}"
        message = f"AI ({ai}) {spec.title} {shown(value)}: expected {length} characters, got {len(value)}"
    return Problem(code, message, ai, where, flaw.end - flaw.start)


def _elements(text: str, unknown_ais: bool, contents: bool, problems: list[Problem]) -> tuple[Element, ...]:
    if text.startswith("("):
        found = _of_brackets(text, unknown_ais, problems)
    elif text.startswith(("^", GS)):
        found = _of_raw(text.replace(GS, "^"), problems)
    else:
        wide = full_width(text)
        code = Code.FULL_WIDTH if wide else Code.MISSING_FNC1
        told = f"full-width characters {wide!r}, " if wide else ""
        message = f"element string {shown(text)}: {told}expected '(' or FNC1 (^ or GS) first"
        problems.append(Problem(code, message, position=0))
        return ()
    elements: list[Element] = []
    for element, position in found:
        elements.append(element)
        if problem := value_problem(element, unknown_ais=unknown_ais, contents=contents, position=position):
            flaw_start = (problem.position or position) - position
            # An opening bracket of data has a backslash before it in the text; a raw value has none.
            escapes = element.value.count("(", 0, flaw_start) if text.startswith("(") else 0
            problems.append(problem.moved(escapes))
    return tuple(elements)


def _of_brackets(text: str, unknown_ais: bool, problems: list[Problem]) -> Iterator[tuple[Element, int]]:
    position = 0
    while position < len(text):
        close = text.find(")", position)
        ai = text[position + 1 : close]
        if text[position] != "(" or close < 0:
            message = f"element string {shown(text)}: expected (AI)value at character {position}"
            problems.append(Problem(Code.MALFORMED_BRACKETS, message, position=position))
            return
        value, end = _bracketed_value(text, close + 1)
        known = ai in AIS or (unknown_ais and unknown_ai(ai))
        if known and "^" in value:
            message = f"AI ({ai}) {shown(value)}: '^' stands for FNC1 and cannot be data"
            problems.append(Problem(Code.ILLEGAL_SEPARATOR, message, ai, close + 1))
        else:
            yield Element(ai, value), close + 1
        position = end


def _bracketed_value(text: str, start: int) -> tuple[str, int]:
    pieces: list[str] = []
    while True:
        bracket = text.find("(", start)
        if bracket < 0:
            return "".join((*pieces, text[start:])), len(text)
        if text[bracket - 1] != "\\" or bracket == start:
            return "".join((*pieces, text[start:bracket])), bracket
        pieces += (text[start : bracket - 1], "(")
        start = bracket + 1


def _escaped(value: str) -> str:
    return value.replace("(", "\\(")


def _of_raw(text: str, problems: list[Problem]) -> Iterator[tuple[Element, int]]:
    """Cut raw data into elements; what cannot be told apart is reported and skipped up to the next FNC1."""
    if len(text) == 1:
        problems.append(Problem(Code.EMPTY, "element string '^': expected an AI after FNC1", position=1))
    position = 1
    while position < len(text):
        end = text.find("^", position)
        if end < 0:
            end = len(text)
        spec = ai_at(text, position)
        if spec is None:
            message = f"element string {shown(text)}: no AI begins with {text[position : position + 4]!r}"
            problems.append(Problem(Code.UNKNOWN_AI, message, position=position))
        else:
            start = position + len(spec.ai)
            if spec.predefined_length:
                end = min(end, start + spec.longest)
            yield Element(spec.ai, text[start:end]), start
        position = end + 1 if text.startswith("^", end) else end
