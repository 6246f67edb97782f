"""The sentence of an abstract by which a head's answer is best understood: the one whose words speak loudest for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.classifier.lexicon import Lexicon

# A full stop, a question or an exclamation mark ends a sentence where a space and no small letter follow; Chinese
# ones do so by themselves.
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^a-z\s])|(?<=[。！？])\s*")
# What a full stop stands after without ending a sentence.
_SHORTENED = re.compile(r"(?:\b(?:e\.g|i\.e|et al|etc|vs|cf|resp|w\.r\.t|Fig|Figs|Eq|Eqs|Sec|Tab|No)|\b[A-Z])\.$")


def split(text: str) -> list[str]:
    """Return the sentences of a text, each as it stands in it, without the space around it."""
    found: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        if not _SHORTENED.search(text[begin : end.start()]):
            found.append(text[begin : end.end()].strip())
            begin = end.end()
    return [sentence for sentence in (*found, text[begin:].strip()) if sentence]


def trigger(abstract: str, pulls: Mapping[str, float], lexicon: Lexicon) -> str:
    """Return the sentence that speaks loudest, given how each term does (Head.pulls); "" where none speaks for it.

    A sentence speaks by the sum over its terms, each counted once. Of what was tried (docs/classifier.md) this names
    most often the sentence without which the whole text, encoded anew, would speak least for the category.
    """
    voices = [(_voice(sentence, pulls, lexicon), sentence) for sentence in split(abstract)]
    loudest, sentence = max(voices, key=lambda voice: voice[0], default=(0.0, ""))
    return sentence if loudest > 0 else ""


def _voice(sentence: str, pulls: Mapping[str, float], lexicon: Lexicon) -> float:
    return sum(pulls.get(word, 0.0) for word in sorted(set(lexicon.words(sentence))))
