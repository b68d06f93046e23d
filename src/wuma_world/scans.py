"""A scan that will happen: who shows which code to a phone, when, where, and what is true about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from wuma_world.geography import City
from wuma_world.people import Phone
from wuma_world.production import Label

DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3_600


class Side(StrEnum):
    """Which code of a can is scanned."""

    OPEN = "open"
    HIDDEN = "hidden"
    TYPED = "typed"
    """The hidden code again, typed by hand."""


class Story(StrEnum):
    """Why somebody scans. Known to nobody but the world."""

    OPENED = "opened"
    """A family opens a can and checks it."""
    AGAIN = "again"
    """The same phone once more: curiosity, or the answer was forgotten."""
    OTHER_APP = "other_app"
    """The same person with another app, whose cookies are its own."""
    PARTNER = "partner"
    GRANDPARENT = "grandparent"
    TRAVEL = "travel"
    """The can travels with its family."""
    GIFT = "gift"
    """Bought in one city, opened in another."""
    BROUGHT_ALONG = "brought_along"
    """Opened at home, scanned again by relatives elsewhere who were given the rest."""
    PHOTO_SENT = "photo_sent"
    """A relative far away scans a photo of the code."""
    GROUP_CHAT = "group_chat"
    """A mother posts the code in a chat, and strangers try it."""
    RESOLD = "resold"
    """An opened can changes hands."""
    MISTYPED = "mistyped"
    SHOPPER = "shopper"
    """Before buying."""
    STAFF = "staff"
    """A shop assistant, who scans all day."""
    DISPLAY = "display"
    """A can on the counter that every customer tries."""
    ADVERTISED = "advertised"
    """The open code in the picture of a second-hand offer."""
    COPIED_HIDDEN = "copied_hidden"
    """A fake can with a copy of a genuine hidden code."""
    COPIED_OPEN = "copied_open"
    """A fake can with a copy of a genuine open code."""
    INVENTED_HIDDEN = "invented_hidden"
    """Under the lid of a fake can: a code somebody made up."""
    REFILLED = "refilled"
    """A genuine can, filled again with something else: one copy, same city. No weight was tuned on these."""
    COUNTERFEITER = "counterfeiter"
    """Whoever copies a code tries it first."""
    GUESS = "guess"
    """A program tries codes it made up."""
    MUTATED = "mutated"
    """A program tries neighbours of a genuine code."""
    LEAK_TRIED = "leak_tried"
    """A stolen label is tried before any can bears its code."""
    LEAK_SOLD = "leak_sold"
    """A fake can under a stolen label, scanned by whoever bought it."""


FAKE: Final = frozenset(
    {
        Story.COPIED_HIDDEN,
        Story.COPIED_OPEN,
        Story.INVENTED_HIDDEN,
        Story.REFILLED,
        Story.LEAK_SOLD,
    }
)
"""An honest person holds a can that is not genuine."""
CHEAT: Final = frozenset({Story.COUNTERFEITER, Story.GUESS, Story.MUTATED, Story.LEAK_TRIED})
"""The one who scans is no honest person."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A code as it is on a label, or on a copy of it."""

    label: Label
    side: Side


@dataclass(frozen=True, slots=True)
class Invented:
    """A code nobody issued. `near` is a genuine one that it differs from in some characters."""

    seed: int
    side: Side
    near: Label | None = None


Shown: TypeAlias = Printed | Invented


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One scan, with its truth."""

    at: float
    """Seconds since the world began."""
    phone: Phone
    shown: Shown
    city: City
    """Where it truly happens."""
    address: str
    """The address on the internet that it comes from, which may lead elsewhere."""
    story: Story
    copy: int = 0
    """Which fake can it is, of those that share a code; 0 is the genuine one."""

    @property
    def day(self) -> int:
        """The day of the world it happens on, from 0."""
        return int(self.at // DAY_SECONDS)
