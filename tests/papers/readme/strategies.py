"""Documents and fields for Hypothesis, from tame to hostile."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from papers.readme.row import RowFields

quickly = settings(max_examples=50, deadline=None)  # a busy machine fails no test

hostile = st.text(
    alphabet=st.one_of(
        st.sampled_from("|\\[]()<>`*_!#\n\r\t\"'-:/ab1 $&;{}~^\x00\x85\u2028"),
        st.characters(exclude_categories=()),
    ),
    max_size=30,
) | st.sampled_from(
    [
        "</td></tr></table><script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](data:text/html,x)",
        "<!-- open",
        "a | b | c",
        "`a|b`",
        "ends in a backslash \\",
        "\\\\|",
        "[//]: # (comment)",
        "# heading\n\n## another",
        "```",
        "<javascript:alert(1)>",
        "$\\left|x\\right|$",
        "](https://evil.example) [",
    ]
)
words = st.text(alphabet="abcdefgh XYZ0123456789:-é中文$", min_size=1, max_size=20).filter(
    lambda text: any(c.isalpha() for c in text)
)
addresses = st.sampled_from(
    [
        "https://arxiv.org/abs/2401.00001",
        "https://example.org/a_(b)",
        "https://example.org/a)b(c",
        "https://example.org/?q=a|b",
        "javascript:alert(1)",
        "",
    ]
) | hostile.map(lambda text: f"https://example.org/{text}")

hostile_fields = st.builds(
    RowFields,
    title=hostile,
    link=addresses,
    venue=hostile,
    tags=st.lists(hostile, max_size=3).map(tuple),
    code=st.lists(st.tuples(hostile, addresses), max_size=3).map(tuple),
    tldr=hostile,
    extra=st.dictionaries(st.sampled_from(["Recom", "Date", "Introduction", "status", "Other"]), hostile, max_size=3),
)

endings = st.sampled_from(["\n", "\r\n", "\r"])
_cells = words | st.sampled_from(["-", "", "N/A", "a \\| b", "`x`, `y`", "[code](https://github.com/o/r)", "é <br> f"])


@st.composite
def tables(draw: st.DrawFn, ids: st.SearchStrategy[int]) -> list[str]:
    """The lines of a table of papers, with some that are none."""
    others = draw(
        st.lists(st.sampled_from(["Venue", "Tags", "Code", "TL;DR", "Stars", "Year"]), max_size=4, unique=True)
    )
    before = draw(st.integers(0, len(others)))
    headers = [*others[:before], "Title", *others[before:]]
    pad = draw(st.sampled_from(["", " ", "  "]))
    last = draw(st.sampled_from(["|", "| ", "|\t"]))

    def row(cells: list[str]) -> str:
        return "|" + "|".join(f"{pad}{cell}{pad}" for cell in cells) + last

    lines = [row(headers), row(["---"] * len(headers))]
    for _ in range(draw(st.integers(0, 5))):
        cells = [draw(_cells) for _ in headers]
        cells[before] = f"[{draw(words)}](https://arxiv.org/abs/{draw(ids)})"
        kind = draw(st.sampled_from(["row"] * 6 + ["comment", "plain"]))
        if kind == "comment":
            lines.append("[//]: # (a comment)")
        elif kind == "plain":
            lines.append(row(["no link" for _ in headers]))
        else:
            lines.append(row(cells))
    return lines


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A README with prose, headings and tables, in any line ending, with or without a last one."""
    lines: list[str] = draw(st.sampled_from([[], ["\ufeff# Title"], ["prose", ""]]))[:]
    for _ in range(draw(st.integers(1, 3))):
        lines.append(draw(st.sampled_from(["## ", "# 📝 ", "### "])) + draw(words))
        lines.append("")
        for _ in range(draw(st.integers(0, 2))):
            lines += draw(
                tables(st.integers(2401_00001, 2401_00030).map(lambda n: f"{n // 100000:04d}.{n % 100000:05d}"))
            )
            lines.append("")
            lines += draw(
                st.sampled_from([[], ["some prose", ""], ["```", "| a | b |", "| - | - |", "```"], ["- a list"]])
            )
    ending = draw(endings)
    text = ending.join(lines) + draw(st.sampled_from(["", ending]))
    return text.encode() + draw(st.sampled_from([b"", b"", b"\xff\xfe", b"\x00 nul"]))
