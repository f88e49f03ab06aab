"""Names, units and meaning of everything the embedded world makes, and the Dataset that carries them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from placeprior.data.cube import PM25_UNITS
from placeprior.data.world.fields import Array

START = np.datetime64("2021-01-01", "ns")  # a nominal year; nothing in it happened
COMPONENTS = {
    "background": ("µg m-3", "regional background"),
    "local": ("µg m-3", "local emissions"),
    "heating": ("µg m-3", "residential heating"),
    "smoke_surface": ("µg m-3", "wildfire smoke at the surface"),
    "smoke_column": ("µg m-3", "wildfire smoke, mean of the column"),
    "aod_true": ("1", "aerosol optical depth without noise and clouds"),
    "hidden": ("1", "variation no predictor shows directly, standardised"),
    "cloudy": ("1", "no satellite view (1) or view (0)"),
    "elevation": ("m", "stylised elevation"),
    "basin": ("1", "basin index: 0 open, 1 walled"),
    "density": ("km-2", "smoothed population density"),
    "crowd": ("km-2", "what place factors follow: population density, or a regional character like it"),
    "urbanity": ("1", "urbanity: log crowd, 1 at 3,000 people km-2"),
    "arid": ("1", "aridity: 0 humid, 1 arid"),
    "level": ("1", "regional character of the background, standardised"),
    "industry": ("1", "regional character of emissions a person, standardised"),
    "stoves": ("1", "regional character of heating, standardised"),
    "column": ("1", "regional character of the column, standardised"),
    "sources": ("1", "regional character in place of people, standardised"),
}
VERSION = 3  # raise when a change of the formulas changes the world
PREDICTORS = {
    "aod": ("1", "aerosol optical depth at 550 nm, missing under cloud"),
    "temperature": ("degC", "air temperature at 2 m"),
    "humidity": ("%", "relative humidity at 2 m"),
    "wind_speed": ("m s-1", "wind speed at 10 m"),
    "wind_sin": ("1", "sine of the direction the wind comes from"),
    "wind_cos": ("1", "cosine of the direction the wind comes from"),
    "boundary_layer_height": ("m", "height of the mixed layer"),
    "precipitation": ("mm", "precipitation of the day"),
    "smoke": ("1", "analysed smoke class: 0 none, 1 light, 2 medium, 3 heavy"),
    "doy_sin": ("1", "sine of the day of the year"),
    "doy_cos": ("1", "cosine of the day of the year"),
}
TRUTH = {"pm25_true": (PM25_UNITS, "true daily mean PM2.5 of the embedded world")}
OBSERVED = {"pm25": (PM25_UNITS, "daily mean PM2.5 as a simulated instrument reports it")}


def pack(
    values: dict[str, Array], dims: tuple[str, ...], days: Array, described: dict[str, tuple[str, str]], source: str
) -> xr.Dataset:
    """Put arrays into a labelled float32 Dataset.

    Parameters
    ----------
    values : dict of ndarray
        Arrays by name, over ``dims`` or, where static, over ``dims`` without its last.
    dims : tuple of str
        Dimensions, time last.
    days : ndarray
        Day numbers (T,) from ``START``.
    described : dict
        Name to (units, meaning) of the variables to keep, in order.
    source : str
        What made them.
    """
    out = xr.Dataset(coords={"time": START + days.astype("timedelta64[D]")})
    for name, (units, text) in described.items():
        value = np.asarray(values[name], dtype=np.float32)
        role = "predictor" if name in PREDICTORS else "target" if name in OBSERVED else "truth"
        kept = dims if value.ndim == len(dims) else dims[:-1]
        out[name] = (kept, value, {"units": units, "long_name": text, "role": role})
    out.attrs = {
        "title": "the embedded world (simulated)",
        "source": source,
        "embedded": 1,
        "licence": "MIT; town populations from GeoNames, CC BY 4.0",
    }
    return out


def place(dataset: xr.Dataset, lon: Array, lat: Array, dims: tuple[str, str]) -> xr.Dataset:
    """Return the Dataset with coordinates ``lon`` and ``lat`` over the named dimensions."""
    return dataset.assign_coords(
        lon=(dims[0], lon, {"units": "degrees_east", "long_name": "longitude"}),
        lat=(dims[1], lat, {"units": "degrees_north", "long_name": "latitude"}),
    )
