"""A trained head: two views of a text -> probability of each category and of "out".

What a head is and how it speaks; how one is trained is in training.py. A head is saved as arrays and JSON, so
reading one runs no code.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.features import Features, Floats, kernel
from ingest.classifier.lexicon import Lexicon

OWN = -1  # the place of an example that no base holds
OUT = "out"  # the class of what belongs in no category
FORMAT = 3

Scores = NDArray[np.float64]  # shape (texts, classes)
Probabilities = NDArray[np.float64]  # shape (texts, classes), rows sum to 1


class HeadError(Exception):
    """A saved head cannot be read by this version."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained. Chosen by cross-validation on the evidence of the bundled list (docs/classifier.md)."""

    meaning: float = 0.7  # how quickly likeness falls with the distance of meanings
    words: float = 1.0  # and of words
    ridge: float = 0.3  # how little a single example is believed
    balance: float = 0.15  # 0: the probabilities suit the classes as frequent as they are; 1: as if all were equally so
    penalty: float = 1 / 3  # of the regression that turns scores into probabilities
    seed: int = 0


@dataclass(frozen=True)
class Base:
    """Examples that many versions of a head compare texts with: megabytes, so they are stored once.

    Its name is that of its content.
    """

    examples: Features
    keys: tuple[str, ...]  # of each example's paper, "" for the list's own words
    texts: tuple[str, ...]  # the hash of each example's text

    @cached_property
    def arrays(self) -> bytes:
        """The examples as an .npz."""
        return _packed(
            meaning=self.examples.meaning.astype(np.float16),
            words=self.examples.words.astype(np.float16),
            keys=_joined(self.keys),
            texts=_joined(self.texts),
        )

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the arrays."""
        return hashlib.sha256(self.arrays).hexdigest()

    @cached_property
    def _place_of(self) -> dict[tuple[str, str], int]:
        return {name: place for place, name in enumerate(zip(self.keys, self.texts, strict=True))}

    def places(self, examples: Features, keys: Sequence[str], texts: Sequence[str]) -> NDArray[np.int32]:
        """Return where each of these examples stands here, to the last bit of what is stored, or OWN."""
        known = self._place_of
        places = np.array([known.get(name, OWN) for name in zip(keys, texts, strict=True)], dtype=np.int32)
        for own, here in ((examples.meaning, self.examples.meaning), (examples.words, self.examples.words)):
            if own.shape[1:] != here.shape[1:] or len(here) == 0:
                return np.full(len(places), OWN, dtype=np.int32)
            places[(own != here[places]).any(axis=1)] = OWN  # the same text may have been read anew
        return places

    @classmethod
    def load(cls, arrays: bytes | memoryview) -> Base:
        """Return the examples that were stored; raise HeadError when they are damaged."""
        try:
            held = _unpacked(arrays)
            examples = Features(held["meaning"].astype(np.float32), held["words"].astype(np.float32))
            return cls(examples, _split(held["keys"], len(examples)), _split(held["texts"], len(examples)))
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise HeadError(f"what the head compares with cannot be read ({error}); train again") from error


@dataclass(frozen=True)
class Head:
    """Regularised least squares over a kernel (Rifkin 2002), its scores turned into probabilities by a regression."""

    classes: tuple[str, ...]  # the order of columns below and in what it says
    encoder: str  # the name whose vectors it understands
    lexicon: str
    recipe: Recipe
    examples: Features  # what it compares a text with
    weights: Floats  # shape (examples, classes): what each example says
    prior: Floats  # shape (classes,): what is said of a text that is like no example
    slopes: Floats  # shape (classes, classes): scores @ slopes + intercepts, then softmax
    intercepts: Floats  # shape (classes,)
    sure_from: float = 1.0  # the probability from which its answers may be trusted (evaluate.TRUSTED)
    keys: tuple[str, ...] = ()  # of each example's paper, "" for the list's own words
    texts: tuple[str, ...] = ()  # the hash of each example's text

    @cached_property
    def learned_from(self) -> frozenset[str]:
        """The keys of the papers among its examples."""
        return frozenset(key for key in self.keys if key)

    @property
    def base(self) -> Base:
        """Its examples, to store them apart."""
        return Base(self.examples, self.keys, self.texts)

    def scores(self, texts: Features) -> Scores:
        """Return the scores before they are made probabilities, shape (texts, classes); about -1 to 1."""
        return np.asarray(self._likeness(texts) @ self.weights + self.prior, dtype=np.float64)

    def probabilities(self, texts: Features) -> Probabilities:
        """Return the probability of each class, shape (texts, classes)."""
        return self.calibrated(self.scores(texts))

    def calibrated(self, scores: Scores) -> Probabilities:
        """Return what such scores mean as probabilities."""
        return softmax(scores @ self.slopes + self.intercepts)

    def telling_terms(
        self, text: str, features: Features, category: str, lexicon: Lexicon, limit: int = 5
    ) -> list[tuple[str, float]]:
        """Return the terms of the text that speak loudest for the category and against all else, strongest first."""
        return strongest(self.pulls(text, features, category, lexicon), limit)

    def pulls(self, text: str, features: Features, category: str, lexicon: Lexicon) -> dict[str, float]:
        """Return of each known term of the text how it speaks for the category; below 0 against it.

        That is what the term adds to the category's score less the mean of the other scores, to first order:
        its own weight in the text, times how far it moves the text towards examples that speak for the category.
        `features` is the one text's.
        """
        row = lexicon.weigh([text])
        if category not in self.classes or row.nnz == 0 or lexicon.name != self.lexicon:
            return {}
        wanted = self.classes.index(category)
        others = np.delete(self.weights, wanted, axis=1)
        speaks = self.weights[:, wanted] - (others.mean(axis=1) if others.size else 0.0)
        pull = self._likeness(features)[0] * speaks
        # The gradient of the score by the place of the text's words.
        gradient = 2 * self.recipe.words * (pull @ self.examples.words - pull.sum() * features.words[0])
        length = float(np.linalg.norm(lexicon.project([text])[0]))
        parts = row.data * (lexicon.place(row.indices) @ gradient) / max(length, 1e-6)
        return {lexicon.terms[index]: float(part) for index, part in zip(row.indices, parts, strict=True)}

    def _likeness(self, texts: Features) -> Floats:
        return kernel(texts, self.examples, self.recipe.meaning, self.recipe.words)

    def save(self, base: Base | None = None) -> tuple[dict[str, Any], bytes]:
        """Return (meta as JSON values, arrays as an .npz); examples that stand in the base are only named."""
        meta = {
            "format": FORMAT,
            "classes": list(self.classes),
            "encoder": self.encoder,
            "lexicon": self.lexicon,
            "recipe": asdict(self.recipe),
            "sure_from": self.sure_from,
        }
        if base is None:
            places = np.full(len(self.examples), OWN, dtype=np.int32)
        else:
            places = base.places(self.examples, self.keys, self.texts)
        own = np.flatnonzero(places == OWN)
        arrays = _packed(
            places=places,
            meaning=self.examples.meaning[own].astype(np.float16),
            words=self.examples.words[own].astype(np.float16),
            keys=_joined([self.keys[row] for row in own]),
            texts=_joined([self.texts[row] for row in own]),
            weights=self.weights,
            prior=self.prior,
            slopes=self.slopes,
            intercepts=self.intercepts,
        )
        return meta, arrays

    @classmethod
    def load(cls, meta: Mapping[str, Any], arrays: bytes | memoryview, base: Base | None = None) -> Head:
        """Return the head that was saved upon this base; raise HeadError when it is of another format or damaged."""
        if meta.get("format") != FORMAT:
            raise HeadError(f"the head has format {meta.get('format')}, this version reads {FORMAT}; train again")
        try:
            held = _unpacked(arrays)
            examples, keys, texts = _put_together(held, base)
            return cls(
                classes=tuple(meta["classes"]),
                encoder=meta["encoder"],
                lexicon=meta["lexicon"],
                recipe=Recipe(**meta["recipe"]),
                examples=examples,
                weights=held["weights"],
                prior=held["prior"],
                slopes=held["slopes"],
                intercepts=held["intercepts"],
                sure_from=float(meta["sure_from"]),
                keys=keys,
                texts=texts,
            )._checked()
        except (KeyError, TypeError, ValueError, IndexError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise HeadError(f"the head cannot be read ({error}); train again") from error

    def _checked(self) -> Head:
        classes, examples = len(self.classes), len(self.examples)
        fits = (
            self.weights.shape == (examples, classes)
            and len(self.examples.words) == len(self.keys) == len(self.texts) == examples
            and self.slopes.shape == (classes, classes)
            and self.prior.shape == self.intercepts.shape == (classes,)
        )
        if not fits:
            raise ValueError("its arrays and its list of classes differ in length")
        return self


def strongest(pulls: Mapping[str, float], limit: int = 5) -> list[tuple[str, float]]:
    """Return the terms that speak for it, the loudest first."""
    loudest = sorted(pulls, key=lambda term: -pulls[term])[:limit]
    return [(term, pulls[term]) for term in loudest if pulls[term] > 0]


def softmax(scores: Scores) -> Probabilities:
    """Return exp(scores) with rows that sum to 1, without overflow."""
    powers: Probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def _put_together(held: Mapping[str, Any], base: Base | None) -> tuple[Features, tuple[str, ...], tuple[str, ...]]:
    """Return (examples, their keys, their texts' hashes): those of the base and the head's own, in its order."""
    places, count = held["places"], len(held["meaning"])
    own = Features(held["meaning"].astype(np.float32), held["words"].astype(np.float32))
    keys, texts = _split(held["keys"], count), _split(held["texts"], count)
    if (places == OWN).all():
        return own, keys, texts
    if base is None:
        raise ValueError("what it compares with is missing")
    among = np.where(places == OWN, len(base.examples) + np.cumsum(places == OWN) - 1, places)
    pool = Features(
        np.vstack([base.examples.meaning, own.meaning]), np.vstack([base.examples.words, own.words])
    )  # fmt: skip
    all_keys, all_texts = base.keys + keys, base.texts + texts
    return pool[among], tuple(all_keys[at] for at in among), tuple(all_texts[at] for at in among)


def _packed(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _unpacked(arrays: bytes | memoryview) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(bytes(arrays)), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _joined(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)


def _split(names: NDArray[np.uint8], count: int) -> tuple[str, ...]:
    found = tuple(names.tobytes().decode().split("\n")) if count else ()
    if len(found) != count:
        raise ValueError("its examples and their names differ in number")
    return found
