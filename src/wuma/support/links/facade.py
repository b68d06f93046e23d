"""The door of links: what a resolver and the people who keep links may use."""

from __future__ import annotations

from wuma.support.links.aliases import Alias, AliasDirectory, Scheme, aliases, register, remove
from wuma.support.links.anchors import Anchor, anchor_of, anchors_above, read_anchor
from wuma.support.links.editions import (
    DESCRIPTION_CHARACTERS_MAX,
    Author,
    ChangedMeanwhile,
    Edition,
    EditionDraft,
    allow_host,
    disallow_host,
    find,
    history,
    hosts,
    in_effect,
    links_in_effect,
    merge,
    move,
    withdraw,
    write,
)
from wuma.support.links.exchange import Said, read_csv, read_json, write_csv, write_json
from wuma.support.links.link import LinkDraft, level, read_host

__all__ = [
    "DESCRIPTION_CHARACTERS_MAX",
    "Alias",
    "AliasDirectory",
    "Anchor",
    "Author",
    "ChangedMeanwhile",
    "Edition",
    "EditionDraft",
    "LinkDraft",
    "Said",
    "Scheme",
    "aliases",
    "allow_host",
    "anchor_of",
    "anchors_above",
    "disallow_host",
    "find",
    "history",
    "hosts",
    "in_effect",
    "level",
    "links_in_effect",
    "merge",
    "move",
    "read_anchor",
    "read_csv",
    "read_host",
    "read_json",
    "register",
    "remove",
    "withdraw",
    "write",
    "write_csv",
    "write_json",
]
