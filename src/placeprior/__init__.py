"""placeprior: what is it worth to tell a dynamic model where it is, and how should it be told?"""

__version__ = "0.1.0"
