"""A list's evidence: papers that people have sorted for it, kept in two files beside its list.toml.

`evidence.jsonl` says what each paper is and why; it holds titles, no abstracts. `evidence.npz` holds what a head sees
of title and abstract, so that whoever has no abstracts learns from them all the same; `manage.py prepare_evidence`
makes it from a corpus.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db import transaction

from ingest.classifier import labelled
from ingest.classifier.features import Features
from ingest.classifier.heads import OUT
from ingest.classifier.labelled import LabelledFileError
from ingest.models import Evidence
from papers.models import PaperList

FILE = "evidence.jsonl"
FEATURES = "evidence.npz"

WEIGHTS = {2: 1.0, 1: 0.8, 0: 0.5}  # by how sure the readers were; a case that could go either way says less


@dataclass(frozen=True, slots=True)
class Sorted:
    """One line of the file."""

    key: str  # as "arxiv:2407.12345"
    title: str
    label: str
    reason: str
    weight: float


@dataclass(frozen=True)
class Prepared:
    """What heads see of the papers of a file."""

    encoder: str
    lexicon: str
    row_of: dict[str, int]  # by key
    features: Features

    def save(self, path: Path) -> None:
        """Write them to a file, which then is there whole."""
        file = io.BytesIO()
        names = np.frombuffer("\n".join([self.encoder, self.lexicon, *self.row_of]).encode(), dtype=np.uint8)
        halved = (self.features.meaning.astype(np.float16), self.features.words.astype(np.float16))
        np.savez(file, names=names, meaning=halved[0], words=halved[1])
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(file.getvalue())
        partial.replace(path)


def read(path: Path) -> list[Sorted]:
    """Return the file's lines; raise LabelledFileError at the first that is wrong or names a paper again."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledFileError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from error
    found: dict[str, Sorted] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _sorted(line, f"{path}:{number}")
            if row.key in found:
                raise LabelledFileError(f"{path}:{number}: {row.key} stands in the file already")
            found[row.key] = row
    return list(found.values())


def load_features(path: Path) -> Prepared:
    """Return what was prepared; raise LabelledFileError when the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            encoder, lexicon, *keys = stored["names"].tobytes().decode().split("\n")
            features = Features(stored["meaning"].astype(np.float32), stored["words"].astype(np.float32))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LabelledFileError(f"{path}: cannot be read ({error}); make it again with prepare_evidence") from error
    if not len(keys) == len(features) == len(features.words):
        raise LabelledFileError(f"{path}: its papers and their features differ in number; make it again")
    return Prepared(encoder, lexicon, {key: row for row, key in enumerate(keys)}, features)


def take_in(paper_list: PaperList, folder: Path) -> int:
    """Make the folder's evidence the list's own, in place of what it had; return how many papers there are.

    A folder without the file leaves the list's evidence as it is. Raise LabelledFileError, with nothing changed, for a
    line that is wrong or a label that is no category of the list.
    """
    path = folder / FILE
    if not path.is_file():
        return 0
    rows = read(path)
    classes = [*paper_list.categories.order_by("position").values_list("key", flat=True), OUT]
    for row in rows:
        if row.label not in classes:
            raise LabelledFileError(f"{path}: {row.key}: label “{row.label}” is none of {', '.join(classes)}")
    prepared = load_features(folder / FEATURES) if (folder / FEATURES).is_file() else None
    with transaction.atomic():
        paper_list.evidence.all().delete()
        paper_list.evidence.bulk_create([_row(paper_list, row, prepared) for row in rows], batch_size=1000)
    return len(rows)


def _row(paper_list: PaperList, row: Sorted, prepared: Prepared | None) -> Evidence:
    made = Evidence(
        list=paper_list, key=row.key, title=row.title, label=row.label, weight=row.weight, reason=row.reason
    )
    if prepared is not None and (position := prepared.row_of.get(row.key)) is not None:
        made.encoder, made.lexicon = prepared.encoder, prepared.lexicon
        made.meaning = prepared.features.meaning[position].astype(np.float16).tobytes()
        made.words = prepared.features.words[position].astype(np.float16).tobytes()
    return made


def _sorted(line: str, where: str) -> Sorted:
    row, identifier = labelled.fields(line, where)
    for field in ("title", "label"):
        if not isinstance(row.get(field), str) or not row[field].strip():
            raise LabelledFileError(f"{where}: {field} {row.get(field)!r} is no text")
    sure = row.get("sure", 2)
    if sure not in WEIGHTS:
        raise LabelledFileError(f"{where}: sure {sure!r} is none of {', '.join(map(str, WEIGHTS))}")
    key = f"{identifier.scheme}:{identifier.value}"
    return Sorted(key, row["title"].strip(), row["label"], str(row.get("reason") or ""), WEIGHTS[sure])
