"""The scores of geographic bias, under the name by which others import them."""

from placeprior.scores.fairness.geobias import sri, ssi

__all__ = ["sri", "ssi"]
