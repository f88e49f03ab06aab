"""The study's own inputs: its features of a day beside ours, and the ranges of its published scaler."""

from __future__ import annotations

#: Names in the study's code, names here, and what differs.
FEATURES: list[tuple[list[str], list[str], str]] = [
    (
        ["aod_047", "aod_055"],
        ["aod_047", "aod_055"],
        "Not scaled by a thousand. Gaps under clouds stay in the cube and are filled fold by fold, from training "
        "rows and without anything that names a place; the study filled them once, before any split, with "
        "coordinates and elevation among the inputs. NASA POWER's stand-in is another quantity: the output of a "
        "model, coarse, without gaps, at one wavelength.",
    ),
    (["day_sin", "day_cos"], ["doy_sin", "doy_cos"], "The year has its mean length, so leap years do not jump."),
    (["month_sin", "month_cos"], ["month_sin", "month_cos"], "None."),
    (["year"], ["year"], "None. In a cube of one year it is constant and, once scaled, zero."),
    (
        ["daymet_dayl"],
        ["day_length"],
        "By a formula from date and latitude, not read from Daymet. It tells the latitude, as it does in the study.",
    ),
    (
        ["daymet_prcp"],
        ["precipitation"],
        "From gridMET where Daymet was not fetched. Their days end at different hours, and Daymet has no 31 "
        "December in leap years: it is missing here, where the study repeated a day.",
    ),
    (
        ["daymet_srad"],
        ["radiation"],
        "From gridMET where Daymet was not fetched: then a mean over the whole day, while Daymet's is one over "
        "the hours of daylight.",
    ),
    (
        ["daymet_tmax", "daymet_tmin"],
        ["temperature_max", "temperature_min"],
        "From gridMET, a coarser grid, where Daymet was not fetched.",
    ),
    (
        ["daymet_vp"],
        ["vapour_pressure"],
        "From gridMET where Daymet was not fetched: then computed from relative humidity and temperature.",
    ),
    (
        ["dem"],
        ["elevation"],
        "ETOPO 2022 instead of GMTED2010. Constant in time, so it helps to name a place, as it does in the study.",
    ),
    (
        ["gridmet_th"],
        ["wind_sin", "wind_cos"],
        "Sine and cosine of the direction instead of raw degrees, in which north is both ends of the scale.",
    ),
    (["gridmet_vs"], ["wind_speed"], "None."),
    (
        ["ndvi"],
        ["ndvi"],
        "The last composite that had ended by that day; the study took the nearest in time, future days included, "
        "of another product. Missing stays missing, not 0.",
    ),
    (
        ["wildfire_smoke"],
        ["smoke"],
        "The densest of overlapping outlines, not the last drawn. Unknown is missing, not −1.",
    ),
]

#: Smallest and largest value in the scaler that the base model's authors publish with their code (PM2.5_CONUS_LSTM,
#: commit bf52a72: scalers of inputs and of the target, all years from 2005 to 2021), in the units used here.
RANGES: dict[str, tuple[float, float]] = {
    "pm25": (0.1, 824.1),
    "aod_047": (-52 * 0.001, 4000 * 0.001),
    "aod_055": (-16.5 * 0.001, 3894 * 0.001),
    "doy_sin": (-1, 1),
    "doy_cos": (-1, 1),
    "month_sin": (-1, 1),
    "month_cos": (-1, 1),
    "year": (2005, 2021),
    "day_length": (28_921, 57_447),
    "precipitation": (0, 502.1),
    "radiation": (13.7, 812.3),
    "temperature_max": (-28.1, 50.5),
    "temperature_min": (-41.4, 34.5),
    "vapour_pressure": (16.1, 4345),
    "elevation": (-16, 3793),
    "wind_speed": (0.3, 19.8),
    "ndvi": (-0.98, 0.95),
    "smoke": (0, 3),
}
