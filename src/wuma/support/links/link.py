"""A link as a brand writes it: what may be in it, and where it may lead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from wuma.kernel.errors import FieldError, InvalidInput
from wuma_gs1.linkset import DEFAULT_LINK, DEFAULT_LINK_MULTI, GS1_VOCABULARY, LINK_TYPES, Level, Link

LINKS_MAX: Final = 100
"""Links of one anchor; GS1's own examples have some ten."""
HREF_CHARACTERS_MAX: Final = 2048
TITLE_CHARACTERS_MAX: Final = 200
LANGUAGES_MAX: Final = 20
CONTEXTS_MAX: Final = 20

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_MEDIA_TYPE: Final = re.compile(
    r"(application|audio|font|image|message|model|multipart|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
)
_CONTEXT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,49}")
_HREF: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%{}]+")
_BLANK: Final = re.compile(r"\{([0-9]{2,4})\}")
_BLANKS_ONLY: Final = re.compile(r"([^{}]|\{[0-9]{2,4}\})*")
_HOST: Final = re.compile(
    r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(xn--[a-z0-9-]{2,59}|[a-z][a-z0-9-]{0,61}[a-z])"
)


class LinkDraft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A link. `{21}` in the target stands for what AI (21) says in the request."""

    link_type: str
    """A type of the GS1 Web vocabulary, `gs1:pip`, or the address of one elsewhere."""
    href: str
    title: str
    languages: tuple[str, ...] = ()
    media_type: str = ""
    contexts: tuple[str, ...] = ()
    forwards_query: bool = True
    is_default: bool = False

    @property
    def meant_for(self) -> tuple[object, ...]:
        """What tells it from its siblings: a merge replaces the links that are meant for the same."""
        return self.link_type, self.languages, self.media_type, self.contexts


def refuse_unfit(
    links: Sequence[LinkDraft], hosts: Iterable[str], *, is_key: bool, at: str = "/links"
) -> None:
    """Refuse links that must not be, all their faults at once.

    Args:
        links: all links of one anchor.
        hosts: the hosts that links of the tenant may lead to.
        is_key: whether the anchor is a bare key, which must have a default (GS1-Conformant Resolver 1.0).
        at: the place of the links in the input.

    Raises:
        InvalidInput: with every fault and its place.
    """
    faults = list(_faults(links, frozenset(hosts), at))
    if len(links) > LINKS_MAX:
        faults.append(FieldError(at, f"at most {LINKS_MAX} links", str(len(links))))
    if is_key and links and not any(link.is_default for link in links):
        faults.append(FieldError(at, "a default among the links of a bare key", "none"))
    if faults:
        raise InvalidInput(f"{len(faults)} fault(s) in the links.", faults)


def _faults(links: Sequence[LinkDraft], hosts: frozenset[str], at: str) -> Iterator[FieldError]:
    for number, link in enumerate(links):
        here = f"{at}/{number}"
        if not _is_link_type(link.link_type):
            expected = "a descriptive link type such as gs1:pip, or an https address of another vocabulary"
            yield FieldError(f"{here}/link_type", expected, link.link_type[:120])
        expected_href = _unfit_href(link.href, hosts)
        if expected_href:
            yield FieldError(f"{here}/href", expected_href, link.href[:120])
        if not (0 < len(link.title) <= TITLE_CHARACTERS_MAX and link.title.isprintable()):
            yield FieldError(f"{here}/title", f"1 to {TITLE_CHARACTERS_MAX} characters", link.title[:120])
        if len(link.languages) > LANGUAGES_MAX or not all(map(_LANGUAGE.fullmatch, link.languages)):
            got = " ".join(link.languages)[:120]
            yield FieldError(f"{here}/languages", "language tags such as zh or en-GB (BCP 47)", got)
        if link.media_type and not _MEDIA_TYPE.fullmatch(link.media_type):
            yield FieldError(f"{here}/media_type", "a media type such as text/html", link.media_type[:120])
        if len(link.contexts) > CONTEXTS_MAX or not all(map(_CONTEXT.fullmatch, link.contexts)):
            got = " ".join(link.contexts)[:120]
            yield FieldError(f"{here}/contexts", "short words such as CN or wholesale", got)


def _is_link_type(link_type: str) -> bool:
    if link_type in {DEFAULT_LINK, DEFAULT_LINK_MULTI}:
        return False  # which links are the default, `is_default` says
    if link_type.startswith("gs1:"):
        return link_type[4:] in LINK_TYPES
    return (
        link_type.startswith("https://")
        and not link_type.startswith((GS1_VOCABULARY, "https://ref.gs1.org/voc/"))  # written gs1:
        and len(link_type) <= TITLE_CHARACTERS_MAX
        and _HREF.fullmatch(link_type) is not None
    )


def _unfit_href(href: str, hosts: frozenset[str]) -> str:
    """Return what was expected of a target; nothing when it is fit."""
    if len(href) > HREF_CHARACTERS_MAX or not _HREF.fullmatch(href):
        return f"an address of at most {HREF_CHARACTERS_MAX} characters, others percent-encoded"
    try:
        target = urlsplit(href)
        has_port = target.port is not None
    except ValueError:
        return "an https address"
    if target.scheme != "https" or has_port or "@" in target.netloc or not target.hostname:
        return "an https address, without port or password"
    if not is_allowed(target, hosts):
        return f"a host you have named: {', '.join(sorted(hosts)) or 'none yet'}"
    if "{" in target.netloc or not _BLANKS_ONLY.fullmatch(href):
        return "braces only around AIs of the request, like {21}, and only in the path or after"
    return ""


def is_allowed(target: SplitResult, hosts: frozenset[str]) -> bool:
    """Whether an address lies on one of the hosts; `*.brand.example` covers what is below.

    >>> hosts = frozenset({"brand.example", "*.shop.example"})
    >>> [
    ...     is_allowed(urlsplit(f"https://{host}/"), hosts)
    ...     for host in ("brand.example", "evil-brand.example", "cn.shop.example", "shop.example")
    ... ]
    [True, False, True, False]
    """
    host = (target.hostname or "").lower()
    above = {f"*.{host.split('.', skipped)[skipped]}" for skipped in range(1, host.count(".") + 1)}
    return host in hosts or not above.isdisjoint(hosts)


def read_host(text: str, *, at: str = "/host") -> str:
    """Read the name of a host that links may lead to.

    >>> read_host("WWW.Brand.Example"), read_host("*.brand.example")
    ('www.brand.example', '*.brand.example')

    Raises:
        InvalidInput: when it is no host name, or covers a whole top-level domain.
    """
    host = text.strip().lower().removesuffix(".")
    found = _HOST.fullmatch(host) if len(host) <= 253 else None
    if found is None:
        expected = "a host such as www.brand.cn, or *.brand.cn for all below it"
        raise InvalidInput("The host.", [FieldError(at, expected, text[:120])])
    return host


def merged(present: Sequence[LinkDraft], given: Sequence[LinkDraft]) -> list[LinkDraft]:
    """Return the present links with the given ones among them; nothing else is lost.

    A given link replaces those that are meant for the same: of the same type, languages, media type and
    contexts. When a given one is a default, it is the default of its languages instead of the present one.
    """
    replaced = {link.meant_for for link in given}
    kept = [link for link in present if link.meant_for not in replaced]
    defaults = {link.languages for link in given if link.is_default}
    kept = [
        msgspec.structs.replace(link, is_default=False)
        if link.is_default and link.languages in defaults
        else link
        for link in kept
    ]
    return [*kept, *given]


def level(anchor: str, description: str, links: Sequence[LinkDraft], values: Mapping[str, str]) -> Level:
    """Return the links of an anchor as a resolver offers them to a request.

    Args:
        anchor: the URI of the anchor.
        description: what it is, in a few words.
        links: all that is said there. A link that wants an AI which the request does not have is left out.
        values: the values of the request, by AI.
    """
    offered = []
    for draft in links:
        href = _filled(draft.href, values)
        if href is not None:
            offered.append((draft, href))
    described = [
        Link(
            href,
            draft.title,
            draft.link_type,
            draft.languages,
            draft.media_type,
            draft.contexts,
            draft.forwards_query,
        )
        for draft, href in offered
    ]
    defaults = [link for link, (draft, _) in zip(described, offered, strict=True) if draft.is_default]
    # The default has no attributes; whoever asks in a language gets the variant that has it.
    first = [
        Link(link.href, link.title, DEFAULT_LINK, forwards_query=link.forwards_query) for link in defaults[:1]
    ]
    variants = [
        Link(
            link.href,
            link.title,
            DEFAULT_LINK_MULTI,
            link.languages,
            link.media_type,
            link.contexts,
            link.forwards_query,
        )
        for link in defaults
        if len(defaults) > 1
    ]
    return Level(anchor, description, (*first, *variants, *described))


def _filled(href: str, values: Mapping[str, str]) -> str | None:
    if "{" not in href:
        return href
    if any(ai not in values for ai in _BLANK.findall(href)):
        return None
    return _BLANK.sub(lambda found: quote(values[found[1]], safe=""), href)
