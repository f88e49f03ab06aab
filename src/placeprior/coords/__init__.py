"""Places as (longitude, latitude), and what an array says besides its numbers.

``convention`` has the one convention and its checks, ``sphere`` distances, ``country`` the outline of the contiguous
United States, ``land`` its land in cells, ``world`` the land and countries of the globe, ``topology`` the files of
outlines, ``arrays`` masks, labels and gradients, ``columns`` places among other columns. Nothing here knows what was
measured at a place.
"""

from placeprior.coords.columns import places_in
from placeprior.coords.convention import CONUS_BOX, Box, Floats, check_lonlat, grid, span, unwrapped, wrapped
from placeprior.coords.country import ACROSS, ASHORE, at_home, in_state, inside, is_home, nation, states
from placeprior.coords.land import Land, cells
from placeprior.coords.sphere import EARTH_RADIUS_KM, great_circle_km, nearest_km, planar, plane, project, unit_xyz

__all__ = [
    "ACROSS",
    "ASHORE",
    "Box",
    "CONUS_BOX",
    "EARTH_RADIUS_KM",
    "Floats",
    "Land",
    "at_home",
    "cells",
    "check_lonlat",
    "grid",
    "great_circle_km",
    "in_state",
    "inside",
    "is_home",
    "nation",
    "nearest_km",
    "places_in",
    "planar",
    "plane",
    "project",
    "span",
    "states",
    "unit_xyz",
    "unwrapped",
    "wrapped",
]
