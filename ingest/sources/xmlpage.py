"""XML answers: is this one whole, of the right kind, and without declarations?"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingest.sources import http

_TYPES = {"application/atom+xml", "application/xml", "text/xml"}
# XML 1.0 has no place for these, written out or as a reference; one of them would hide a whole page for ever.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));",
    re.IGNORECASE,
)


def root(answer: http.Answer, tag: str, name: str) -> Element:
    """Return the root of a whole document, which is called `{namespace}tag`; raise Unreadable with `name` in it.

    Parsing is strict: a parser that repairs what it reads would take half a page for a whole one.
    """
    if answer.content_type not in _TYPES:
        raise http.Unreadable(f"{http.kind(answer.content_type)} instead of a {name}")
    text = _FORBIDDEN.sub("", answer.body.decode("utf-8", "replace"))
    if not text.rstrip().endswith(f"</{tag.rpartition('}')[2]}>"):
        raise http.Unreadable(f"a {name} that is cut off")
    try:
        found = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise http.Unreadable(f"a {name} with declarations that no {name} needs ({error})") from error
    except ParseError as error:
        raise http.Unreadable(f"a broken {name} ({error})") from error
    if found.tag != tag:
        raise http.Unreadable(f"a document that is no {name}")
    assert isinstance(found, Element)
    return found


def text(element: Element, tag: str) -> str:
    """Return the text of a child element, "" where there is none."""
    return (element.findtext(tag) or "").strip()
