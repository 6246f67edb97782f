"""Pages as clean Markdown, for readers that are programs: a paper, and what this installation holds (llms.txt).

What sources say stands in it as text: it makes no link, no HTML and no heading of its own. LaTeX stays LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kbsite import mathematics
from kbsite.templatetags.kbsite import fact, source
from papers import citing, overview
from papers.models import EntryText, Paper, PaperList
from papers.paperhistory import versions
from papers.readme.escape import address as as_address
from papers.readme.inline import plain
from papers.relatives import Alike, Relatives

Absolute = Callable[[str], str]  # an address of this site with its host

_BLOCKS = re.compile(r"^(?=[#>+=~|-]|\d+[.)])")


def text(value: str) -> str:
    """Return a text of a source as a paragraph that is nothing but text."""
    said = " ".join(mathematics.plain(value).split())
    return _BLOCKS.sub(r"\\", re.sub(r"[\[\]`*]", r"\\\g<0>", said).replace("<", "&lt;"))


def paper_page(
    paper: Paper,
    rows: Iterable[EntryText],
    relatives: Relatives,
    cited: Iterable[tuple[citing.Form, str]],
    to: Absolute,
) -> str:
    """Return a paper's page: what its HTML page says, but for what curators work with."""
    parts = [
        f"# {text(paper.title)}",
        "\n".join(f"- {line}" for line in _about(paper, to)),
        "\n\n".join(["## " + _("Abstract"), text(paper.abstract) or _("No source has told it yet.")]),
        _section(_("In lists"), (_in_list(row, to) for row in rows)),
        _section(_("What is known"), _facts(paper)),
        _section(
            _("Versions"),
            (f"v{each.number}{f', {each.day}' if each.day else ''}: {each.link}" for each in versions(paper)),
        ),
        _section(_("Papers like this one, in the lists"), _alike(relatives.listed, to)),
        _section(_("Papers like this one, in no list"), _alike(relatives.others, to)),
        *(_fenced(str(form.name), written) for form, written in cited),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(paper: Paper, to: Absolute) -> Iterator[str]:
    if paper.withdrawn:
        yield "**" + _("Its authors withdrew this paper.") + "**"
    if paper.authors:
        yield _line(_("Authors"), text(", ".join(paper.authors)))
    if paper.published:
        yield _line(_("Published"), f"{paper.published}")
    if paper.subjects:
        yield _line(_("Subjects"), text(", ".join(paper.subjects)))
    if link := as_address(paper.link):
        yield _line(_("Read it at"), link)
    yield _line(_("This page"), to(reverse("paper", args=[paper.pk])))
    yield _line(_("As data"), to(reverse("api:paper-detail", args=[paper.pk])))


def _line(name: str, value: str) -> str:
    return f"{name}: {value}"


def _in_list(row: EntryText, to: Absolute) -> str:
    category = row.entry.category
    link = f"[{text(category.list.name)}]({to(reverse('list', args=[category.list.slug]))})"
    said = [text(plain(part)) for part in (row.venue, ", ".join(row.tags), row.tldr) if part]
    return ". ".join([f"{link}: {text(category.name)}", *said])


def _facts(paper: Paper) -> Iterator[str]:
    for each in paper.facts.all():
        yield f"{fact(each.kind)}: {_value(each.value)} ({source(each.source)}, {each.observed_at:%Y-%m-%d})"
    for name, value in ((_("Comment"), paper.comment), (_("Journal"), paper.journal_ref)):
        if value:
            yield f"{name}: {text(value)} ({source(paper.source)})"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return ", ".join(f"{text(str(key))}: {_value(each)}" for key, each in value.items())
    return as_address(str(value)) or text(str(value))


def _alike(found: Alike, to: Absolute) -> Iterator[str]:
    for paper, likeness in found:
        yield f"[{text(paper.title)}]({to(reverse('paper-markdown', args=[paper.pk]))}) ({likeness:.2f})"


def _section(heading: str, lines: Iterable[str]) -> str:
    told = "\n".join(f"- {line}" for line in lines)
    return f"## {heading}\n\n{told}" if told else ""


def _fenced(heading: str, written: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", written)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"## {heading}\n\n{fence}\n{written.strip()}\n{fence}"


def llms_txt(to: Absolute) -> str:
    """Return what this installation holds and how it is read, as https://llmstxt.org proposes."""
    lists = list(PaperList.objects.order_by("name").prefetch_related("categories__texts__document", "documents"))
    size = overview.sizes()
    some = Paper.objects.count()
    about = ngettext("%(n)d paper is here.", "%(n)d papers are here.", some) % {"n": some}
    claim = _("The database behind lists of research papers: what is listed, what is new, and why.")
    parts = [
        "# Listkeeper",
        f"> {claim} {about}",
        _section(_("Lists"), (_of_list(each, size.get(each.pk, 0), to) for each in lists)),
        _section(
            _("Papers"),
            (
                _("A paper as Markdown: %(address)s, or its page with the header Accept: text/markdown")
                % {"address": to("/papers/NUMBER.md")},
                _("By its arXiv id or DOI: %(arxiv)s, %(doi)s")
                % {"arxiv": to("/arxiv/2401.12345"), "doi": to("/doi/10.1000/xyz")},
                _("Search: %(address)s") % {"address": to(f"{reverse('papers')}?q=WORDS")},
            ),
        ),
        _section(
            _("API"),
            (
                f"[OpenAPI]({to(reverse('api:schema'))})",
                _("Papers as JSON: %(address)s") % {"address": to(f"{reverse('api:paper-list')}?search=WORDS")},
            ),
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _of_list(paper_list: PaperList, size: int, to: Absolute) -> str:
    names = ", ".join(text(category.name) for category in paper_list.categories.all())
    link = f"[{text(paper_list.name)}]({to(reverse('list-markdown', args=[paper_list.slug]))})"
    papers = ngettext("%(n)d paper", "%(n)d papers", size) % {"n": size}
    return f"{link}: {papers}; {names}" if names else f"{link}: {papers}"
