"""The formats a list can be had in. A further one is a module here and a line in `FORMATS`."""

from __future__ import annotations

from papers.export import bibtex, csv, json, markdown, ris
from papers.export.formats import Exported, Format, NoSuchDocument

FORMATS = {each.identifier: each for each in (markdown.FORMAT, json.FORMAT, csv.FORMAT, bibtex.FORMAT, ris.FORMAT)}

__all__ = ["FORMATS", "Exported", "Format", "NoSuchDocument"]
