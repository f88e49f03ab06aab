# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"
real = "aqs"

# %% tags=["remove-cell"]
import textwrap

import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import data, evidence
from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import captioned, gains
from placeprior.book.words import INTERVAL, NOTE, listed, minus, rule, said, signed, who
from placeprior.errors import StoreError
from placeprior.evidence import subsets
from placeprior.runs import plan
from placeprior.scores import error_parts, interval

figures.style()
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}
REAL = [task for task in TASKS if task != "world"]
NAMES = {
    "all": "all days",
    "high-35": "at least 35",
    "high-55": "at least 55",
    "smoke": "smoke",
    "no-smoke": "no smoke",
    "episode": "smoke proxy",
    "no-episode": "other days",
    "DJF": "winter",
    "MAM": "spring",
    "JJA": "summer",
    "SON": "autumn",
}
SEASONS = list(subsets.SEASONS)
LEVELS = [f"{level:.0f}" for level in error_parts.LEVELS]
UNIT = figures.UNIT


def load(name):
    """Evidence with each arm's difference to the network that has all but the place; and what is missing."""
    table = with_arm(evidence.read(name, "subsets"))
    order = arm_order(table["arm"])
    table = table.sort_values("arm", key=lambda arms: arms.map(order.index), kind="stable")
    # An encoder's vector comes with one more layer; where the same layer without a place was trained, it is the reference.
    with_head = table["fusion"].isin(["hadamard", "concat"]) & table["difference_head"].notna()
    for column in ("difference", "low", "high", "fits"):
        table[f"own_{column}"] = table[f"{column}_head"].where(with_head, table[f"{column}_none"])
    table["reference"] = np.where(with_head, "none+head", "none")
    # As compare.who reads a table.
    gaps = table.drop(columns=["fits"]).rename(columns=lambda name: name.removeprefix("own_"))
    gaps["clear"] = interval.clear(gaps["low"].to_numpy(float), gaps["high"].to_numpy(float))
    return table, gaps[gaps["difference"].notna()]


table, gaps = load(profile)
if "world" not in set(table["task"]):
    raise StoreError(
        f"the strata of profile {profile!r} hold no run of the embedded world; `doit evidence:{profile}:subsets`"
    )
absent = ""
try:
    found = load(real)
    table, gaps = pd.concat([table, found[0]]), pd.concat([gaps, found[1]])
except StoreError as error:
    absent = str(error)
tasks = [task for task in TASKS if task in set(table["task"])]
MEANS = table.set_index(["task", "split", "arm", "stratum", "metric"])["value"].to_dict()
told = gaps[~gaps["arm"].isin(["none+head", "idw"])]  # the arms that are told a place


def where(split):
    return SPLITS.get(split, split)


def title(task):
    return TASKS[task][0].upper() + TASKS[task][1:]


def splits_of(task):
    return splits_in(table[table["task"] == task])


def value(task, split, arm, metric, stratum="all"):
    """One mean score, NaN where there is none."""
    return MEANS.get((task, split, arm, stratum, metric), np.nan)


def part(frame, task, split=None, stratum="all", metric="rmse"):
    rows = frame[(frame["task"] == task) & (frame["stratum"] == stratum) & (frame["metric"] == metric)]
    return rows if split is None else rows[rows["split"] == split]


def arms_in(task, split):
    return arm_order(part(table, task, split)["arm"])


def about(task):
    return f"profile {profile if task == 'world' else real}, {'embedded world' if task == 'world' else 'real measurements'}"


def panels_of(which):
    return [(task, split) for task in which if task in tasks for split in splits_of(task)]


def heading(task, split):
    return where(split) if task == "world" else f"{TASKS[task]}\n{where(split)}"


def sign_off(fig, which, note=""):
    """The line under a figure, or a note in its place where the results are not there."""
    shown = (
        part(table[table["task"].isin(which)], which[0])
        if len(which) == 1
        else table[table["task"].isin(which) & (table["stratum"] == "all") & (table["metric"] == "rmse")]
    )
    world = which == ["world"]
    n = int(shown["n"].max()) if len(shown) else 0
    return figures.label(
        fig, profile if world else real, n=n, of="station-days a fit at most", embedded=world, note=note
    )


def nothing(which):
    fig, ax = figures.subplots(size=(6.4, 1.0))
    ax.set_axis_off()
    ax.text(0, 0.5, "these results are not there yet", va="center")
    return sign_off(fig, which)


def names_on(ax, arms, first=None):
    names = ([] if first is None else [first]) + [figures.look(arm).name for arm in arms]
    ax.set_yticks(range(len(names)), [textwrap.fill(name, 24) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)


PARTS = {"between": ("means of places", "#0173b2", ""), "within": ("their days", "#de8f05", "////")}


def draw_parts(which):
    """Stacked bars of the squared error of each arm, under the variance of the measurements."""
    panels = panels_of(which)
    if not panels:
        return nothing(which)
    columns = 1 if which == ["world"] else 2
    rows = -(-len(panels) // columns)
    most = max(len(arms_in(*panel)) for panel in panels) + 1
    fig, axes = figures.subplots(rows, columns, size=(6.4, rows * (0.27 * most + 0.65) + 0.9), squeeze=False)
    for ax, (task, split) in zip(axes.flat, panels, strict=False):
        arms = [arm for arm in arms_in(task, split) if arm != "idw"]
        bars = [[value(task, split, arms[0], f"var_{name}") for name in PARTS]]
        bars += [[value(task, split, arm, f"mse_{name}") for name in PARTS] for arm in arms]
        left = np.zeros(len(bars))
        for number, (name, colour, hatch) in enumerate(PARTS.values()):
            width = np.array([bar[number] for bar in bars])
            ax.barh(
                range(len(bars)), width, left=left, color=colour, hatch=hatch, ec="white", lw=0, label=name, height=0.7
            )
            left += width
        for row, arm in enumerate(arms, 1):
            ax.text(
                left[row] + 0.01 * left.max(),
                row,
                minus(f"R² {value(task, split, arm, 'r2'):.2f}"),
                va="center",
                fontsize="small",
            )
        names_on(ax, arms, "measured (variance)")
        ax.set_title(heading(task, split))
        ax.set_xlim(0, (1.2 if columns == 1 else 1.35) * left.max())
    for ax in axes[:, 1:].flat:
        ax.tick_params(labelleft=False)
    for ax in axes[-1]:
        ax.set_xlabel("[µg² m⁻⁶]" if columns > 1 else "variance or mean squared error [µg² m⁻⁶]")
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return sign_off(fig, which)


def draw_means_and_days(which):
    """Differences of the two R2, means on the left and days on the right, one row of panels a split."""
    panels = panels_of(which)
    rows = {panel: told[(told["task"] == panel[0]) & (told["split"] == panel[1])] for panel in panels}
    panels = [panel for panel in panels if len(rows[panel])]
    if not panels:
        return nothing(which)
    most = max(rows[panel]["arm"].nunique() for panel in panels)
    size = (6.4, len(panels) * (0.36 * most + 0.6) + 0.7)
    fig, axes = figures.subplots(len(panels), 2, size=size, squeeze=False)
    for pair, (task, split) in zip(axes, panels, strict=True):
        for ax, name in zip(pair, PARTS, strict=True):
            own = (
                part(told, task, split, metric=f"r2_{name}")
                .drop(columns="value")
                .rename(columns={"difference": "value"})
            )
            figures.forest(ax, own, "", reference=0)
            ax.set_title(f"{heading(task, split)}: {PARTS[name][0]}" if ax is pair[0] else PARTS[name][0])
        pair[1].tick_params(labelleft=False)
    for ax in axes[-1]:
        ax.set_xlabel("ΔR² to the reference")
    return sign_off(fig, which, NOTE)


def draw_events(which):
    """Hit rate against the share of right alarms, one column a split, one row a level."""
    panels = panels_of(which)
    if not panels:
        return nothing(which)
    columns = min(len(panels), 3 if which == ["world"] else 4)
    fig, axes = figures.subplots(
        len(LEVELS), columns, size=(6.4, 5.4 if columns < 4 else 4.6), squeeze=False, sharex=True, sharey=True
    )
    x, y = np.meshgrid(np.linspace(0.01, 1, 60), np.linspace(0.01, 1, 60))
    arms = set()
    for row, level in zip(axes, LEVELS, strict=True):
        for ax, (task, split) in zip(row, panels, strict=False):
            ax.contour(x, y, 1 / (1 / x + 1 / y - 1), levels=[0.2, 0.4, 0.6, 0.8], colors="#c9c9c9", linewidths=0.8)
            ax.plot([0, 1], [0, 1], color="#777777", lw=1, ls="--")
            points = {
                arm: (1 - value(task, split, arm, f"far_{level}"), value(task, split, arm, f"pod_{level}"))
                for arm in arms_in(task, split)
            }
            drawn = {arm: point for arm, point in points.items() if np.isfinite(point).all()}
            for arm, point in drawn.items():
                look = figures.look(arm)
                ax.scatter(
                    *point, marker=look.marker, color=look.colour, s=46, ec="white", lw=0.6, zorder=3, clip_on=False
                )
            arms |= set(drawn)
            if not drawn:
                ax.text(
                    0.5,
                    0.5,
                    "no such day told" if points else "",
                    ha="center",
                    va="center",
                    fontsize="x-small",
                    bbox={"fc": "white", "ec": "none", "pad": 1},
                )
            if level == LEVELS[0]:
                ax.set_title(heading(task, split), fontsize="small")
            ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        row[0].set_ylabel(f"hit rate, {level} {UNIT}")
    for ax in axes[-1]:
        ax.set_xlabel("right alarms" if columns > 2 else "share of right alarms")
    if arms:
        handles = figures.legend(axes[0, 0], arms).legend_handles
        axes[0, 0].get_legend().remove()
        for handle in handles:
            handle.set_linestyle("")
        fig.legend(handles=handles, loc="outside upper center", ncols=2, fontsize="small")
    return sign_off(fig, which)


def draw_quantiles(which):
    """Estimated minus measured quantile of a station's days, one panel a split."""
    panels = [panel for panel in panels_of(which) if np.isfinite(value(*panel, "none", "q50_mbe"))]
    if not panels:
        return nothing(which)
    columns = min(len(panels), 3 if which == ["world"] else 2)
    rows = -(-len(panels) // columns)
    fig, axes = figures.subplots(
        rows, columns, size=(6.4, 1.2 + 2.2 * rows), squeeze=False, sharex=True, sharey=columns == 3
    )
    quantiles = [f"{100 * q:.0f}" for q in error_parts.QUANTILES]
    arms = set()
    for ax, (task, split) in zip(axes.flat, panels, strict=False):
        own = [arm for arm in arms_in(task, split) if arm != "idw"]
        for number, arm in enumerate(own):
            look = figures.look(arm)
            at = np.arange(len(quantiles)) + 0.07 * (number - (len(own) - 1) / 2)
            ax.plot(
                at,
                [value(task, split, arm, f"q{q}_mbe") for q in quantiles],
                color=look.colour,
                marker=look.marker,
                lw=1.2,
            )
        arms |= set(own)
        ax.axhline(0, color="#777777", lw=1, ls="--")
        ax.set_xticks(range(len(quantiles)), quantiles)
        ax.set_title(heading(task, split))
    for ax in axes[-1]:
        ax.set_xlabel("percentile")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"estimated − measured\n[{UNIT}]")
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    handles = figures.legend(axes[0, 0], arms).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2, fontsize="small")
    return sign_off(fig, which)


def kinds(task):
    """The strata of the left panels: by what is in the air; the smoke proxy where there is no better word."""
    have = set(table.loc[table["task"] == task, "stratum"])
    return [
        s
        for s in (
            "all",
            *(("no-smoke", "smoke") if "smoke" in have else ("no-episode", "episode")),
            "high-35",
            "high-55",
        )
        if s in have
    ]


def draw_strata(which):
    """Relative differences of RMSE by stratum: kinds of days on the left, seasons on the right."""
    panels = [panel for panel in panels_of(which) if len(part(told, *panel))]
    if not panels:
        return nothing(which)
    fig, axes = figures.subplots(len(panels), 2, size=(6.4, 2.75 * len(panels) + 1.0), squeeze=False)
    arms = set()
    for pair, (task, split) in zip(axes, panels, strict=True):
        for ax, wanted in zip(pair, (kinds(task), SEASONS), strict=True):
            own = arm_order(part(told, task, split)["arm"])
            for row, stratum in enumerate(wanted):
                for number, arm in enumerate(own):
                    rows = part(told, task, split, stratum)
                    rows = rows[rows["arm"] == arm]
                    if rows.empty:
                        continue
                    one, look = rows.iloc[0], figures.look(arm)
                    share = 100 / (one["value"] - one["difference"])  # of the reference's RMSE
                    at = row + 0.17 * (number - (len(own) - 1) / 2)
                    ax.plot([share * one["low"], share * one["high"]], [at, at], color=look.colour, lw=1.8)
                    ax.scatter(
                        share * one["difference"],
                        at,
                        color=look.colour,
                        marker=look.marker,
                        s=26,
                        ec="white",
                        lw=0.5,
                        zorder=3,
                    )
            arms |= set(own)
            ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
            ax.set_yticks(range(len(wanted)), [NAMES[s] for s in wanted])
            ax.set_ylim(len(wanted) - 0.5, -0.5)
            ax.grid(axis="y", visible=False)
            for line in np.arange(0.5, len(wanted) - 1):
                ax.axhline(line, color="#e6e6e6", lw=0.8)
        pair[0].set_title(heading(task, split))
    for ax in axes[-1]:
        ax.set_xlabel("ΔRMSE [% of the reference's]")
    handles = figures.legend(axes[0, 0], arms).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2, fontsize="small")
    return sign_off(fig, which, NOTE)


def groups(rows, lower_is_better):
    """Which arms are better, worse, or neither, as a sentence has it."""
    good = -1 if lower_is_better else 1
    said = []
    for sign, verb in ((good, "better"), (-good, "worse"), (0, "not told apart")):
        own = rows[rows["clear"] == sign]
        if len(own):
            said.append(f"{verb}: {who(own, len(rows), 'every way of telling the place')}")
    return "; ".join(said) or "nothing to compare"


def count(task, stratum, metric, lower_is_better=True):
    """How many pairs of arm and split are clearly better, clearly worse, and how many have an interval."""
    rows = part(told, task, stratum=stratum, metric=metric)
    rows = rows[rows["low"].notna()]
    good = -1 if lower_is_better else 1
    return int((rows["clear"] == good).sum()), int((rows["clear"] == -good).sum()), len(rows)


def absence():
    return Markdown(
        f"```{{admonition}} The real results are not there\n:class: warning\n{absent}\n```" if absent else ""
    )


# %% [markdown]
# # Which days, which places? The tail, the seasons, and two kinds of skill
#
# One score over a whole year is mostly about ordinary days, because most days are ordinary. But people are hurt by bad
# days, and a map is often asked for something else than a score: which town is dirtier over the year? Is today worse than yesterday? This
# page takes the error apart and asks of each part: **does telling the place help here?**
#
# - Does it help to know a place's *mean*, or its *days*?
# - Does it help on high days, or are those missed all the same?
# - Does it help on smoke days, and in which season?
#
# Nothing is trained here. The page reads the test rows of runs that other pages compare as a whole ({doc}`comparison`, {doc}`aqs`). WR
# stands for within region, OoR for out of region ({doc}`../concepts/splits`).

# %% tags=["remove-input"]
absence()

# %% [markdown]
# **Whom each arm is compared with.** An encoder's vector comes with one more layer in the network. Where the same layer without a place was trained
# (`none+head`, see {doc}`controls`), it is the reference of these arms; coordinates have no such layer, and their reference is no location.

# %% tags=["remove-input"]
Markdown(rule())

# %% tags=["remove-input"]
lines = []
for task in tasks:
    rows = told[told["task"] == task]
    sides = {ref: sorted(set(own["arm"]), key=arm_order(rows["arm"]).index) for ref, own in rows.groupby("reference")}
    lines += [f"{TASKS[task]}: {listed([said(arm) for arm in arms])} against `{ref}`" for ref, arms in sides.items()]
Markdown(f"Here: {'; '.join(lines)}.")

# %% [markdown]
# ## One error, two parts
#
# Three stations, eight days, made up. The first model knows each place's mean and nothing about its days. The second knows the days and takes all
# places to be alike. Both are wrong, and in different ways.

# %% mystnb={"figure": {"caption": "A made-up example: PM2.5 at three stations (solid, one colour and marker a station) and two estimates (dashed). Left: the means of the places are right and their days are missing. Right: the days are right and the places are all alike.", "name": "fig-tail-toy"}, "image": {"alt": "Two panels with three wavy solid lines at different heights. On the left three flat dashed lines run through their middles; on the right one dashed wave in the middle serves for all three."}} tags=["hide-input"]
days = np.arange(8)
wave = np.array([0.0, 2, 1, -1, 3, -2, -3, 0])
means = np.array([7.0, 10.0, 13.0])
measured = means[:, None] + wave
models = {
    "knows the places": np.repeat(means[:, None], days.size, axis=1),
    "knows the days": np.repeat((means.mean() + wave)[None], 3, axis=0),
}
fig, axes = figures.subplots(1, 2, size=(6.4, 2.9), sharey=True)
for ax, (name, estimate) in zip(axes, models.items(), strict=True):
    for station, (colour, marker) in enumerate(zip(("#0173b2", "#de8f05", "#029e73"), "o^s", strict=True)):
        ax.plot(days, measured[station], color=colour, marker=marker, lw=1.2, ms=5)
        ax.plot(days, estimate[station], color=colour if "places" in name else figures.INK, ls="--", lw=1.8)
    ax.set(title=f"model that {name}", xlabel="day")
_ = axes[0].set_ylabel(f"PM2.5 [{UNIT}]")

# %% [markdown]
# Let $e_{st}$ be the error at station $s$ on day $t$, $\bar e_s$ its mean over the $n_s$ days of that station, and $n$ the number of all rows. Then
#
# $$
# \underbrace{\frac1n \sum_{s,t} e_{st}^2}_{\text{MSE}} \;=\;
# \underbrace{\frac1n \sum_s n_s\, \bar e_s^{\,2}}_{\text{between: means of places}} \;+\;
# \underbrace{\frac1n \sum_{s,t} (e_{st} - \bar e_s)^2}_{\text{within: their days}}
# $$ (eq-tail-parts)
#
# and nothing is left over: this is the analysis of variance of one factor, a century old {cite:p}`fisher1925`. The variance of the
# measurements splits in the same way. So each part has an R² of its own, one minus its error over its variance:
#
# - $R^2_\text{between}$: of what differs between the means of places, how much is explained?
# - $R^2_\text{within}$: of what differs between the days of a place, how much is explained?
#
# The R² of the whole is their mean, weighted by the two shares of the variance.

# %% tags=["remove-input"]
rows = []
for name, estimate in models.items():
    station = np.repeat(np.arange(3), days.size)
    found = error_parts.from_sums(error_parts.station_sums(station, measured.ravel(), estimate.ravel(), 3).sum(0))
    cells = [f"{found[key]:.2f}" for key in ("mse", "mse_between", "mse_within", "r2", "r2_between", "r2_within")]
    rows.append((f"model that {name}", *cells))
captioned(
    pd.DataFrame(rows, columns=["", "MSE", "between", "within", "R²", "R² between", "R² within"]),
    "The made-up example of {numref}`fig-tail-toy`: the squared error (µg² m⁻⁶) and R², in their two parts.",
    "tab-tail-toy",
)

# %% [markdown]
# ## Does place help the mean of a place, or its days?
#
# The **embedded world** first. The top bar of each panel is not an error but the variance of the test measurements: what there is to
# explain. If an arm's blue part is as long as the top bar's, the model knows no more about which place is dirtier than one that takes all places to
# be alike.

# %% mystnb={"figure": {"caption": "Embedded world: the mean squared error of each arm on the test rows, split into the error of the places' means (blue) and of their days (orange, hatched); mean over seeds and folds. The top bar is the variance of the measurements, split alike. One panel a split.", "name": "fig-tail-parts-world"}, "image": {"alt": "One panel a split with horizontal bars in two colours: the longest for the variance of the measurements, below it one for each arm with its R² written at the end. The part of the days is much longer than that of the places."}} tags=["hide-input"]
_ = draw_parts(["world"])

# %% mystnb={"figure": {"caption": "Embedded world: R² between places (left) and within them (right), minus that of the reference on the same rows; mean over fits and its 95 % interval over places and trainings. Right of the dashed line telling the place helps. Panels have their own scales.", "name": "fig-tail-means-world"}, "image": {"alt": "Two columns of panels, one row a split: for each way of telling the place a marker with a bar around a dashed line at zero, left for the means of places, right for their days."}} tags=["hide-input"]
_ = draw_means_and_days(["world"])

# %% [markdown]
# The same for the two tasks on real measurements ({doc}`aqs`):

# %% mystnb={"figure": {"caption": "Real measurements: the mean squared error of each arm, split into the error of the places' means (blue) and of their days (orange, hatched), under the variance of the measurements.", "name": "fig-tail-parts-real"}, "image": {"alt": "Panels for two tasks and their splits, with horizontal bars in two colours for the variance of the measurements and for the error of each arm."}} tags=["hide-input"]
_ = draw_parts(REAL)

# %% mystnb={"figure": {"caption": "Real measurements: R² between places (left) and within them (right), minus that of the reference on the same rows; mean over fits and 95 % interval over places and trainings.", "name": "fig-tail-means-real"}, "image": {"alt": "Two columns of panels, a row for each task and split: markers with bars around a dashed line at zero, left for the means of places, right for their days."}} tags=["hide-input"]
_ = draw_means_and_days(REAL)


# %% tags=["remove-input"]
def scores_of(metrics, caption, name, which=tuple(TASKS), digits=2):
    """Mean scores of every task, split and arm."""
    rows = [
        (
            title(task),
            where(split),
            figures.look(arm).name,
            *(
                minus(f"{v:.{digits}f}") if np.isfinite(v := value(task, split, arm, metric, stratum)) else "–"
                for stratum, metric in metrics
            ),
        )
        for task, split in panels_of(which)
        for arm in arms_in(task, split)
    ]
    names = ["task", "split", "arm", *metrics.values()]
    return captioned(pd.DataFrame(rows, columns=names), caption, name)


scores_of(
    {
        ("all", f"r2{part}"): name
        for part, name in {
            "": "R²",
            "_between": "R² between",
            "_within": "R² within",
            "_day": "R² of the day's mean",
            "_map": "R² of the day's map",
        }.items()
    },
    "R² and its parts, mean over seeds and folds: between and within places, and the same with days as the groups: the mean over all test "
    f"stations of a day, and the map within the day. Profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-tail-r2",
)

# %% [markdown]
# The last two columns turn the table around. With days as the groups, one part is the mean over all test stations of a day (did the nation have a
# bad day?), the other is the map within a day (where was it bad?). A model of the weather can be good at the first and poor at the second.
#
# ### In words
#

# %% tags=["remove-input"]
lines = []
for task, split in panels_of(TASKS):
    parts = {name: value(task, split, "none", f"mse_{name}") for name in PARTS}
    spread = {name: value(task, split, "none", f"var_{name}") for name in PARTS}
    if not np.isfinite([*parts.values(), *spread.values()]).all():
        continue
    share, of = (100 * d["between"] / sum(d.values()) for d in (parts, spread))
    text = (
        f"- **{title(task)}, {where(split)}.** Of the variance of the measurements {of:.0f} % lies between places, of the squared error of no location "
        f"{share:.0f} %. Means of places, {groups(part(told, task, split, metric='r2_between'), False)}. "
        f"Days, {groups(part(told, task, split, metric='r2_within'), False)}."
    )
    lines.append(text)
for task in tasks:
    (better, worse, n), (better_days, worse_days, _) = (count(task, "all", f"r2_{name}", False) for name in PARTS)
    if n:
        often = (
            "**neither** a place's mean nor its days"
            if better == better_days == 0
            else f"the mean of a place **{'more' if better > better_days else 'less'} often** than its days"
            if better != better_days
            else "the mean of a place **as often** as its days"
        )
        lines.append(
            f"- **{title(task)}, all splits.** Of {n} pairs of arm and split, the means of places are clearly better in {better} and worse in {worse}; their days "
            f"are better in {better_days} and worse in {worse_days}. So telling the place clearly helps {often}"
            + (
                ", and where it helps one it can hurt the other."
                if (worse or worse_days) and (better or better_days)
                else "."
            )
        )
        drop = part(told, task, metric="mse")
        if len(drop):
            one = drop.loc[drop["difference"].idxmin()]
            inside = {
                name: float(
                    part(told, task, one["split"], metric=f"mse_{name}").set_index("arm").loc[one["arm"], "difference"]
                )
                for name in PARTS
            }
            if one["difference"] < 0:
                lines.append(
                    f"  The largest drop of the squared error is that of {said(one['arm'])} on {where(one['split'])}: {one['difference']:+.2f} µg² m⁻⁶ "
                    f"({signed(one['low'], one['high'], 2)}), of which {inside['between']:+.2f} in the means of places and {inside['within']:+.2f} in their days."
                )
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# A mean over few days is itself noisy: with $n_s$ days at a station, a part of about $\text{within}/n_s$ shows up as *between*. On these splits every
# day of a held-out station is tested, and that is little. On `random`, where a tenth of the days is tested, it would not be.
#
# ## High days: hits and false alarms
#
# Fix a level, say 35 µg m⁻³, the daily standard of the United States. A day *was* high if the measurement reached it, and was *told* high if the
# estimate did. Four things can happen:
#
# | | was high | was not high |
# |---|---|---|
# | **told high** | hit | false alarm |
# | **not told** | miss | quiet day |
#
# The quiet days are nearly all, so the share of right answers is near one for any model, even one that never warns. Two other shares say
# more {cite:p}`wilks2019`:
#
# $$
# \text{hit rate} = \frac{\text{hits}}{\text{hits} + \text{misses}}, \qquad
# \text{false alarm ratio} = \frac{\text{false alarms}}{\text{hits} + \text{false alarms}} .
# $$ (eq-tail-hits)
#
# The first asks: of the high days, how many did we tell? The second: of our warnings, how many were wrong? A model that always warns has a
# perfect hit rate, so one must be read with the other. Two more follow from them. The **frequency bias** is days told over days that were:
# below one, a model warns too seldom. The **critical success index** is hits over everything that was either told or high. We ask the same at 55 µg m⁻³, about where
# the national air quality index calls air *unhealthy*.

# %% mystnb={"figure": {"caption": "Embedded world: hit rate against the share of alarms that were right (one minus the false alarm ratio), for days of at least 35 (top) and at least 55 (bottom); mean over seeds and folds. Best is the upper right corner. Above the dashed line a model warns too often, below it too seldom. Grey lines: equal critical success index.", "name": "fig-tail-events-world"}, "image": {"alt": "A grid of square panels, one column a split and one row a level. Each arm is a marker; grey curves bend around the upper right corner and a dashed diagonal runs from corner to corner."}} tags=["hide-input"]
_ = draw_events(["world"])

# %% mystnb={"figure": {"caption": "Real measurements: hit rate against the share of right alarms, as in the figure before. A panel without markers: no arm told such a day.", "name": "fig-tail-events-real"}, "image": {"alt": "A grid of square panels, one column for each task and split and one row a level, with a marker for each arm that told any such day."}} tags=["hide-input"]
_ = draw_events(REAL)

# %% [markdown]
# ### By how much?
#
# For rows with a high measurement the mean error says by how much they are missed. Read it with care: days chosen for being *measured* high are partly
# days of high *noise*, so even a perfect model seems too low on them ({doc}`../concepts/scores`). A fairer question chooses no
# days. Sort a station's test days by the measurement and read off a **percentile**; sort them by the estimate and read it off again. Do the two agree? The
# daily standard itself looks at a year's 98th percentile. A station counts if at least 100 of its days are tested, so that two or more lie above it.

# %% mystnb={"figure": {"caption": "Embedded world: percentile of a station's estimates minus the same percentile of its measurements, mean over stations, seeds and folds. Below the dashed line the estimates reach less high than the measurements. Markers are moved sideways a little.", "name": "fig-tail-quantiles-world"}, "image": {"alt": "One panel a split: for each arm a line over the 50th, 90th and 98th percentile, with a dashed line at zero."}} tags=["hide-input"]
_ = draw_quantiles(["world"])

# %% mystnb={"figure": {"caption": "Real measurements: percentile of a station's estimates minus the same percentile of its measurements, mean over stations, seeds and folds. Panels have their own scales.", "name": "fig-tail-quantiles-real"}, "image": {"alt": "Panels for two tasks and their splits: for each arm a line over the 50th, 90th and 98th percentile, with a dashed line at zero."}} tags=["hide-input"]
_ = draw_quantiles(REAL)

# %% [markdown]
# One more score weighs both sides, the **quantile score** or pinball loss {cite:p}`koenker1978`, here at 0.9:
#
# $$
# \frac1n \sum_i \bigl[\, 0.9\,\max(y_i - \hat y_i,\, 0) + 0.1\,\max(\hat y_i - y_i,\, 0) \,\bigr] .
# $$ (eq-tail-pinball)
#
# It is made for an estimate of the 90th percentile, and our models estimate one number in the middle. So it is not the score they were trained for. We
# read it as a cost: an estimate that is too low costs nine times as much as one that is too high by the same amount.

# %% tags=["remove-input"]
scores_of(
    {
        ("high-35", "rmse"): "RMSE, at least 35",
        ("high-35", "mbe"): "mean error, at least 35",
        ("high-55", "rmse"): "RMSE, at least 55",
        ("high-55", "mbe"): "mean error, at least 55",
        ("all", "pod_35"): "hit rate, 35",
        ("all", "far_35"): "false alarm ratio, 35",
        ("all", "csi_35"): "critical success, 35",
        ("all", "pinball_90"): "quantile score",
    },
    f"High days: errors in {UNIT} on rows measured at least that high, shares of hits and false alarms, and the quantile score over all days; "
    f"mean over seeds and folds. Profiles {profile} (embedded world) and {real} (real measurements). A dash: no such row, or nothing told.",
    "tab-tail-high",
)

# %% [markdown]
# ### In words

# %% tags=["remove-input"]
lines = []
for task, split in panels_of(TASKS):
    arms = [arm for arm in arms_in(task, split) if arm != "idw"]
    text = []
    low = [v for arm in arms if np.isfinite(v := value(task, split, arm, "q98_mbe"))]
    high = [v for arm in arms if np.isfinite(v := value(task, split, arm, "mbe", "high-35"))]
    if low:
        text.append(
            f"the 98th percentile is estimated {'too low by every arm' if max(low) < 0 else 'too high by every arm' if min(low) > 0 else 'too low by some arms and too high by others'} "
            f"(means from {min(low):+.1f} to {max(low):+.1f} {UNIT})"
            + (
                f"; its error, {groups(part(told, task, split, metric='q98_rmse'), True)}"
                if len(part(told, task, split, metric="q98_rmse"))
                else ""
            )
        )
    if high:
        text.append(f"days measured at 35 or more are missed by {min(high):+.1f} to {max(high):+.1f} on average")
    rows = part(told, task, split, "high-35")
    if len(rows):
        text.append(f"RMSE on them, {groups(rows, True)}")
    rows = part(told, task, split, metric="csi_35")
    if len(rows):
        text.append(f"critical success index, {groups(rows, False)}")
    if text:
        lines.append(f"- **{title(task)}, {where(split)}.** {'. '.join(t[0].upper() + t[1:] for t in text)}.")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0") or "*No high days were tested.*")

# %% [markdown]
# An estimate that is trained to be right in the middle of what can happen is drawn to the middle, and tends to fall short on the worst days. To know the place better
# does not bring the day's smoke. That is a question for the inputs and the loss, not for the place alone.
#
# ## Smoke days and seasons
#
# In the embedded world the inputs hold the smoke class that an analyst would draw from a satellite's picture. A **smoke day** here is one with any
# class at that place. All arms see the class. What is not told is how much of the smoke comes down to the ground, and that depends on the place.
#
# **On real measurements we have no smoke product, only a proxy.** It calls a day smoky if it lies between May and October and the *median of the other
# monitors* within 300 km, three or more, is at least 20 µg m⁻³. The station's own value takes no part: choosing days by the value that is scored
# would make every estimate look too low. How good is such a proxy? In the embedded world we can look.

# %% tags=["remove-input"]
cube = data.load("world", **plan.profile(profile)["tasks"]["world"].get("options", {}))
chosen, seen = subsets.masks(cube), np.isfinite(cube["pm25"].values)
proxy, smoke = chosen["episode"] & seen, chosen["smoke"] & seen
text = f"Of {int(seen.sum()):,} measured station-days of the embedded world, {int(smoke.sum()):,} are smoke days and {int(proxy.sum()):,} are called so by the proxy. "
if proxy.any() and smoke.any():
    heavy = smoke & (cube["pm25"].values >= error_parts.LEVELS[0])
    text += (
        f"Of the proxy's days {100 * smoke[proxy].mean():.0f} % are smoke days; of the smoke days it finds {100 * proxy[smoke].mean():.0f} %"
        + (f", of those with a measurement of 35 or more {100 * proxy[heavy].mean():.0f} %. " if heavy.any() else ". ")
        + "So it is about regional bad air in the fire season: most thick smoke, little thin smoke, and some days without any."
        if smoke[proxy].mean() > 0.5 and proxy[smoke].mean() < 0.5
        else f"Of the proxy's days {100 * smoke[proxy].mean():.0f} % are smoke days; of the smoke days it finds {100 * proxy[smoke].mean():.0f} %."
    )
sizes = {
    task: [
        round(part(table, task, split, "episode")["n"].mean())
        for split in splits_of(task)
        if len(part(table, task, split, "episode"))
    ]
    for task in REAL
    if task in tasks
}
if sized := {task: n for task, n in sizes.items() if n}:
    text += (
        " On real measurements the test rows of a fit hold on average "
        + listed(
            [
                f"{min(n):,} to {max(n):,} such days for {TASKS[task]}"
                if min(n) < max(n)
                else f"{n[0]:,} such days for {TASKS[task]}"
                for task, n in sized.items()
            ]
        )
        + ". A year of few fires has few, and then the proxy finds other things than smoke."
    )
Markdown(text)

# %% [markdown]
# The errors of high days are many times those of ordinary ones. To show all in one figure, each difference is divided by the RMSE of the
# reference on the same days. Winter is January, February and December of one calendar year.

# %% mystnb={"figure": {"caption": "Embedded world: RMSE of each arm minus that of its reference, in per cent of the reference's, on kinds of days (left) and seasons (right); mean over fits and 95 % interval over places and trainings. Left of the dashed line telling the place helps. At least 35 and at least 55: measured PM2.5 in µg m⁻³.", "name": "fig-tail-strata-world"}, "image": {"alt": "Two columns of panels, one row a split. On the left rows for all days, no smoke, smoke and two levels of high days, on the right the four seasons; in each row a marker with a bar for every arm around a dashed line at zero."}} tags=["hide-input"]
_ = draw_strata(["world"])

# %% mystnb={"figure": {"caption": "Real measurements: RMSE of each arm minus that of its reference, in per cent of the reference's, on kinds of days (left; smoke is the proxy of the text) and seasons (right); mean over fits and 95 % interval over places and trainings. No bar: fewer than ten stations have such a day.", "name": "fig-tail-strata-real"}, "image": {"alt": "Two columns of panels, a row for each task and split: on the left kinds of days, on the right the four seasons, each with a marker and a bar for every arm around a dashed line at zero."}} tags=["hide-input"]
_ = draw_strata(REAL)


# %% tags=["remove-input"]
def tables(task):
    """Differences in micrograms with their intervals, a table a stratum, folded."""
    shown = []
    for stratum in [*kinds(task), *SEASONS]:
        rows = part(told, task, stratum=stratum)
        rows = rows[rows["low"].notna()]
        if len(rows):
            caption = (
                f"{title(task)}, {NAMES[stratum]}: test RMSE in {UNIT} minus that of the reference on the same rows, {INTERVAL} over places and trainings, bold where "
                f"it is clear; up to {int(rows['n'].max()):,} rows a fit, {about(task)}."
            )
            shown.append(
                captioned(
                    gains(rows.assign(apart=[()] * len(rows))), caption, f"tab-tail-{task}-{stratum.lower()}"
                ).data
            )
    if not shown:
        return ""
    return (
        f"::::{{admonition}} {title(task)}: differences of RMSE in {UNIT} with their intervals\n:class: dropdown note\n\n"
        + "\n\n".join(shown)
        + "\n::::\n"
    )


Markdown("\n\n".join(tables(task) for task in tasks))

# %% [markdown]
# ### In words


# %% tags=["remove-input"]
def listing(task, stratum, sign):
    """Arms with their splits whose difference is clear on one side."""
    rows = part(told, task, stratum=stratum)
    rows = rows[rows["clear"] == sign]
    return listed(
        [f"{said(arm)} on {listed(map(where, own['split']))}" for arm, own in rows.groupby("arm", sort=False)]
    )


lines = []
for task in tasks:
    ordinary, smoky = kinds(task)[1:3] if len(kinds(task)) > 2 else (None, None)
    counts = {stratum: count(task, stratum, "rmse") for stratum in [ordinary, smoky, *SEASONS]}
    if ordinary and counts[ordinary][2]:
        better, worse, n = counts[ordinary]
        text = f"- **{title(task)}.** {NAMES[ordinary][0].upper() + NAMES[ordinary][1:]}: clearly better in {better} and worse in {worse} of {n} pairs of arm and split. "
        better_then, worse_then, n = counts[smoky]
        if n:
            text += f"{NAMES[smoky][0].upper() + NAMES[smoky][1:]}: better in {better_then} and worse in {worse_then} of {n}"
            detail = [
                f"{verb}: {names}"
                for verb, sign in (("better", -1), ("worse", 1))
                if (names := listing(task, smoky, sign))
            ]
            text += f" ({'; '.join(detail)}). " if detail else ". "
            gain, gain_then = better - worse, better_then - worse_then
            text += (
                "Telling the place gains more often than it loses on "
                + (
                    "both kinds of days."
                    if min(gain, gain_then) > 0
                    else f"one kind only: {NAMES[ordinary]}."
                    if gain > 0
                    else f"one kind only: {NAMES[smoky]}."
                    if gain_then > 0
                    else "neither kind of days."
                )
                + " "
            )
        by = [f"{NAMES[s]} {counts[s][0]} and {counts[s][1]}" for s in SEASONS if counts[s][2]]
        text += f"By season, clear gains and losses: {listed(by)}."
        lines.append(text)
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0") or "*Too few stations for intervals.*")

# %% [markdown]
# ## All verdicts together

# %% tags=["remove-input"]
asked = {
    ("all", "r2_between"): "R², means of places",
    ("all", "r2_within"): "R², days of places",
    ("all", "r2_day"): "R², the day's mean",
    ("all", "r2_map"): "R², the day's map",
    ("all", "csi_35"): "critical success, 35",
    ("all", "q98_rmse"): "98th percentile, error",
    ("all", "pinball_90"): "quantile score",
}
asked |= {(stratum, "rmse"): f"RMSE, {name}" for stratum, name in NAMES.items()}
cells, total, clear = [], 0, 0
for (stratum, metric), name in asked.items():
    row = [name]
    for task in tasks:
        better, worse, n = count(task, stratum, metric, not metric.startswith(("r2", "csi")))
        total, clear = total + n, clear + better + worse
        row.append(f"{better} better, {worse} worse, of {n}" if n else "–")
    if set(row[1:]) != {"–"}:
        cells.append(row)
captioned(
    pd.DataFrame(cells, columns=["score and part", *(TASKS[task] for task in tasks)]),
    f"Pairs of arm and split in which telling the place is clearly better or worse than the reference, of those with an interval; profiles {profile} (embedded world) "
    f"and {real} (real measurements).",
    "tab-tail-verdicts",
)

# %% tags=["remove-input"]
Markdown(
    f"These are {total} intervals, of which {clear} are clear. The more one looks, the more is found by luck, and the rows are not "
    "independent: the same days stand in several, and the seasons add up to the year. Count on a pattern, not on a cell."
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows in which part of the error a place changes something, and in which it changes nothing that these runs could tell. The two parts add up exactly, so a
# gain cannot hide. It does not show that a model with a good $R^2_\text{between}$ has understood why places differ: between held-out stations of one
# region, neighbours help too.
#
# High days are few, they come in a few events, and one fire can be most of them. The intervals are over places and trainings, not
# fires: another year would have other fires, and no interval here knows about that. Strata chosen by the measurement (35, 55) flatter whoever estimates too high;
# percentiles and the critical success index do not. The smoke proxy is a proxy, and it is made from monitors: in the neighbours task it
# is close to the model's own input, so there it chooses days on which that input is high as well. The differences in per cent
# treat the reference's RMSE as known.
#
# ```{admonition} Exercise: a perfect mean
# :class: exercise tip
# Give a model the true mean of every test station, and let it add nothing. What are its $R^2_\text{between}$ and $R^2_\text{within}$? What is its R², if a
# tenth of the variance lies between places? Where do you find that tenth on this page?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# One and zero. The R² of the whole is the mean weighted by the shares of the variance: one tenth. Perfect knowledge of a place's mean cannot bring more than the share of
# the variance between places, which is the blue part of the top bar in {numref}`fig-tail-parts-world`. Whatever a place adds beyond that, it adds
# by changing what the days mean.
# ```
#
# ```{admonition} Exercise: warn more often
# :class: exercise tip
# Multiply all estimates by 1.2. What happens to the hit rate, the false alarm ratio, the frequency bias and the quantile score? Is the model better now?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# More days are told: hits and false alarms both grow, so the hit rate and the frequency bias rise; the false alarm ratio usually rises as well. The point moves up and left in
# {numref}`fig-tail-events-world`. The quantile score at 0.9 falls as long as too low was the costlier side. Nothing was learned: the model only moved along
# its own trade-off. Compare models at equal frequency bias, or by the critical success index.
# ```
