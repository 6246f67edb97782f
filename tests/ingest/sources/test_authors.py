"""Authors as arXiv's strings name them."""

from __future__ import annotations

import time

import pytest

from ingest.sources.authors import names


@pytest.mark.parametrize(
    ("given", "people"),
    [
        ("", ()),
        ("Ada Vóss", ("Ada Vóss",)),
        ("Mengqi Xue, Yang Tang, Wei Ren, and Feng Qian", ("Mengqi Xue", "Yang Tang", "Wei Ren", "Feng Qian")),
        ("A. Bee and C. Dee & E. Eff", ("A. Bee", "C. Dee", "E. Eff")),
        ("Sandy Anderson,\n  Ferdi And", ("Sandy Anderson", "Ferdi And")),
        ("T. Rat (1), M. Zotta (2), E. Lines (1) ((1) Cambridge, UK, (2) Brasov)", ("T. Rat", "M. Zotta", "E. Lines")),
        ("Cy Roe (Example Lab, Example University), Di Fu", ("Cy Roe", "Di Fu")),
        ("BELLE Collaboration: A. Person, Nother Person", ("BELLE Collaboration", "A. Person", "Nother Person")),
        ("John Smith, Jr., Ken Merz III, Ada Lee, IV", ("John Smith Jr.", "Ken Merz III", "Ada Lee IV")),
        ("The Group, A. Bee, et al.", ("The Group", "A. Bee")),
        ("A. Bee (Lab, C. Dee", ("A. Bee (Lab", "C. Dee")),
        ("O'Neil, d'Alembert", ("O'Neil", "d'Alembert")),
    ],
)
def test_people(given, people):
    assert names(given) == people


@pytest.mark.parametrize(
    ("tex", "name"),
    [
        (r"R\' emi Munos", "Rémi Munos"),
        (r"Petr Cern\'y", "Petr Cerný"),
        (r"Bernhard Sch\"{o}lkopf", "Bernhard Schölkopf"),
        (r"J{\"u}rgen M\"uller", "Jürgen Müller"),
        (r"{\L}ukasz \v{S}t{\v e}p\'an", "Łukasz Štěpán"),
        (r"S\o ren \O{}stergaard \AA berg", "Søren Østergaard Åberg"),
        (r"Mart\'{\i}n Garc\'\ia", "Martín García"),
        (r"Fran\c{c}ois Fran\c cois", "François François"),
        (r"Erd\H{o}s Stra\ss e", "Erdős Straße"),
        (r"Poincar\'e~Hadamard", "Poincaré Hadamard"),
        ("Nguy\\~ên", "Nguyễn"),
        (r"Cuay\xE1huitl", r"Cuay\xE1huitl"),
    ],
)
def test_accents(tex, name):
    assert names(tex) == (name,)


def test_what_was_read_is_read_the_same_again():
    people = names(r"John Smith, Jr. (Lab) and R\'emi Munos, BELLE Collaboration: Sch\"on, D.")
    assert names(", ".join(people)) == people


@pytest.mark.parametrize(
    "given", ["(" * 50_000, "(" * 50_000 + ")" * 50_000, "\\'{" * 30_000, " and" * 30_000, "," * 99_999]
)
def test_nonsense_takes_no_time(given):
    began = time.monotonic()
    names(given)
    assert time.monotonic() - began < 2
