"""The way from providers to results without a network: small made-up files, served here, through the real commands.

Plan, fetch, check and build five weeks of a small region, then train every main variant once at the paper's size for
one epoch and execute the page on one's own runs and the data card. Everything goes to ``build/rehearsal``; started
again, it goes on from there.

    python scripts/rehearse.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import providers  # noqa: E402
from providers import aqs, daymet, elevation, gridmet, gsod, hms, modis, power  # noqa: E402

from placeprior.data import READ_FROM  # noqa: E402
from placeprior.data.sources import NAMES, Period, Region, get  # noqa: E402
from placeprior.runs import configuration  # noqa: E402

FOLDER = ROOT / "build" / "rehearsal"
PERIOD, REGION = "2021-08-01/2021-09-04", "-118,36,-116,39"  # within one tile of MODIS' grid
MONITORS = 60
PRODUCTS = {"maiac": "MCD19A2", "ndvi": "MOD13A2"}
PROFILE = "predictors"


def say(line: str) -> None:
    print(f"rehearsal: {line}", flush=True)


def command(*arguments: str, where: Path = FOLDER) -> None:
    """Run the command line as a person would."""
    say("placeprior " + " ".join(arguments))
    subprocess.run([str(Path(sys.executable).with_name("placeprior")), *arguments], cwd=where, check=True)


def provide(mirror: Path, period: Period, region: Region) -> list:
    """Make every provider's files; returns what answers their searches."""
    say(f"making the providers' files in {mirror.relative_to(ROOT)}")
    rng = np.random.default_rng(0)
    places = rng.uniform(np.array(region[:2]) + 0.1, np.array(region[2:]) - 0.1, (MONITORS, 2)).round(6)

    def more(rows: list[dict]) -> list[dict]:
        """Beside the few sites of the layouts, enough for a split."""
        days = sorted({row["Date Local"] for row in rows})
        if rows and rows[0]["Parameter Code"] != "88101":
            return rows
        return rows + [
            aqs.row(
                ("06", f"{900 + n // 10}", f"{n:04d}"),
                tuple(place),
                np.datetime64(day).item(),
                round(aqs.pm25(*place, np.datetime64(day).item()) + float(rng.normal()), 1),
            )
            for n, place in enumerate(places)
            for day in days
        ]

    aqs.make(mirror, period, region, change=more)
    for source in (gridmet, daymet, hms, power, elevation):
        source.make(mirror, period, region)
    for name, product in PRODUCTS.items():
        told = {item.path.split(".")[1][1:] for item in get(name).list(period, region)}  # year and day of year
        modis.make(mirror, product, pd.to_datetime(sorted(told), format="%Y%j"), region)
    return [daymet.answering(mirror), modis.answer(mirror), power.answer]


def project() -> Path:
    """A project folder whose profile asks for the five weeks and one epoch."""
    folder = FOLDER / "project"
    folder.mkdir(parents=True, exist_ok=True)
    runs = yaml.safe_load((ROOT / "runs.yml").read_text(encoding="utf-8"))
    profile = runs["profiles"][PROFILE]
    profile["settings"] = {"epochs": 1}
    for task in profile["tasks"].values():
        task["options"]["period"] = _label()
    profile["matrices"] = {"core": profile["matrices"]["core"] | {"split": ["spatial"], "fold": [1], "seed": [0]}}
    runs["profiles"] = {PROFILE: profile}
    runs["pages"] = {
        "rerun": runs["pages"]["rerun"] | {"profile": PROFILE},
        "card": {"notebook": "21_card", "profile": PROFILE, "parameters": {"period": _label()}},
    }
    (folder / "runs.yml").write_text(yaml.safe_dump(runs, sort_keys=False), encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", dirs_exist_ok=True)
    return folder


def _label() -> str:
    period, region = Period.parse(PERIOD), Region.parse(REGION)
    return f"{period.label}-{region.label}"


def main() -> None:
    """Rehearse."""
    period, region = Period.parse(PERIOD), Region.parse(REGION)
    mirror = FOLDER / "mirror"
    answers = provide(mirror, period, region)
    with providers.serve(mirror) as provider:
        provider.answers += answers
        os.environ |= {
            "PLACEPRIOR_MIRROR": provider.url,
            "PLACEPRIOR_CACHE": str(FOLDER / "cache"),
            "PLACEPRIOR_DATA": str(FOLDER / "cubes"),
            "EARTHDATA_TOKEN": "rehearsal",
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        }
        (FOLDER / "cubes").mkdir(exist_ok=True)
        asked = ["--year", PERIOD, "--region", REGION, "--sources", ",".join(NAMES)]
        _tables(mirror, region)
        command("data", "plan", *asked)
        command("data", "fetch", *asked)
        command("data", "check", *asked)
        command("data", "build", *asked)
        command("data", "build", "--grid", *asked)
        command("data", "check", str(FOLDER / "cubes" / f"stations-{_label()}.zarr"))
        command("data", "check", str(FOLDER / "cubes" / f"grid-{_label()}.zarr"))
    _train_and_show(project())
    say("done")


def _tables(mirror: Path, region: Region) -> None:
    """EPA's and NOAA's yearly files, as the real runs read them: a few days of each year, in a mirror of their own."""
    for source, maker in (("aqs", aqs), ("gsod", gsod)):
        for year in sorted({year for years in READ_FROM.values() for year in years.get(source, ())}):
            # Weather of somewhat more days, as the other file has some before and after.
            days = f"{year}-03-10/{year}-03-14" if source == "aqs" else f"{year}-03-01/{year}-03-31"
            if source != "aqs" or str(year) not in PERIOD:  # that year's is made already
                maker.make(mirror, Period.parse(days), region)
    tables = FOLDER / "tables"
    command("data", "plan", "--for", "aqs")
    command("data", "fetch", "--for", "aqs", "-o", str(tables))
    os.environ["PLACEPRIOR_DATA"] = str(tables)
    command("data", "check", "--for", "aqs")
    for task in READ_FROM:
        command("data", "check", task)
    os.environ["PLACEPRIOR_DATA"] = str(FOLDER / "cubes")


def _train_and_show(folder: Path) -> None:
    """Make the runs and the pages in the project folder."""
    os.chdir(folder)
    from placeprior.book import pages
    from placeprior.runs import collecting, making, plan

    fields = str(FOLDER / "cubes" / f"grid-{_label()}.zarr")
    for run in plan.runs(PROFILE, "core"):
        making.make(run, log=say)
        if run.model in ("idw", "geoclip/hadamard"):
            command(
                "map", run.id, "--day", PERIOD.split("/")[1], "--grid", fields, "-o", f"{run.variant}.png", where=folder
            )
    collecting.collect_scores(PROFILE)
    for page in configuration.content()["pages"]:
        pages.execute(page, folder / "chapters" / f"{page}.ipynb")
        say(f"page {page}")


if __name__ == "__main__":
    main()
