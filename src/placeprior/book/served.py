"""What the page on who is served reads, tabulates and says: gaps between groups, scores of geographic bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placeprior import evidence
from placeprior.arms import arm, with_arm
from placeprior.book import figures, results
from placeprior.book.results import Results
from placeprior.book.words import minus, signed
from placeprior.errors import StoreError
from placeprior.evidence import error_maps, station_errors, who_is_served
from placeprior.evidence.error_maps import ErrorMaps
from placeprior.runs import configuration

HEAD, GEOCLIP = "none+head", "geoclip-hadamard"  # the same network without a place, and the encoder of the study
OUT, WITHIN = "checkerboard-16", "spatial"
#: Arms of the page; after them come the best few of all encoders.
MAIN = [
    "idw",
    "none",
    HEAD,
    "random-vector-hadamard",
    "shuffled-hadamard",
    "urban-hadamard",
    "lonlat",
    "sincos",
    GEOCLIP,
    "geoclip-concat",
]
CONTROLS = MAIN[:6]
BEST = 3  # encoders of the other page that are shown here too
GAPS = [f"{one} − {two}" for one, two in station_errors.PAIRS]
#: Measures of geographic bias: name, unit, digits.
SCORES = {
    "regions": ("spread over regions", figures.UNIT, 2),
    "moran": ("Moran's I of the bias", None, 2),
    "scale": ("by scale", "nats", 3),
    "distance": ("by distance", "nats", 3),
    "direction": ("by direction", "nats", 3),
    "ssi": ("self-information", "nats", 1),
    "ssi-density": ("self-information, by density", "nats", 1),
}
DRAWN = ("scale", "distance", "direction", "ssi")


@dataclass(frozen=True)
class Served:
    """One task: its results, its maps of errors out of and within region, its scores of bias, its best encoders."""

    results: Results
    out: ErrorMaps
    within: ErrorMaps
    bias: pd.DataFrame
    best: list[str]

    @property
    def arms(self) -> list[str]:
        """Those of the page that have a map out of region."""
        return [name for name in (*MAIN, *self.best) if name in self.out.whole]

    @property
    def stations(self) -> int:
        """How many are tested out of region."""
        return len(self.out.lonlat)


def load(profile: str, task: str) -> Served:
    """Committed results of a task, with the seeds of the comparison of all encoders.

    Its scores of geographic bias are empty where they were not made.
    """
    known = configuration.profile(profile)["matrices"]
    parts = [known[name] for name in ("zoo", "handful", "upstream", "satclip") if name in known]
    encoders = {arm(*model.split("/")) for part in parts for model in part["model"]}
    asked = {*MAIN, *encoders}
    own = results.load(profile, task, arms=asked, splits=[OUT, WITHIN], seeds=known["zoo"]["seed"])
    out, within = (error_maps.of_split(own.scores, own.sums, HEAD, split) for split in (OUT, WITHIN))
    try:
        bias = with_arm(evidence.read(profile, "who_is_served"))
    except StoreError:
        bias = pd.DataFrame(columns=["arm", *who_is_served.COLUMNS])
    bias = bias[(bias["task"] == task) & (bias["split"] == OUT) & bias["arm"].isin(asked)]
    return Served(own, out, within, bias, error_maps.best(out, encoders - set(MAIN), BEST))


# --- words ------------------------------------------------------------------------------------------------------------


def short(name: str) -> str:
    """An arm's name without the word that nearly all arms of the page share."""
    return figures.look(name).name.removesuffix(", Hadamard").removesuffix(" (no model)")


def number(value: float, digits: int = 2) -> str:
    """A number as text; a dash where there is none."""
    return minus(f"{value:.{digits}f}") if np.isfinite(value) else "–"


def changed(even: pd.DataFrame, reference: str = HEAD) -> str:
    """How many gaps and spreads telling the place changes clearly, as a sentence.

    Parameters
    ----------
    even : pandas.DataFrame
        As :func:`placeprior.evidence.error_maps.evenness`, of one task.
    reference : str
        Not counted.
    """
    told = even[even["who"].isin([*GAPS, "spread"]) & (even["arm"] != reference)].dropna(subset=["change"])
    clear = told[told["clear"] != 0]
    if clear.empty:
        return f"none of {len(told)} changes of a gap or of the spread over regions is clear"
    # A gap that grows away from zero, or a spread that grows, is a less even service.
    wider = int((clear["value"].abs() > (clear["value"] - clear["change"]).abs()).sum())
    verb = "is" if len(clear) == 1 else "are"
    return (
        f"{len(clear)} of {len(told)} changes of a gap or of the spread over regions {verb} clear: "
        f"{wider} towards a less even service, {len(clear) - wider} towards a more even one"
    )


def beyond_chance(bias: pd.DataFrame, arms: Sequence[str], level: float = 0.05) -> str:
    """How many arms are beyond chance by every score and in every seed, as words."""
    own = bias[bias["arm"].isin(arms) & bias["measure"].isin(DRAWN)].dropna(subset=["p"])
    worst = own.groupby("arm")["p"].max()
    count = int((worst < level).sum())
    told = f"{count} of {len(worst)} arms {'is' if count == 1 else 'are'} beyond chance"
    return f"{told} (p < {level:g}) by every score and in every seed"


def by_chance(seeds: int) -> str:
    """How often seeds agree on a sign by luck alone, as a sentence."""
    if seeds < 2:
        return "One seed cannot agree or disagree with itself: the counts are of signs, whatever their size."
    return (
        f"With {seeds} seeds, an encoder without any effect has all its changes above zero in one case of {2**seeds}; "
        f"so {100 / 2**seeds:.0f} % of the encoders on each side is what chance alone would give, if seeds were all "
        "that varied and `none+head` were known exactly. It is not, and its luck is in the changes of all encoders "
        "alike: counts can stray far from that share together."
    )


def verdict(counts: pd.DataFrame) -> str:
    """Whether encoders raise geographic bias, from how many raise or lower each measure.

    Parameters
    ----------
    counts : pandas.DataFrame
        As :func:`placeprior.evidence.error_maps.raised`, of one task; each kind of measure once.
    """
    if counts["arms"].max() < error_maps.FEWEST:
        return "too few encoders were run to judge the claim"
    for side, words in (("raise", "borne out"), ("lower", "contradicted: most encoders lower it")):
        if (counts[side] > counts["arms"] / 2).mean() > 0.5:
            return f"by most of these measures, the claim that encoders raise geographic bias is {words}"
    return "neither holds as a rule: it depends on the measure and on the encoder"


# --- tables -----------------------------------------------------------------------------------------------------------


def improved(own: Served, arms: Sequence[str]) -> pd.DataFrame:
    """Share of stations where an arm makes errors smaller, by group, as text."""
    groups = ["all", *(who for pair in station_errors.PAIRS for who in pair)]
    rows = {short(name): error_maps.improved(own.out, name, HEAD).reindex(groups) for name in arms}
    table = pd.DataFrame(rows).T.rename_axis("told about the place")
    return table.map(lambda share: number(100 * share, 0)).rename(columns={"all": "all stations"})


def regions(own: Served, even: pd.DataFrame) -> pd.DataFrame:
    """RMSE by climate region, their spread and that of all stations, as text."""
    shown = ["idw", HEAD, "urban-hadamard", "lonlat", "sincos", GEOCLIP, *own.best]
    wide = even.pivot(index="who", columns="arm", values="value")
    names = [name for name in station_errors.CLIMATES if name in wide.index]
    count = even.drop_duplicates("who").set_index("who")["stations"]
    table = wide.loc[[*names, "spread", "all"], [name for name in shown if name in wide]].map(number)
    table.insert(0, "stations", [*(str(count[name]) for name in names), "", str(own.stations)])
    bold = {"spread": "**spread**", "all": "**all stations**"}
    return table.rename(index=bold, columns=short).rename_axis(index="region", columns=None)


def gap_changes(even: pd.DataFrame) -> pd.DataFrame:
    """Change of each gap, of the spread and of the RMSE against the same network without a place, as text."""
    cells = even.assign(
        text=[
            "–"
            if not np.isfinite(row.change)
            else ("**{}**" if row.clear else "{}").format(number(row.change)) + f" ({signed(row.low, row.high, 2)})"
            for row in even.itertuples()
        ]
    )
    wide = cells.pivot(index="arm", columns="who", values="text")
    arms = [name for name in even["arm"].unique() if name not in (HEAD, "idw")]
    columns = [who for who in (*GAPS, "spread", "all") if who in wide]
    named = {"spread": "spread over regions", "all": "RMSE"}
    table = wide.loc[arms, columns].rename(index=short, columns=named)
    return table.rename_axis(index="told about the place", columns=None)


def scores(own: Served) -> pd.DataFrame:
    """Measures of every arm: mean ± standard deviation over seeds, and standard deviations of the null above chance."""
    bias = own.bias.assign(z=(own.bias["value"] - own.bias["chance"]) / own.bias["sd"])
    told = bias.groupby(["arm", "measure"]).agg(mean=("value", "mean"), sd=("value", "std"), z=("z", "mean"))

    def text(name: str, key: str) -> str:
        if (name, key) not in told.index or not np.isfinite(told.loc[(name, key), "mean"]):
            return "–"
        one, digits = told.loc[(name, key)], SCORES[key][2] if key in SCORES else 2
        sd = f" ± {one['sd']:.{digits}f}" if np.isfinite(one["sd"]) else ""
        z = f" ({one['z']:+.0f})" if np.isfinite(one["z"]) else ""
        return minus(f"{one['mean']:.{digits}f}{sd}{z}")

    heads = {"rmse": f"RMSE, {figures.UNIT}"}
    heads |= {key: f"{name}, {unit}" if unit else name for key, (name, unit, _) in SCORES.items()}
    arms = [name for name in own.arms if name in set(bias["arm"])]
    rows = {short(name): {head: text(name, key) for key, head in heads.items()} for name in arms}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("told about the place")


def planted(found: pd.DataFrame) -> pd.DataFrame:
    """Standard deviations above chance of each pattern and measure, as text."""
    kept = {key: name for key, (name, *_) in SCORES.items() if key != "ssi-density"}
    table = found.reindex(columns=list(kept)).map(lambda z: number(z, 1))
    return table.rename(columns=kept).rename_axis(index="pattern", columns=None)


def raised(counts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How many encoders raise or lower each measure, and the rank correlation with the change of RMSE, as text.

    Parameters
    ----------
    counts : mapping
        Title of a task to table, as :func:`placeprior.evidence.error_maps.raised`.
    """
    rows = []
    for title, table in counts.items():
        for row in table.itertuples():
            up, down = (int(table.loc[row.Index, side]) for side in ("raise", "lower"))
            rho = "–" if not np.isfinite(row.rho) else minus(f"{row.rho:+.2f}") + f" ({signed(row.low, row.high, 2)})"
            rows.append((title, SCORES[row.measure][0], row.arms, up, down, row.arms - up - down, rho))
    correlation = "rank correlation with the change of RMSE"
    heads = ["task", "measure", "encoders", "raise it", "lower it", "seeds disagree", correlation]
    return pd.DataFrame(rows, columns=heads)
