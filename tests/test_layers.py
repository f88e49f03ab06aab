"""Maps of a day side by side share one colour scale."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from placeprior.book import layers

LON, LAT = np.arange(-110.0, -104), np.arange(36.0, 41)


pytestmark = pytest.mark.usefixtures("styled")


def field(value):
    return xr.DataArray(
        np.full((len(LAT), len(LON)), value), dims=("y", "x"), coords={"lon": ("x", LON), "lat": ("y", LAT)}
    )


def drawn(fig):
    return [mesh for ax in fig.axes for mesh in ax.collections if isinstance(mesh, QuadMesh) and ax.get_visible()][:3]


@pytest.mark.parametrize(("kind", "ends"), [("amount", (0, 20)), ("difference", (-20, 20))])
def test_all_maps_have_the_same_colours_and_their_titles(kind, ends):
    fig = layers.side_by_side({"one": field(1.0), "two": field(30.0), "three": field(5.0)}, "PM2.5", 20.0, kind=kind)
    assert {(mesh.norm.vmin, mesh.norm.vmax) for mesh in drawn(fig)} == {ends}
    assert [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")] == ["one", "two", "three"]
    assert [ax.get_xlabel() for ax in fig.axes if ax.get_xlabel()] == ["PM2.5 [µg m⁻³]"]
