"""The embedded world: a simulated year of daily PM2.5 over the contiguous US, with truth known everywhere.

``simulation`` puts it together from ``land``, ``sky``, ``fires`` and ``fields``; ``labels`` names what it makes, and
``moments`` hold it against real measurements. No model, encoder or split has a say in it.
"""

from placeprior.data.world.simulation import World

__all__ = ["World"]
