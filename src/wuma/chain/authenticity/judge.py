"""From what we remember of a code to what we say of it: a pure function, so that it can be explained.

Doubts are weighed, because each alone has an innocent explanation: a family has several phones, an
address on the internet names the wrong city one time in four, a can is given away. Two that agree are
worth saying. The weights are calibrated against the simulated brand, whose truth is known; the report of
every demo run shows what they catch, how late, and whom they wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final, assert_never

import msgspec

from wuma.chain.codes.facade import CodeState
from wuma.kernel.clock import day_in_china


class Outcome(StrEnum):
    """What we say of a code."""

    REGISTERED = "registered"
    """An open code that was issued and is on an item. Not more: it is easily copied."""
    FIRST_GENUINE = "first_genuine"
    GENUINE_AGAIN = "genuine_again"
    SUSPECT = "suspect"
    RECALLED = "recalled"
    EXPIRED = "expired"
    VOID = "void"
    NOT_ACTIVATED = "not_activated"
    """On no item yet, as far as we know. Outside it looks like `UNKNOWN`."""
    UNKNOWN = "unknown"


UNFIT: Final = frozenset({Outcome.NOT_ACTIVATED, Outcome.VOID, Outcome.RECALLED, Outcome.EXPIRED})
"""What we say of items that must not be in anybody's hands."""


class Reason(StrEnum):
    """A fact that decided."""

    FIRST_SCAN = "first_scan"
    SAME_PERSON = "same_person"
    OTHER_PERSON = "other_person"
    MANY_PEOPLE = "many_people"
    MANY_CITIES = "many_cities"
    FAR_AWAY = "far_away"
    IMPOSSIBLE_SPEED = "impossible_speed"
    BEFORE_ACTIVATION = "before_activation"
    AFTER_RETURN = "after_return"
    LABEL_SCRAPPED = "label_scrapped"
    DECLARED_VOID = "declared_void"
    SAMPLE = "sample"
    RECALL = "recall"
    PAST_EXPIRY = "past_expiry"
    ORDER_REVOKED = "order_revoked"
    WRONG_PRODUCT = "wrong_product"


class GeoSource(StrEnum):
    """How we know where somebody is."""

    GPS_EXACT = "gps_exact"
    GPS_FUZZY = "gps_fuzzy"
    IP = "ip"
    STORE_DECLARED = "store_declared"
    NONE = "none"


MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
"""Beijing, Tianjin, Shanghai, Chongqing: provinces that are cities."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a scan happened, as far as we know: a division code, coordinates (degrees), accuracy (metres)."""

    region: str | None
    longitude: float | None
    latitude: float | None
    accuracy_m: int | None
    source: GeoSource

    @property
    def city(self) -> str | None:
        """The prefecture (four digits) or municipality (two); None when only a province is known."""
        if self.region is None or self.region[:2] in MUNICIPALITIES:
            return self.region and self.region[:2]
        return self.region[:4] if len(self.region) >= 4 else None

    @property
    def province(self) -> str | None:
        """The province: the first two digits of the division code."""
        return self.region[:2] if self.region else None


NOWHERE: Final = Place(None, None, None, None, GeoSource.NONE)


class Visit(msgspec.Struct, frozen=True, gc=False):
    """One scan as it is remembered: who, when, where."""

    person: str
    at: datetime
    place: Place


class History(msgspec.Struct, frozen=True, gc=False):
    """What we remember of the earlier scans of one code: the first and the latest visits, and the sums."""

    count: int = 0
    early_count: int = 0
    """Scans before the code was on an item: somebody had the label."""
    visits: tuple[Visit, ...] = ()
    persons: tuple[str, ...] = ()
    """Everybody who has scanned it, in the order of their first scans."""
    cities: frozenset[str] = frozenset()

    @property
    def first(self) -> Visit | None:
        """The first visit there was."""
        return self.visits[0] if self.visits else None

    @property
    def last(self) -> Visit | None:
        """The visit before this one."""
        return self.visits[-1] if self.visits else None


class Subject(msgspec.Struct, frozen=True, gc=False):
    """The item behind the code, as the chain knows it at the time of the scan."""

    state: CodeState
    expires_on: date | None = None
    is_recalled: bool = False
    was_returned: bool = False


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What we say, why, and how much doubt there was (1 is where we begin to speak of it)."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    doubt: float = 0.0


DOUBT_SPOKEN: Final = 1.0
DOUBTS: Final[dict[Reason, float]] = {
    Reason.FAR_AWAY: 0.5,  # a gift, a move, or an address that names the wrong city
    Reason.IMPOSSIBLE_SPEED: 0.6,  # nobody travels so fast; addresses do, through another province's exit
    Reason.MANY_PEOPLE: 0.5,  # more phones than a family has
    Reason.MANY_CITIES: 0.6,
    Reason.BEFORE_ACTIVATION: 0.4,  # the label was seen before it was under a lid
    Reason.AFTER_RETURN: 1.0,
}
PEOPLE_OF_A_FAMILY: Final = 4  # mother, father, two grandparents: each scans once out of curiosity
CITIES_OF_A_FAMILY: Final = 2  # where they live and where they came from for the holidays
SPEED_MAX_KMH: Final = 900.0  # an airliner
NEAR_KM: Final = 300.0  # within it, an address on the internet proves nothing
_EARTH_RADIUS_KM: Final = 6371.0


def judge_open(subject: Subject, history: History, visit: Visit) -> Verdict:
    """Say what an open code is worth: registered or not, and whether it seems to have been copied."""
    barred = unfit(subject, visit)
    if barred is not None:
        return barred
    # A can on a shelf is looked at by everybody who passes: a crowd says nothing, nor does the odd visitor
    # whose address names another city. What says something is that it seems to be nowhere in particular.
    doubts = [doubt for doubt in _doubts(subject, history, visit) if doubt is not Reason.MANY_PEOPLE]
    if Reason.MANY_CITIES in doubts and _has_a_home(history, visit):
        doubts.remove(Reason.MANY_CITIES)
    return _weighed(Outcome.REGISTERED, (), doubts)


def judge_hidden(subject: Subject, history: History, visit: Visit) -> Verdict:
    """Say whether the item that this hidden code was under looks genuine."""
    barred = unfit(subject, visit)
    if barred is not None:
        return barred
    doubts = _doubts(subject, history, visit)
    if history.early_count:
        doubts.insert(0, Reason.BEFORE_ACTIVATION)
    if history.count == 0:
        return _weighed(Outcome.FIRST_GENUINE, (Reason.FIRST_SCAN,), doubts)
    who = Reason.SAME_PERSON if visit.person in history.persons else Reason.OTHER_PERSON
    return _weighed(Outcome.GENUINE_AGAIN, (who,), doubts)


def unfit(subject: Subject, visit: Visit) -> Verdict | None:
    """Return the verdict on an item that must not be in anybody's hands, whoever scans it."""
    match subject.state:
        case CodeState.ALLOCATED | CodeState.ENCODED:
            return Verdict(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))
        case CodeState.SCRAPPED:
            return Verdict(Outcome.VOID, (Reason.LABEL_SCRAPPED,))
        case CodeState.DESTROYED:
            return Verdict(Outcome.VOID, (Reason.AFTER_RETURN,))
        case CodeState.VOID:
            return Verdict(Outcome.VOID, (Reason.DECLARED_VOID,))
        case CodeState.SAMPLED:
            return Verdict(Outcome.VOID, (Reason.SAMPLE,))
        case CodeState.COMMISSIONED:
            pass
        case _:
            assert_never(subject.state)
    if subject.is_recalled:
        return Verdict(Outcome.RECALLED, (Reason.RECALL,))
    if subject.expires_on is not None and day_in_china(visit.at) > subject.expires_on:
        return Verdict(Outcome.EXPIRED, (Reason.PAST_EXPIRY,))
    return None


def _weighed(outcome: Outcome, reasons: tuple[Reason, ...], doubts: Sequence[Reason]) -> Verdict:
    doubt = sum(DOUBTS[reason] for reason in doubts)
    spoken = Outcome.SUSPECT if doubt >= DOUBT_SPOKEN else outcome
    return Verdict(spoken, (*reasons, *doubts), round(doubt, 3))


def _doubts(subject: Subject, history: History, visit: Visit) -> list[Reason]:
    doubts = []
    if subject.was_returned:
        doubts.append(Reason.AFTER_RETURN)
    persons = history.persons if visit.person in history.persons else (*history.persons, visit.person)
    if persons.index(visit.person) >= PEOPLE_OF_A_FAMILY:
        doubts.append(Reason.MANY_PEOPLE)
    # Whoever was here before may travel, or scan through any network. How they came stays with them: a
    # stranger who was told of doubts is not at home by asking again.
    arrival, others = _arrival(history, visit)
    if others and all(_is_far(earlier.place, arrival.place) for earlier in others):
        doubts.append(Reason.FAR_AWAY)
    if others and _is_too_fast(others[-1], arrival):
        doubts.append(Reason.IMPOSSIBLE_SPEED)
    cities = history.cities | {visit.place.city} if visit.place.city else history.cities
    if len(cities) > CITIES_OF_A_FAMILY and len(persons) > CITIES_OF_A_FAMILY:
        doubts.append(Reason.MANY_CITIES)
    return doubts


def _arrival(history: History, visit: Visit) -> tuple[Visit, list[Visit]]:
    """Return somebody's first visit that is remembered, or this one, and those of others before it."""
    others: list[Visit] = []
    for earlier in history.visits:
        if earlier.person == visit.person:
            return earlier, others
        others.append(earlier)
    return visit, [] if visit.person in history.persons else others


def _has_a_home(history: History, visit: Visit) -> bool:
    """Whether one city holds at least half of the visits that are remembered and tell where they were."""
    cities = [seen.place.city for seen in (*history.visits, visit) if seen.place.city]
    return 2 * max(map(cities.count, cities), default=0) >= len(cities)


def _is_far(one: Place, other: Place) -> bool:
    distance = distance_km(one, other)
    return distance is not None and distance > NEAR_KM and one.province != other.province


def _is_too_fast(earlier: Visit, later: Visit) -> bool:
    distance = distance_km(earlier.place, later.place)
    if distance is None or distance <= NEAR_KM:
        return False
    hours = max((later.at - earlier.at).total_seconds(), 1.0) / 3600
    return distance / hours > SPEED_MAX_KMH


def distance_km(one: Place, other: Place) -> float | None:
    """Return the great-circle distance; None when we do not know where one of them is.

    >>> beijing = Place("1101", 116.41, 39.9, 25_000, GeoSource.IP)
    >>> guangzhou = Place("4401", 113.26, 23.13, 25_000, GeoSource.IP)
    >>> round(distance_km(beijing, guangzhou))
    1888
    """
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return None
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))
