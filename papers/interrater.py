"""How often two curators say the same of a paper, in a list that wants two opinions: by share, and beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from papers.models import Decision, Opinion, PaperList

LATEST = 4000  # opinions that are looked at


@dataclass(frozen=True, slots=True)
class Concord:
    """How often two agreed; their names are empty where all pairs are told of together."""

    agreed: int
    of: int  # papers on which both spoke
    kappa: float | None  # None where chance alone would always agree, and of nothing
    one: str = ""
    other: str = ""

    @property
    def share(self) -> float | None:
        """The share from 0 to 1; None of nothing."""
        return self.agreed / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Between:
    """How often curators agree."""

    everybody: Concord  # who spoke first with who spoke second
    pairs: tuple[Concord, ...]  # of two people, those with most papers first


NOTHING = Between(Concord(0, 0, None), ())

Pair = tuple[str, str]  # what one and the other said


def between(paper_list: PaperList) -> Between:
    """Return how often curators agree, of the latest papers on which two spoke and nobody took the decision back."""
    in_force = Q(decision=None) | Q(decision__in=Decision.objects.filter(list=paper_list).not_taken_back())
    spoken = Opinion.objects.filter(in_force, list=paper_list).order_by("-pk")
    rows = spoken.values_list("paper", "decision", "user__username", "kind", "category__key", "duplicate_of")
    by_paper: dict[tuple[int, int | None], list[tuple[str, str]]] = {}
    for paper, decision, user, kind, category, duplicate_of in reversed(rows[:LATEST]):
        by_paper.setdefault((paper, decision), []).append((user, f"{kind} {category or duplicate_of or ''}"))
    found = [(each[0], each[1]) for each in by_paper.values() if len(each) > 1]
    by_people: dict[Pair, list[Pair]] = {}
    for first, second in found:
        (one, said), (other, replied) = sorted((first, second))
        by_people.setdefault((one, other), []).append((said, replied))
    pairs = [_concord(said, *people) for people, said in by_people.items()]
    return Between(
        _concord([(first[1], second[1]) for first, second in found]),
        tuple(sorted(pairs, key=lambda each: (-each.of, each.one, each.other))),
    )


def _concord(said: Sequence[Pair], one: str = "", other: str = "") -> Concord:
    return Concord(sum(first == second for first, second in said), len(said), kappa(said), one, other)


def kappa(said: Sequence[Pair]) -> float | None:
    """Return Cohen's kappa: agreement beyond what the two would come to by chance, at most 1, 0 for chance alone.

    Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960) 37-46.
    """
    if not said:
        return None
    n = len(said)
    firsts, seconds = (Counter(pair[place] for pair in said) for place in (0, 1))
    by_chance = sum(firsts[name] * seconds[name] for name in firsts) / n**2
    observed = sum(first == second for first, second in said) / n
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
