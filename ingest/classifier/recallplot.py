"""Recall curves -> an SVG that stands alone: readable in grey, on white paper and by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 44, 52  # around the area of the curves, in pixels
TICKS = (0, 20, 40, 60, 80, 100)
MOST_POINTS = 1000  # of a curve: more cannot be seen
LONGEST = 64  # characters of a heading that have room
CHANCE = 'stroke="#999" stroke-dasharray="5 4"'
SESSION = 'stroke="#9db8d9"'
MEAN = 'stroke="#1f4e8c" stroke-width="2.5"'

Curve = NDArray[np.float64]  # recall after each paper, shape (papers,)


def recall_plot(title: str, curves: Sequence[Curve], mean: Curve, description: str) -> str:
    """Return the plot: each session's curve thin, their mean bold, and dashed what reading by chance would find.

    Across stands the share of the papers that are read, upright the share of the relevant ones that are found.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" fill="#222">{escape(_short(title))}</text>',
        *_axes(),
        _line([(0, 0), (100, 100)], CHANCE),
        *(_line(_points(curve), SESSION) for curve in curves if len(curves) > 1),
        _line(_points(mean), MEAN),
        *_legend(len(curves)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"


def _points(curve: Curve) -> list[tuple[float, float]]:
    """Return (percent read, percent found) from nothing read on; long curves thinned, their end kept."""
    read = np.unique(np.linspace(0, len(curve), min(len(curve), MOST_POINTS) + 1).round().astype(int))
    found = np.concatenate([[0.0], curve])[read]
    return [(100 * share, 100 * recall) for share, recall in zip(read / len(curve), found, strict=True)]


def _line(points: Sequence[tuple[float, float]], look: str) -> str:
    places = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" {look}/>'


def _axes() -> list[str]:
    left, right, low = _x(0), _x(100), _y(0)
    parts = []
    for tick in TICKS:
        x, y = _x(tick), _y(tick)
        parts += [
            f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>',
            f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#444">{tick} %</text>',
            f'<text x="{x:.1f}" y="{low + 18:.1f}" text-anchor="middle" fill="#444">{tick} %</text>',
        ]
    return [
        *parts,
        f'<text x="{_x(50):.1f}" y="{HEIGHT - 10}" text-anchor="middle" fill="#222">papers read</text>',
        f'<text x="16" y="{_y(50):.1f}" text-anchor="middle" fill="#222" '
        f'transform="rotate(-90 16 {_y(50):.1f})">relevant papers found</text>',
    ]


def _legend(sessions: int) -> list[str]:
    """Return what each look means, at the lower right, where no curve of a useful session passes."""
    named = [(MEAN, "mean of the sessions"), (SESSION, "a session"), (CHANCE, "by chance")]
    if sessions == 1:
        named = [(MEAN, "the session"), (CHANCE, "by chance")]
    parts = []
    for place, (look, name) in enumerate(named):
        x, y = _x(66), _y(22) + 20 * place
        parts += [
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + 28:.1f}" y2="{y:.1f}" {look}/>',
            f'<text x="{x + 36:.1f}" y="{y + 4:.1f}" fill="#222">{name}</text>',
        ]
    return parts


def _x(percent: float) -> float:
    return LEFT + percent / 100 * (WIDTH - LEFT - RIGHT)


def _y(percent: float) -> float:
    return HEIGHT - BOTTOM - percent / 100 * (HEIGHT - TOP - BOTTOM)
