"""What a resolver says about a thing: its links as a linkset (RFC 9264), and which of them a request means.

A resolver knows links for a serial, for its lot, for its GTIN. A request names the finest; every coarser
level counts too (GS1-Conformant Resolver 1.0). So everything here takes *levels*, the finest first, and
knows nothing of where they are stored or how a request came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from wuma_gs1.digital_link import DigitalLink

GS1_VOCABULARY = "https://gs1.org/voc/"
LINKSET_TYPE = "application/linkset+json"
DEFAULT_LINK = "gs1:defaultLink"
DEFAULT_LINK_MULTI = "gs1:defaultLinkMulti"
HEADER_CHARACTERS_MAX = 4096  # of an Accept header; browsers send under 200


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a thing to a resource about it."""

    href: str
    title: str
    link_type: str = DEFAULT_LINK
    """A compact `gs1:…` name, an IANA link relation, or an address."""
    languages: tuple[str, ...] = ()
    media_type: str = ""
    contexts: tuple[str, ...] = ()
    """Where or for whom the link is meant, a market for instance."""
    forwards_query: bool = True
    """Whether the query string of the request goes along when a client is sent there."""

    @property
    def relation(self) -> str:
        """The link type as linksets name it, `gs1:` written out."""
        if self.link_type.startswith("gs1:"):
            return GS1_VOCABULARY + self.link_type[4:]
        return self.link_type

    def target(self, query: str = "") -> str:
        """Tell where to send a client that came with this query string.

        >>> Link("https://brand.example/p?a=1#top", "Product").target("21=A1&linkType=gs1:pip")
        'https://brand.example/p?a=1&21=A1#top'
        """
        kept = "&".join(part for part in query.split("&") if part and not part.startswith(_OWN_PARAMETERS))
        if not kept or not self.forwards_query:
            return self.href
        address, hash_sign, fragment = self.href.partition("#")
        return f"{address}{'&' if '?' in address else '?'}{kept}{hash_sign}{fragment}"


@dataclass(frozen=True, slots=True)
class Level:
    """The links of one level: of a serial, of a lot, of a GTIN."""

    anchor: str
    description: str
    links: tuple[Link, ...]


def levels_of(link: DigitalLink) -> list[DigitalLink]:
    """Give the levels that a link names, the finest first, ending with the bare key.

    >>> levels = levels_of(DigitalLink.parse("https://brand.example/01/06901234567892/10/L7/21/A1?17=261231"))
    >>> [level.identity for level in levels]  # doctest: +NORMALIZE_WHITESPACE
    ['https://id.gs1.org/01/06901234567892/10/L7/21/A1', 'https://id.gs1.org/01/06901234567892/10/L7',
     'https://id.gs1.org/01/06901234567892']
    """
    return [DigitalLink(link.path[:end], stem=link.stem) for end in range(len(link.path), 0, -1)]


def linkset(levels: Sequence[Level]) -> dict[str, Any]:
    """Write levels as `application/linkset+json`.

    >>> links = (Link("https://brand.example/p", "Product", "gs1:pip", languages=("zh",)),)
    >>> linkset(
    ...     [Level("https://id.gs1.org/01/06901234567892", "Tea", links)]
    ... )  # doctest: +NORMALIZE_WHITESPACE
    {'linkset': [{'anchor': 'https://id.gs1.org/01/06901234567892', 'itemDescription': 'Tea',
                  'https://gs1.org/voc/pip': [{'href': 'https://brand.example/p', 'title': 'Product',
                                               'hreflang': ['zh']}]}]}
    """
    contexts = []
    for level in levels:
        written: dict[str, Any] = {"anchor": level.anchor, "itemDescription": level.description}
        for link in level.links:
            written.setdefault(link.relation, []).append(_written(link))
        contexts.append(written)
    return {"linkset": contexts}


def link_header(levels: Sequence[Level], *, same_as: str = "", json_ld_context: str = "") -> str:
    r"""Write levels as the value of an HTTP Link header (RFC 8288).

    Args:
        levels: as for `linkset`.
        same_as: the uncompressed address, where the request came with a compressed one.
        json_ld_context: the address at which `JSON_LD_CONTEXT` is served.

    >>> tea = Level("https://id.gs1.org/01/06901234567892", "Tea", (Link("https://b.cn", "茶"),))
    >>> print(link_header([tea]).replace("; ", "\n"))
    <https://b.cn>
    rel="gs1:defaultLink"
    anchor="https://id.gs1.org/01/06901234567892"
    title*=UTF-8''%E8%8C%B6
    """
    values = [_header_value(link, level.anchor) for level in levels for link in level.links]
    if same_as:
        values.append(f'<{_printable(same_as)}>; rel="owl:sameAs"')
    if json_ld_context:
        context_relation = "http://www.w3.org/ns/json-ld#context"
        values.append(
            f'<{_printable(json_ld_context)}>; rel="{context_relation}"; type="application/ld+json"'
        )
    return ", ".join(values)


def wants_linkset(accept: str) -> bool:
    """Say whether an Accept header asks for all links: it names linksets, and nothing else more dearly.

    >>> wants_linkset("application/linkset+json"), wants_linkset("text/html, application/linkset+json;q=0.5")
    (True, False)
    >>> wants_linkset("application/linkset+json;q=0"), wants_linkset("*/*")
    (False, False)
    """
    if LINKSET_TYPE not in accept.lower():
        return False
    qualities = dict(_preferences(accept))
    wish = qualities.get(LINKSET_TYPE, 0.0)
    return wish > 0 and wish == max(qualities.values())


def choose(
    levels: Sequence[Level],
    *,
    link_type: str = "",
    context: str = "",
    accept_language: str = "",
    accept: str = "",
) -> tuple[Link, ...]:
    """Choose the links that a request means; several if nothing tells them apart, none if it asks in vain.

    The finest level that has the link type decides. Of its links, those for the context come first, then
    those in the language, then those of the media type, by their q-values.

    >>> chinese = Link("https://b.cn/zh", "产品", "gs1:pip", languages=("zh-CN",))
    >>> english = Link("https://b.cn/en", "Product", "gs1:pip", languages=("en",))
    >>> levels = [Level("…", "", (english, chinese))]
    >>> choose(levels, link_type="gs1:pip", accept_language="fr, zh;q=0.7, en;q=0.3")[0].href
    'https://b.cn/zh'

    Args:
        levels: the finest first.
        link_type: what the request's `linkType` says; nothing for the default.
        context: what the request's `context` says.
        accept_language: the header of that name, as it came.
        accept: the header of that name, as it came.
    """
    languages, media_types = list(_preferences(accept_language)), list(_preferences(accept))
    wanted = _long(link_type)
    for level in levels:
        if link_type:
            candidates = [link for link in level.links if link.relation == wanted]
        else:
            candidates = _defaults(level.links, languages, context)
        if candidates:
            scores = [
                (
                    bool(context) and context in link.contexts,
                    _language_quality(link.languages, languages),
                    _media_quality(link.media_type, media_types),
                )
                for link in candidates
            ]
            best = max(scores)
            return tuple(link for link, score in zip(candidates, scores, strict=True) if score == best)
    return ()


def _defaults(links: Sequence[Link], languages: Sequence[tuple[str, float]], context: str) -> list[Link]:
    """Give the default link, and its variants if one of them suits the request better."""
    variants = [
        link
        for link in links
        if link.relation == _long(DEFAULT_LINK_MULTI)
        and (_language_quality(link.languages, languages) > 0 or context in link.contexts)
    ]
    return variants or [link for link in links if link.relation == _long(DEFAULT_LINK)]


def _preferences(header: str) -> Iterator[tuple[str, float]]:
    """Read `zh-CN, en;q=0.8`; what is malformed in it is passed over, as HTTP servers do."""
    for part in header[:HEADER_CHARACTERS_MAX].split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        quality = 1.0
        for parameter in parameters:
            if found := _QUALITY(parameter):
                quality = float(found[1])
        if name:
            yield name, quality


def _language_quality(languages: Sequence[str], preferences: Sequence[tuple[str, float]]) -> float:
    """Say how welcome a link in some languages is; of the ranges that fit, the narrowest decides (RFC 4647).

    >>> wishes = [("zh", 1.0), ("zh-tw", 0.0), ("en-gb", 0.5), ("*", 0.1)]
    >>> [round(_language_quality([tag], wishes), 2) for tag in ("zh-CN", "zh-TW", "en", "fr")]
    [1.0, 0.0, 0.45, 0.09]
    """
    return max((_language_quality_of(language.lower(), preferences) for language in languages), default=0.0)


def _language_quality_of(tag: str, preferences: Sequence[tuple[str, float]]) -> float:
    covering = [(len(wish), quality) for wish, quality in preferences if f"{tag}-".startswith(f"{wish}-")]
    if covering:
        return max(covering)[1]
    narrower = [quality for wish, quality in preferences if wish.startswith(f"{tag}-")]
    others = narrower or [quality for wish, quality in preferences if wish == "*"]
    return max(others, default=0.0) * NEAR_MISS


def _media_quality(media_type: str, preferences: Sequence[tuple[str, float]]) -> float:
    """Say how welcome a media type is; the most specific range decides (RFC 9110 section 12.5.1).

    >>> _media_quality("text/html", [("text/html", 0.0), ("*/*", 1.0)])
    0.0
    """
    kind = media_type.lower().partition("/")[0]
    for wish in (media_type.lower(), f"{kind}/*", "*/*"):
        found = [quality for wanted, quality in preferences if wanted == wish]
        if found:
            return max(found)
    return 0.0


def _written(link: Link) -> dict[str, Any]:
    written: dict[str, Any] = {"href": link.href, "title": link.title}
    if link.link_type == DEFAULT_LINK:  # it shall have no optional attributes
        return written
    if link.languages:
        written["hreflang"] = list(link.languages)
    if link.media_type:
        written["type"] = link.media_type
    if link.contexts:
        written["context"] = list(link.contexts)
    if not link.forwards_query:
        written["fwqs"] = False
    return written


def _header_value(link: Link, anchor: str) -> str:
    parts = [
        f"<{_printable(link.href)}>",
        f'rel="{_printable(link.link_type)}"',
        f'anchor="{_printable(anchor)}"',
    ]
    if link.link_type != DEFAULT_LINK:
        parts += [f'hreflang="{_printable(language)}"' for language in link.languages]
        if link.media_type:
            parts.append(f'type="{_printable(link.media_type)}"')
    if _PLAIN_TITLE(link.title):
        parts.append(f'title="{link.title}"')
    else:
        parts.append(f"title*=UTF-8''{quote(link.title, safe='', errors='replace')}")
    return "; ".join(parts)


def _printable(text: str) -> str:
    """Escape what would end a header's quotes, its angle brackets or its line."""
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")


def _long(link_type: str) -> str:
    return GS1_VOCABULARY + link_type[4:] if link_type.startswith("gs1:") else link_type


NEAR_MISS = 0.9  # enough to prefer the exact language at equal wishes, too little to overrule a wish
_OWN_PARAMETERS = ("linkType=", "context=")  # addressed to the resolver, not to the target
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)").fullmatch
_PLAIN_TITLE = re.compile(r"[ !#-\[\]-~]*").fullmatch

JSON_LD_CONTEXT: dict[str, Any] = {
    "@context": {
        "@vocab": "http://www.iana.org/assignments/relation/",
        "linkset": "@graph",
        "anchor": "@id",
        "href": "@id",
        "gs1": GS1_VOCABULARY,
        "title": {"@id": "http://purl.org/dc/terms/title"},
        "hreflang": {"@id": "http://purl.org/dc/terms/language", "@container": "@set"},
        "type": {"@id": "http://purl.org/dc/terms/format"},
        "itemDescription": {"@id": "http://www.w3.org/2000/01/rdf-schema#comment"},
    }
}
"""What turns a linkset into linked data; to be served as `application/ld+json`."""

LINK_TYPES = frozenset(
    """
    activityIdeas allergenInfo brandHomepageClinical brandHomepagePatient careersInfo certificationInfo
    consumerHandlingStorageInfo defaultLink defaultLinkMulti disassemblyInfo epcis epil eventsInfo faqs
    handledBy handlingEndOfLife hasRetailers homepage ingredientsInfo instructions jws leaveReview
    locationInfo logisticsInfo masterData menuInfo nutritionalInfo openingHoursInfo paymentLink pip
    productPassport promotion purchaseSuppliesOrAccessories quickStartGuide recallStatus recipeInfo
    recyclingInfo registerProduct registryEntry relatedVideo repairInfo reuseInfo review safetyInfo
    scheduleTime serviceInfo smartLabel smpc socialMedia sorting statisticInfo support sustainabilityInfo
    traceability tutorial userAgreement verificationService whatsInTheBox
    """.split()
)
"""The link types of the GS1 Web vocabulary, without `gs1:`."""
