r"""Formulas in titles and abstracts: drawn where they can be read, as written elsewhere, and never a way in."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsite.mathematics import MOST, html, plain

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of $n$ tokens", '<math alttext="n"><mrow><mi>n</mi></mrow></math>'),
        ("$O(n^2)$", "<msup><mi>n</mi><mn>2</mn></msup>"),
        (r"\(x\)", "<mi>x</mi>"),
        (r"R\\(^3\\) prompting", "<mn>3</mn>"),
        ("$$x$$", 'display="block"'),
        (r"\[x\]", 'display="block"'),
        (r"$\mathbb{R}$", "<mi>ℝ</mi>"),
        (r"$\mathbb R$", "<mi>ℝ</mi>"),
        (r"$a \pm b$", "<mo>±</mo>"),
        (r"$2\log n$", '<mn>2</mn><mspace width="0.167em"></mspace><mi>log</mi><mspace width="0.167em"></mspace>'),
        (r"$\log(n)$", '<mi>log</mi><mo stretchy="false">(</mo>'),
        ("$|x|$", '<mo stretchy="false" lspace="0" rspace="0">|</mo>'),
        ("$x<y$", "<mo>&lt;</mo>"),
        (r"B\'ezier, {\'e}, na\"{\i}ve", "Bézier, é, naïve"),
        (r"Erd\H{o}s, \c{c}a, \v Skoda, Stra{\ss}e, S\o ren", "Erdős, ça, Škoda, Straße, Søren"),
        (r"\emph{caf\'e} at 50\%", "<em>café</em> at 50%"),
        (r"\href{https://example.org/}{our page} \& \texttt{x}", "our page &amp; <code>x</code>"),
    ],
)
def test_what_can_be_read_is_drawn(text, expected):
    assert expected in html(text)


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "costs 5$ or 10$ a day",
        r"$\method{}$ wins",  # its authors' own command
        r"$\newcommand{\a}{\b\b}\a$",
        r"$\def\a{\a\a}\a$",
        r"$\frac{1}$",
        r"$x\n$",
        "$" + "x" * 2000 + "$",
        "$" + "{" * 900 + "x" + "}" * 900 + "$",
        r"C:\output and \ref{tab:one}",
        "a lone $ sign",
    ],
)
def test_what_cannot_be_read_stays_as_it_is_written(text):
    assert html(text) == text


def test_commands_that_define_others_do_not_multiply():
    defined = "".join(
        rf"\newcommand{{\{b}}}{{\{a}\{a}}}" for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
    )
    text = rf"$\newcommand{{\a}}{{xx}}{defined}\n\n\n$"
    assert html(text) == text


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        rf"$\text{{{HOSTILE}}}$",
        rf"$\mathrm{{{HOSTILE}}}$",
        r"$\href{javascript:alert(1)}{x}$ \href{javascript:alert(1)}{x}",
        r"$\class{x onclick=alert(1)}{x}$",
        r'$\color{red" onclick="alert(1)}{x}$',
        r'$x" onclick="alert(1)$',
        r"$\text{&lt;script&gt;}$",
        r"\emph{<img src=x onerror=alert(1)>}",
        "$\\hspace{9999em}x$",
    ],
)
def test_nothing_of_it_is_markup(text):
    _only_ours(html(text))


TAG = re.compile(
    r"</?(?:m[a-z]+|em|strong|code)"
    r"(?: (?:display|displaystyle|scriptlevel|stretchy|fence|separator|form|largeop|movablelimits|symmetric|accent|accentunder"
    r'|mathvariant|width|height|depth|voffset|lspace|rspace|minsize|maxsize|linethickness)="[-+.a-z0-9]{0,8}"'
    r'| alttext="[^"<>]*")*>'
)


def _only_ours(found: str) -> None:
    assert not re.search("[<>]", TAG.sub("", found)), found


COMMANDS = (r"\frac", r"\sqrt", r"\text", r"\left(", r"\right)", r"\mathbf", r"\over", r"\foo", r"\'e", r"\\")
OPENING = (
    r"\begin{matrix}",
    r"\end{matrix}",
    r"\href{",
    r"\hspace{",
    r"\color{",
    r"\emph{",
    r"\(",
    r"\)",
    r"\[",
    r"\]",
)
REST = ("{", "}", "_", "^", "&", "$", "$$", "<", ">", '"', "'", "x", "1", "%", "~", " ", "<b>", HOSTILE)
latex = st.lists(st.sampled_from([*COMMANDS, *OPENING, *REST]), max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(latex)
def test_of_any_text_only_our_elements_are_made(text):
    _only_ours(html(text))
    _only_ours(html(f"${text}$"))


def test_a_text_of_nothing_but_formulas_is_drawn_up_to_a_bound():
    found = html("$x$ " * (MOST + 5))
    assert found.count("<math") == MOST and found.count("$x$") == 5


def test_as_plain_text_formulas_stay():
    assert plain(r"\textbf{B\'ezier} in $O(n\'e)$") == r"Bézier in $O(n\'e)$"


def test_of_real_abstracts_nearly_every_formula_is_drawn(shared):
    drawn = kept = 0
    with gzip.open(shared / "data" / "papers.jsonl.gz", "rt") as lines:
        for number, line in enumerate(lines):
            if number % 10:
                continue
            text = json.loads(line).get("abstract") or ""
            if "$" not in text:
                continue
            found = html(text)
            _only_ours(found)
            drawn += found.count("<math")
            kept += len(re.findall(r"\$[^$]+\$", re.sub(r"<[^>]*>", "", found)))
    assert drawn > 1000
    assert kept < drawn / 20, (drawn, kept)
