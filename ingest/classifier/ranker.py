"""Labels -> an order of reading: a ridge regression that is refitted after every label.

For the labelled papers x with targets t (1 relevant, -1 not) and weights w it solves

    minimise  sum of w (x·v - t)²  +  ridge |v|²

in the dual form, (X Xᵀ + ridge / w) a = t and v = Xᵀ a, by conjugate gradients (Hestenes and Stiefel 1952) with
Jacobi's preconditioner. One more label changes little, so the last answer is a start from which few steps are left.

A relevant paper weighs 1. All irrelevant papers together weigh a fixed share of all relevant ones, as in ASReview's
balance: what was read in vain says less of what is wanted than what was found, however much of it there is. Unlike
there the weights are not brought to a mean of 1, so that the penalty stays in proportion to the relevant papers.
Near-copies share the weight of one paper.

Arrays in, arrays out: no text, no database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

LARGEST_GRAM = 4096  # labels up to which their products are kept, in at most 64 MB; beyond, they are computed anew
MOST_STEPS = 100  # of a refit; a few are usual
EXACT = 1e-4  # the residual of a solution, as a share of the targets


@dataclass(frozen=True, slots=True)
class Recipe:
    """How labels are weighed. Chosen on other tasks than those of the reported figures; see docs/classifier.md."""

    ridge: float = 0.3  # where a row's mean length is 1
    balance: float = 10.0  # weight of all relevant papers, where that of all irrelevant ones is 1
    near_copy: float = 0.9  # cosine of two papers from which on they count as one


@dataclass(frozen=True, slots=True)
class Direction:
    """A vector in the space of the rows."""

    terms: Floats  # shape (terms,)
    vectors: Floats  # shape (dimensions,)


@dataclass(frozen=True)
class Rows:
    """The papers of a pool as rows [terms, vectors], less their mean.

    The mean of the terms is subtracted in the products only: in memory it would make a sparse matrix dense.
    """

    terms: csr_matrix  # shape (papers, terms), float32
    mean_terms: Floats  # shape (terms,)
    vectors: Floats  # shape (papers, dimensions), less their mean already

    def __len__(self) -> int:
        return int(self.terms.shape[0])

    def one(self, paper: int) -> Direction:
        """Return a paper's own row."""
        terms = -self.mean_terms
        begin, end = self.terms.indptr[paper : paper + 2]
        terms[self.terms.indices[begin:end]] += self.terms.data[begin:end]
        return Direction(terms, self.vectors[paper])

    def combined(self, amounts: Floats) -> Direction:
        """Return the sum of the rows, so much of each."""
        terms: Floats = self.terms.T @ amounts - amounts.sum() * self.mean_terms
        return Direction(terms, amounts @ self.vectors)

    def along(self, direction: Direction) -> Floats:
        """Return the product of every row with a direction, shape (papers,)."""
        products: Floats = self.terms @ direction.terms - self.mean_terms @ direction.terms
        products += self.vectors @ direction.vectors
        return products

    def squares(self) -> Floats:
        """Return the square of every row's length, shape (papers,)."""
        squares = np.asarray(self.terms.multiply(self.terms).sum(axis=1), dtype=np.float32).ravel()
        squares += self.mean_terms @ self.mean_terms - 2 * (self.terms @ self.mean_terms)
        squares += np.einsum("ij,ij->i", self.vectors, self.vectors)
        positive: Floats = np.maximum(squares, np.float32(1e-9))
        return positive


class Ranker:
    """A pool of papers, what is known of some of them, and how the model rates all."""

    def __init__(self, pool: Rows, recipe: Recipe | None = None) -> None:
        self._pool = pool
        self._recipe = recipe or Recipe()
        self._squares = pool.squares()
        self._labelled = np.zeros(0, dtype=np.intp)
        self._relevant = np.zeros(0, dtype=np.bool_)
        self._copies = np.zeros(0, dtype=np.float32)  # labelled papers, itself included, that say the same as one
        self._amounts = np.zeros(0, dtype=np.float32)
        self._gram: Floats = np.zeros((64, 64), dtype=np.float32)

    def label(self, paper: int, relevant: bool) -> None:
        """Learn what a person said of a paper that had no label."""
        products = self._pool.along(self._pool.one(paper))
        copies = self._copies_of(paper, relevant, products)
        self._copies[copies] += 1
        self._labelled = np.append(self._labelled, paper)
        self._relevant = np.append(self._relevant, relevant)
        self._copies = np.append(self._copies, np.float32(1 + copies.sum()))
        self._amounts = np.append(self._amounts, np.float32(0))
        self._keep(products[self._labelled])

    def scores(self) -> Floats:
        """Refit, and return how likely each paper of the pool is wanted, shape (papers,), on no particular scale."""
        weights = weigh(self._relevant, np.float32(1) / self._copies, self._recipe.balance)
        penalty = self._recipe.ridge / weights
        targets = np.where(self._relevant, np.float32(1), np.float32(-1))
        diagonal = self._squares[self._labelled]
        self._amounts = solve(self._products, diagonal, penalty, targets, self._amounts)
        return self._pool.along(self._pool.combined(self._spread(self._amounts)))

    def _copies_of(self, paper: int, relevant: bool, products: Floats) -> Flags:
        lengths = np.sqrt(self._squares[self._labelled] * self._squares[paper])
        copies: Flags = (products[self._labelled] >= self._recipe.near_copy * lengths) & (self._relevant == relevant)
        return copies

    def _keep(self, products: Floats) -> None:
        """Add the products of the last labelled paper with all labelled ones to the Gram matrix."""
        size = len(products)
        if size > LARGEST_GRAM:
            self._gram = self._gram[:0, :0]
            return
        if size > len(self._gram):
            self._gram = np.pad(self._gram, (0, len(self._gram)))
        self._gram[size - 1, :size] = self._gram[:size, size - 1] = products

    def _products(self, amounts: Floats) -> Floats:
        """Return the product of each labelled row with the sum of so much of each."""
        size = len(amounts)
        if size <= len(self._gram):
            products: Floats = self._gram[:size, :size] @ amounts
            return products
        return self._pool.along(self._pool.combined(self._spread(amounts)))[self._labelled]

    def _spread(self, amounts: Floats) -> Floats:
        """Return the amounts of labelled papers at their places in the pool, zeros elsewhere."""
        spread = np.zeros(len(self._pool), dtype=np.float32)
        spread[self._labelled] = amounts
        return spread


def weigh(relevant: Flags, shares: Floats, balance: float) -> Floats:
    """Return the weight of each label: its share of one paper, the irrelevant ones brought down by the balance."""
    found, in_vain = shares[relevant].sum(), shares[~relevant].sum()
    scale = max(found, 1) / (balance * in_vain) if in_vain else 1
    return np.where(relevant, shares, shares * scale).astype(np.float32)


def solve(
    products: Callable[[Floats], Floats], diagonal: Floats, penalty: Floats, targets: Floats, start: Floats
) -> Floats:
    """Return `a` with (K + penalty) a = targets, shape (rows,), by conjugate gradients from a first guess.

    K is positive and given by its products with a vector and its diagonal; `penalty` is a diagonal, too.
    """
    scale = np.float32(1) / (diagonal + penalty)
    amounts = start.copy()
    residual = targets - products(amounts) - penalty * amounts
    scaled = step = scale * residual
    before = residual @ scaled
    for _ in range(MOST_STEPS):
        if residual @ residual <= EXACT**2 * len(targets):
            break
        image = products(step) + penalty * step
        length = before / (step @ image)
        amounts += length * step
        residual -= length * image
        scaled = scale * residual
        now = residual @ scaled
        step = scaled + (now / before) * step
        before = now
    return amounts
