"""Evidence beyond scores: small tables made from stored runs, committed beside the scores, read by the pages.

One module a chapter that needs more than scores; its ``collect`` takes a list of stored runs and returns a table, and
:mod:`.collection` lists them. Nothing here draws or writes sentences, and nothing but a page and the command line reads
what it makes.
"""

from placeprior.evidence.tables import STAMPS, is_fresh, path, read

__all__ = ["STAMPS", "is_fresh", "path", "read"]
