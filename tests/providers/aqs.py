"""AirData's yearly daily files, in the columns and with the several rows a station-day that EPA documents."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

HOST = "aqs.epa.gov/aqsweb/airdata"
HEADER = (
    "State Code,County Code,Site Num,Parameter Code,POC,Latitude,Longitude,Datum,Parameter Name,Sample Duration,"
    "Pollutant Standard,Date Local,Units of Measure,Event Type,Observation Count,Observation Percent,Arithmetic Mean,"
    "1st Max Value,1st Max Hour,AQI,Method Code,Method Name,Local Site Name,Address,State Name,County Name,City Name,"
    "CBSA Name,Date of Last Change"
).split(",")
NAMES = {"88101": "PM2.5 - Local Conditions", "88502": "Acceptable PM2.5 AQI & Speciation Mass"}
#: Sites: state, county, number, and where in the region (share of its width and height).
HOURLY, FILTER = ("06", "019", "0011"), ("06", "107", "2002")
OTHER, OUTSIDE = ("32", "023", "0005"), ("32", "009", "0044")
SHARES = {HOURLY: (0.2, 0.7), FILTER: (0.6, 0.3), OTHER: (0.8, 0.9), OUTSIDE: (1.3, 0.5)}
SMOKE = 20.0  # µg m-3 that an exceptional event adds at the hourly monitor, on the 10th, 20th and 30th
OFFSET = 1.5  # µg m-3 that 88502 reads above 88101


def pm25(lon, lat, day):
    """µg m-3: falls to the east, rises to the north, turns with the year; below zero on the 5th of a month."""
    turn = np.sin(2 * np.pi * day.timetuple().tm_yday / 365.25)
    return round(-0.4 if day.day == 5 else 9 - 0.2 * (lon + 110) + 0.1 * (lat - 37) + 3 * turn, 2)


def place(site, region):
    """Longitude and latitude of a site, degrees, six decimals as EPA gives them."""
    west, south, east, north = region
    along, up = SHARES[site]
    return round(west + along * (east - west), 6), round(south + up * (north - south), 6)


def name(site):
    """As the cube names it."""
    return "-".join(site)


def row(
    site,
    lonlat,
    day,
    value,
    parameter="88101",
    poc=1,
    duration="24-HR BLK AVG",
    standard="PM25 24-hour 2012",
    event="None",
):
    """Return one row of EPA's table."""
    return dict.fromkeys(HEADER, "") | {
        "State Code": site[0],
        "County Code": site[1],
        "Site Num": site[2],
        "Parameter Code": parameter,
        "POC": poc,
        "Latitude": lonlat[1],
        "Longitude": lonlat[0],
        "Datum": "WGS84",
        "Parameter Name": NAMES[parameter],
        "Sample Duration": duration,
        "Pollutant Standard": standard,
        "Date Local": f"{day:%Y-%m-%d}",
        "Units of Measure": "Micrograms/cubic meter (LC)",
        "Event Type": event,
        "Observation Count": 1,
        "Observation Percent": 100.0,
        "Arithmetic Mean": value,
        "State Name": "California",
        "Method Name": "Met One BAM-1020",
        "Date of Last Change": "2022-05-01",
    }


def rows_of(parameter, day, region):
    """Return every row that a day has in a parameter's file."""
    made = []
    if parameter == "88101":
        # An hourly monitor: its hours, and their mean under the standards in force at a time; with an event, the day
        # is there with it and without it.
        at = place(HOURLY, region)
        value = pm25(*at, day)
        made.append(row(HOURLY, at, day, 99.0, duration="1 HOUR", standard="", event="None"))
        if day.day % 10 == 0:
            made += [
                row(HOURLY, at, day, value + SMOKE, event="Included"),
                row(HOURLY, at, day, 77.0, event="Excluded"),
            ]
        else:
            made += [row(HOURLY, at, day, 88.0, standard="PM25 24-hour 2006"), row(HOURLY, at, day, value)]
        # Two filters side by side, every third day; the site's mean is over both.
        at = place(FILTER, region)
        if day.toordinal() % 3 == 0:
            value = pm25(*at, day)
            made += [
                row(FILTER, at, day, value + 1, poc=1, duration="24 HOUR"),
                row(FILTER, at, day, value - 1, poc=2, duration="24 HOUR"),
            ]
        # Of the contiguous United States, outside the region; and Alaska, Hawaii and Canada, put into the region.
        made.append(row(OUTSIDE, place(OUTSIDE, region), day, 5.0))
        made += [row((state, "001", "0001"), place(OTHER, region), day, 6.0) for state in ("02", "15", "CC")]
    else:
        for site in (FILTER, OTHER):
            at = place(site, region)
            made.append(row(site, at, day, round(pm25(*at, day) + OFFSET, 2), parameter, standard=""))
    return made


def pack(rows, year, parameter, member=None, columns=HEADER):
    """Return a zip's bytes with EPA's table of these rows."""
    text, packed = io.StringIO(), io.BytesIO()
    pd.DataFrame(rows, columns=columns).to_csv(text, index=False, quoting=2)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member or f"daily_{parameter}_{year}.csv", text.getvalue())
    return packed.getvalue()


def make(root: Path, period, region, *, change=lambda rows: rows, member=None, columns=HEADER):
    """Write both parameters' files of every year: the period's days and, within its years, three before and after.

    Parameters
    ----------
    change : callable
        Takes a file's rows and returns others.
    member : str, optional
        Name of the table in the zip.
    columns : sequence of str
        Columns that are written.
    """
    first, after = period.first - timedelta(3), (period.last - period.first).days + 7
    days = [first + timedelta(n) for n in range(after)]
    for year in period.years:
        for parameter in NAMES:
            rows = change([made for day in days if day.year == year for made in rows_of(parameter, day, region)])
            path = root / HOST / f"daily_{parameter}_{year}.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pack(rows, year, parameter, member, columns))
