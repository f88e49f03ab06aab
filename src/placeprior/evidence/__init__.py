"""Evidence beyond scores: small tables made from stored runs, committed beside the scores, read by the pages.

One module a topic. Those with a ``collect`` take a list of stored runs and return the table that is kept:
against_itself, artefacts, choosing, clusters, contrast, coverage, decomposition, distances, downscaling, foreseen,
gallery, importance, likeness, map_error, national_maps, prior, record, scaling, subsets, transfer, transferability,
traps, uncertainty, upstream and who_is_served; :mod:`.collection` lists them. The others compute from committed scores
and from these tables when a page asks. Nothing here draws or writes sentences; pages, book and command line read what
it makes.
"""

from placeprior.evidence.tables import STAMPS, is_fresh, path, read

__all__ = ["STAMPS", "is_fresh", "path", "read"]
