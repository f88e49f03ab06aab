"""placeprior: what is it worth to tell a dynamic model where it is, and how should it be told?"""

from placeprior.provenance import processor

__version__ = "0.1.0"

processor.limit()  # before anything imports PyTorch, which looks once
