"""The plot of recall curves: a drawing that stands alone."""

from __future__ import annotations

import numpy as np
from defusedxml import ElementTree

from ingest.classifier.recallplot import recall_plot

SVG = "{http://www.w3.org/2000/svg}"


def drawn(curves, title="October & Co: “Merging”"):
    mean = np.mean(curves, axis=0)
    return ElementTree.fromstring(recall_plot(title, curves, mean, "mean of <two> sessions"))


def points(line) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split(","))) for point in line.get("points").split()]


def test_each_session_their_mean_and_chance_are_drawn():
    curves = [np.array([0.5, 0.5, 1.0, 1.0]), np.array([0.0, 0.5, 0.5, 1.0])]
    chance, first, second, mean = (points(line) for line in drawn(curves).iter(SVG + "polyline"))

    assert chance[0] == first[0] == second[0] == mean[0]
    assert chance[-1] == first[-1] == mean[-1]
    low, high = chance[0][1], chance[-1][1]
    assert [round((low - y) / (low - high), 2) for _, y in first] == [0, 0.5, 0.5, 1, 1]
    assert [round((low - y) / (low - high), 2) for _, y in mean] == [0, 0.25, 0.5, 0.75, 1]


def test_it_says_what_it_shows():
    root = drawn([np.array([0.5, 1.0])])

    assert root.get("role") == "img"
    assert root.find(SVG + "title").text == "October & Co: “Merging”"
    assert root.find(SVG + "desc").text == "mean of <two> sessions"
    words = {text.text for text in root.iter(SVG + "text")}
    assert {"papers read", "relevant papers found", "0 %", "100 %", "the session", "by chance"} <= words


def test_every_look_is_named():
    curve = np.array([0.5, 1.0])
    looks = {line.get("stroke") for line in drawn([curve, curve]).iter(SVG + "polyline")}
    named = {line.get("stroke") for line in drawn([curve, curve]).iter(SVG + "line")} - {"#e4e4e4"}

    assert looks == named
    assert len(looks) == 3


def test_a_long_heading_is_cut_where_it_has_no_room_and_whole_where_it_is_read_out():
    root = drawn([np.array([0.5, 1.0])], title="long " * 40)

    assert root.findtext(SVG + "title") == "long " * 40
    assert max(len(text.text) for text in root.iter(SVG + "text")) < 70


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    curve = np.linspace(1 / 50_000, 1, 50_000)
    chance, mean = (points(line) for line in drawn([curve]).iter(SVG + "polyline"))

    assert len(mean) <= 1001
    assert (mean[0], mean[-1]) == (chance[0], chance[-1])


def test_nothing_in_it_comes_from_elsewhere_or_runs():
    text = recall_plot("<script>", [np.array([1.0])], np.array([1.0]), "d")

    assert "<script" not in text
    assert "href" not in text
