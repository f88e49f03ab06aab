# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "aqs"

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import compare, figures, ledger, matrix, metrics

figures.style()
scores = compare.with_arm(ledger.scores(profile))
sums, stamps = ledger.sums(profile), ledger.stamps(profile)
is_embedded = False
TITLES = {"weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}
tasks = [task for task in TITLES if task in set(scores["task"])]
ELEVATION = "weather-2019-elevation"


def where(split):
    return compare.SPLITS.get(split, split)


def of(task):
    return scores[scores["task"] == task]


def expected(task):
    """How many runs the matrix asks for, without reading any data."""
    product = matrix.profile(profile)["matrices"] if profile in matrix.configuration()["profiles"] else {}
    return sum(
        len(spec["model"]) * len(spec["seed"]) * (2 if split.startswith("checkerboard") else 1)
        for spec in product.values()
        if task in spec["task"]
        for split in spec["split"]
    )


def nothing(what):
    """A figure's place when the results behind it are not there."""
    fig, ax = figures.subplots(size=(6.4, 1.0))
    ax.set_axis_off()
    ax.text(0, 0.5, f"{what}: no such runs in results/{profile} yet", va="center")
    figures.label(fig, profile, n=0, of="runs", embedded=is_embedded)


gaps = {task: compare.differences(of(task), sums) for task in tasks}
to_idw = {task: compare.differences(of(task), sums, against="idw") for task in tasks}

# %% [markdown]
# # Real measurements: EPA's monitors
#
# This page is about **real** daily PM2.5: EPA's AQS monitors in the contiguous United States, and NOAA's weather stations.
# {doc}`data` describes both. Nothing is computed here: the runs take hours and need files that are not part of this
# book, so the page shows the results that are committed with it, under `results/aqs`. Numbers in sentences are written
# by the page from these results.

# %% tags=["remove-input"]
parts = []
if not tasks:
    parts.append(
        "```{admonition} The results are not there\n:class: warning\n"
        f"`results/{profile}` holds no scores, so the tables below are empty. To make them, put the files named in the "
        "README into a folder and run `PLACEPRIOR_DATA=/path/to/folder make aqs`.\n```"
    )
else:
    counts = {task: (of(task)["run"].nunique(), expected(task)) for task in [*tasks, ELEVATION]}
    missing = sum(want - have for have, want in counts.values())
    if missing > 0:
        told = compare.listed([f"{have} of {want} of task `{task}`" for task, (have, want) in counts.items()])
        parts.append(
            "```{admonition} Not all runs are finished\n:class: warning\n"
            f"Made so far: {told}. Means below are over the fits that exist. `make aqs` with `PLACEPRIOR_DATA` set makes the rest.\n```"
        )
Markdown("\n\n".join(parts) or "All runs that the matrix asks for are in the results.")

# %% [markdown]
# ## Two tasks
#
# Neither has the study's inputs, which are not at hand. Each isolates one thing.
#
# - **Weather, 2019**: weather at the three nearest weather stations (weight one over distance) and the day of year. No
#   neighbouring PM2.5, and nothing that stays constant at a place: place enters only where a variant says so.
# - **Neighbours, 2021**: the same-day PM2.5 of neighbouring **training** monitors, recomputed for every fold, and the day
#   of year. The reference model's strongest input alone; here without the held-out labels that leak into it there
#   ({doc}`../departures`, number 2).
#
# **Inverse distance** (`idw`) is the thing to beat. It has no parameters and needs no training. On the
# neighbours task it *is* the model's main input, so a trained arm there asks: can a network improve on the plain
# average it is given?

# %% tags=["remove-input"]
facts = []
for task in tasks:
    for split in compare.splits_in(of(task)):
        part = of(task)[(of(task)["split"] == split) & (of(task)["metric"] == "r2")]
        one = part.drop_duplicates(["fold", "seed"])
        tested = sums[sums["run"].isin(one["run"])]
        facts.append(
            (
                TITLES[task],
                where(split),
                str(part["run"].nunique()),
                f"{int(one['n'].mean()):,}",
                f"{tested.groupby('run')['name'].nunique().mean():,.0f}",
                f"{tested['name'].nunique():,}",
            )
        )
compare.table(
    pd.DataFrame(
        facts, columns=["task", "split", "runs", "test rows a fit", "test stations a fit", "stations over all fits"]
    ),
    f"What the scores rest on; profile {profile}, real measurements.",
    "tab-aqs-sizes",
)

# %% [markdown]
# ## Weather, 2019


# %% tags=["remove-input"]
def tables(task):
    """R2 and RMSE of a task as one table a metric, or a note."""
    if task not in tasks:
        return Markdown(f"*No runs of task `{task}` are in `results/{profile}`.*")
    shown = [
        compare.table(
            compare.spread(of(task), metric, 2 if metric != "rmse_35" else 1),
            f"{TITLES[task]}: test {text}, mean ± standard deviation over seeds and folds; real measurements, profile {profile}.",
            f"tab-aqs-{task.split('-')[0]}-{metric.replace('_', '-')}",
        ).data
        for metric, text in (
            ("r2", "R²"),
            ("rmse", f"RMSE in {figures.UNIT}"),
            ("rmse_35", f"RMSE in {figures.UNIT} on rows measured at {metrics.HIGH:.0f} {figures.UNIT} or more"),
        )
    ]
    return Markdown("\n\n".join(shown))


tables("weather-2019")


# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² of every fit (pale dots: seeds and folds), their mean (marker) and range (bar), one panel a split with its own scale.", "name": "fig-aqs-weather-scores"}, "image": {"alt": "One panel a split for the weather task: a row for inverse distance, no location and every way of telling the place, with dots for fits and a marker for their mean test R²."}} tags=["hide-input"]
def draw_scores(task):
    """Forest of R2, one panel a split."""
    if task not in tasks:
        return nothing(TITLES[task])
    splits = compare.splits_in(of(task))
    rows = -(-len(splits) // 2)
    fig, axes = figures.subplots(rows, 2, size=(7.2, 2.2 * rows + 0.3), squeeze=False)
    for ax, split in zip(axes.flat, splits, strict=False):
        part = of(task)
        figures.forest(ax, part[(part["split"] == split) & (part["metric"] == "r2")], "test R²")
        ax.set_title(where(split), fontsize="small")
    for ax in axes.flat[len(splits) :]:
        ax.set_visible(False)
    if of(task).groupby("split")["arm"].nunique().nunique() == 1 or len(splits) == 1:  # every panel has the same rows
        for ax in axes[:, 1:].flat:
            ax.tick_params(labelleft=False)
    return figures.label(fig, profile, n=of(task)["run"].nunique(), of="runs", embedded=is_embedded)


_ = draw_scores("weather-2019")


# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % bootstrap interval over stations (bar). Right of the dashed line telling the place helps. Panels have their own scales.", "name": "fig-aqs-weather-differences"}, "image": {"alt": "One panel a split for the weather task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
def draw_differences(task):
    """Forest of paired differences to no location, one panel a split."""
    table = gaps.get(task)
    if table is None or table[table["arm"] != "idw"].empty:
        return nothing(f"{TITLES[task]}, differences")
    table = table[table["arm"] != "idw"]
    splits = compare.splits_in(table)
    rows = -(-len(splits) // 2)
    fig, axes = figures.subplots(rows, 2, size=(7.2, 2.0 * rows + 0.3), squeeze=False)
    for ax, split in zip(axes.flat, splits, strict=False):
        figures.forest(ax, table[table["split"] == split], "R² minus R² of no location", reference=0)
        ax.set_title(where(split), fontsize="small")
    for ax in axes.flat[len(splits) :]:
        ax.set_visible(False)
    if table.groupby("split")["arm"].nunique().nunique() == 1 or len(splits) == 1:  # every panel has the same rows
        for ax in axes[:, 1:].flat:
            ax.tick_params(labelleft=False)
    return figures.label(
        fig,
        profile,
        n=int(table["stations"].max()),
        of="stations at most",
        embedded=is_embedded,
        note="95 % intervals over stations",
    )


_ = draw_differences("weather-2019")


# %% tags=["remove-input"]
def hedged(row):
    """An arm's name, marked where a clear mean hides fits of both signs."""
    return compare.said(row.arm) + ("\\*" if row.clear and 0 < row.positive < row.fits else "")


def in_words(task):
    """What the intervals of a task say."""
    if task not in tasks:
        return Markdown("")
    lines, found, beaten = [], compare.arms_of(gaps[task]), compare.arms_of(to_idw[task])
    for split in compare.splits_in(of(task)):
        text = f"- **{where(split)}.** "
        part = found[(found["split"] == split) & (found["arm"] != "idw")]
        for sign, verb in ((1, "better than"), (-1, "worse than"), (0, "not told apart from")):
            arms = [hedged(row) for row in part[part["clear"] == sign].itertuples()]
            if arms:
                text += f"{compare.listed(arms)} {'is' if len(arms) == 1 else 'are'} {verb} no location. "
        if part.empty:
            text += "No arm can be compared with no location yet. "
        rival = beaten[beaten["split"] == split]
        if len(rival):
            won = [hedged(row) for row in rival[rival["clear"] > 0].itertuples()]
            lost = [hedged(row) for row in rival[rival["clear"] < 0].itertuples()]
            text += f"Inverse distance is beaten by {compare.listed(won) if won else 'no trained arm'}"
            text += f", and beats {compare.listed(lost)}." if lost else "."
        lines.append(text)
    looks = int((found["arm"] != "idw").sum()) + len(beaten)
    lines.append(
        f"\nA verdict means that the 95 % interval over stations excludes zero. There are {looks} such intervals for this "
        f"task; about {0.05 * looks:.0f} would exclude zero by chance if nothing differed. An asterisk marks a verdict on a mean of fits that disagree in sign: it "
        "holds for one partition or seed and not for another. The chance of training is in the dots, not in the interval."
    )
    return Markdown("\n".join(lines))


in_words("weather-2019")

# %% [markdown]
# ## Neighbours, 2021

# %% tags=["remove-input"]
tables("neighbours-2021")

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² of every fit (pale dots: seeds and folds), their mean (marker) and range (bar), one panel a split with its own scale.", "name": "fig-aqs-neighbours-scores"}, "image": {"alt": "One panel a split for the neighbours task: a row for inverse distance, no location and every way of telling the place, with dots for fits and a marker for their mean test R²."}} tags=["hide-input"]
_ = draw_scores("neighbours-2021")

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % bootstrap interval over stations (bar). Panels have their own scales.", "name": "fig-aqs-neighbours-differences"}, "image": {"alt": "One panel a split for the neighbours task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = draw_differences("neighbours-2021")

# %% tags=["remove-input"]
in_words("neighbours-2021")

# %% [markdown]
# ## Does any model beat inverse distance?

# %% tags=["remove-input"]
rows = []
for task in tasks:
    for row in compare.arms_of(to_idw[task]).itertuples():
        rows.append(
            (
                TITLES[task],
                where(row.split),
                figures.look(row.arm).name,
                f"{row.difference:+.3f}".replace("-", "−"),
                compare.signed(row.low, row.high),
                f"{row.positive} of {row.fits}",
                f"{row.stations:,}",
            )
        )
compare.table(
    pd.DataFrame(rows, columns=["task", "split", "arm", "ΔR²", "95 % interval", "fits above 0", "stations"]),
    f"Test R² minus that of inverse distance on the same rows; real measurements, profile {profile}. The interval is over stations.",
    "tab-aqs-idw",
)

# %% tags=["remove-input"]
lines = []
for task in tasks:
    found = compare.arms_of(to_idw[task])
    if len(found):
        best = found.loc[found["clear"] > 0]
        lines.append(
            f"**{TITLES[task][0].upper()}{TITLES[task][1:]}.** Of {len(found)} pairs of arm and split, a trained arm is better than inverse distance in {len(best)} and worse in "
            f"{int((found['clear'] < 0).sum())}; the others are undecided."
            + (f" It is beaten on: {compare.listed(dict.fromkeys(map(where, best['split'])))}." if len(best) else "")
        )
Markdown("\n\n".join(lines))

# %% [markdown]
# The two tasks must be read differently. A model of the weather task has never seen another monitor's value of the day, and
# inverse distance has seen nothing else: beating it there means that weather carries what neighbours do not. In the neighbours
# task both have it.
#
# ## Elevation: a place's name in disguise
#
# The weather station's elevation is constant in time, and so nearly unique that it can serve as the name of a place. It is
# therefore not among the inputs, except in this arm.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, with and without the weather stations' elevation among the inputs: test R² minus that of no location without elevation, on the same rows; fits (pale dots), mean (marker), 95 % interval over stations (bar).", "name": "fig-aqs-elevation"}, "image": {"alt": "Panels for the spatial and the checkerboard split: difference of R² to no location without elevation for GeoCLIP, for elevation, and for both together, with intervals around a dashed line at zero."}} tags=["hide-input"]
NAMED = {"none": "elevation", "geoclip": "elevation + GeoCLIP"}
arm = of(ELEVATION)
raised = pd.DataFrame()
if len(arm) and "weather-2019" in tasks:
    renamed = arm.assign(variant=arm["variant"].map(NAMED).fillna(arm["variant"]), fusion="-")
    plain = of("weather-2019")
    plain = plain[plain["arm"].isin(["none", "geoclip-hadamard"]) & plain["split"].isin(arm["split"])]
    raised = compare.differences(pd.concat([plain, renamed]), sums)
if raised.empty:
    nothing("elevation")
else:
    splits = compare.splits_in(raised)
    fig, axes = figures.subplots(1, len(splits), size=(7.2, 2.2), squeeze=False)
    for ax, split in zip(axes[0], splits, strict=True):
        figures.forest(ax, raised[raised["split"] == split], "R² minus no location", reference=0)
        ax.set_title(where(split), fontsize="small")
    figures.label(fig, profile, n=int(raised["stations"].max()), of="stations at most", embedded=is_embedded)

# %% tags=["remove-input"]
lines = []
for row in [] if raised.empty else compare.arms_of(raised).itertuples():
    if "elevation" in row.arm:
        verb = {1: "raises", -1: "lowers", 0: "does not clearly change"}[row.clear]
        interval = compare.signed(row.low, row.high)
        lines.append(f"- {where(row.split)}: {row.arm} {verb} R² against no location without elevation ({interval}).")
Markdown("\n".join(lines))

# %% [markdown]
# ## Where GeoCLIP helps and where it does not

# %% mystnb={"figure": {"caption": "Mean squared error of no location minus that of GeoCLIP (Hadamard) at each station on the 16° checkerboard, real measurements; mean over seeds, both partitions together. Positive (red): GeoCLIP's error is smaller there. The scale is cut at the 95th percentile.", "name": "fig-aqs-map"}, "image": {"alt": "Maps of the contiguous US, one a task: a dot a station, red where GeoCLIP has a smaller squared error than no location and blue where it has a larger one."}} tags=["hide-input"]
BOARD = "checkerboard-16"


def gain(task):
    """Squared error of none minus that of geoclip-hadamard per station, over the seeds and folds that both have."""
    part = of(task)[(of(task)["split"] == BOARD) & (of(task)["metric"] == "r2")]
    pairs = part.pivot_table(index=["fold", "seed"], columns="arm", values="run", aggfunc="first")
    if not {"none", "geoclip-hadamard"} <= set(pairs.columns):
        return None
    pairs = pairs.dropna(subset=["none", "geoclip-hadamard"])
    both = [
        sums[sums["run"].isin(pairs[name])]
        .groupby("name")
        .agg(lon=("lon", "first"), lat=("lat", "first"), n=("n", "sum"), e2=("sum_e2", "sum"))
        for name in ("none", "geoclip-hadamard")
    ]
    return both[0].assign(gain=(both[0]["e2"] - both[1]["e2"]) / both[0]["n"]) if len(pairs) else None


gains = {task: table for task in tasks if (table := gain(task)) is not None}
if not gains:
    nothing("the map of the 16° checkerboard")
else:
    fig, axes = figures.subplots(len(gains), 1, size=(6.4, 4.2 * len(gains)), maps=True, squeeze=False)
    for ax, (task, table) in zip(axes.flat, gains.items(), strict=True):
        top = float(np.percentile(table["gain"].abs(), 95))
        figures.station_map(
            ax,
            table[["lon", "lat"]].to_numpy(),
            table["gain"].to_numpy(),
            "squared error, no location − GeoCLIP",
            unit="µg² m⁻⁶",
            kind="difference",
            vmin=-top,
            vmax=top,
            size=12,
        )
        ax.set_title(f"{TITLES[task]}, {len(table):,} stations", fontsize="small")
    figures.label(fig, profile, n=sum(map(len, gains.values())), of="stations in all maps", embedded=is_embedded)

# %% tags=["remove-input"]
lines = []
for task, table in gains.items():
    order = (table["gain"] * table["n"]).sort_values(key=np.abs, ascending=False)
    few = max(1, len(order) // 20)
    lines.append(
        f"{TITLES[task][0].upper()}{TITLES[task][1:]}: GeoCLIP has the smaller squared error at {(table['gain'] > 0).mean():.0%} of {len(table):,} stations. The "
        f"{few} stations that changed most hold {order.head(few).abs().sum() / order.abs().sum():.0%} of all change: R² is decided by few."
    )
Markdown("\n\n".join(lines))

# %% [markdown]
# ## Which days it looks at

# %% mystnb={"figure": {"caption": "Mean attention weight of each day of the window on test rows, mean over all fits of an arm, real measurements. The dotted line is an even spread; the estimated day is at lag 0. Arms differ in colour and marker.", "name": "fig-aqs-attention"}, "image": {"alt": "One panel a task: attention weight against lag in days, one line with its own marker for each trained arm, and a dotted line at an even spread."}} tags=["hide-input"]
looked = {}
for run, task, name in scores.drop_duplicates("run")[["run", "task", "arm"]].itertuples(index=False):
    weights = stamps.get(run, {}).get("attention")
    if weights and task in TITLES:
        looked.setdefault(task, {}).setdefault(name, []).append(weights)
if not looked:
    nothing("attention")
else:
    fig, axes = figures.subplots(1, len(looked), size=(7.2, 3.4), sharey=True, squeeze=False)
    for ax, task in zip(axes[0], [t for t in TITLES if t in looked], strict=True):
        for name in figures.arm_order(looked[task]):
            mean = np.mean(looked[task][name], axis=0)
            style = figures.look(name)
            ax.plot(np.arange(len(mean)) - len(mean) + 1, mean, color=style.colour, marker=style.marker, lw=1.4, ms=5)
        ax.axhline(1 / len(mean), color="#777777", lw=1, ls=":")
        ax.set_title(TITLES[task], fontsize="small")
        ax.set_xlabel("lag [days]")
    axes[0, 0].set_ylabel("attention weight")
    axes[0, 0].set_ylim(bottom=0)
    handles = figures.legend(axes[0, 0], {n for t in looked.values() for n in t}).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize="small")
    figures.label(
        fig, profile, n=sum(len(v) for t in looked.values() for v in t.values()), of="fits", embedded=is_embedded
    )

# %% [markdown]
# ## Beside the reported numbers
#
# **Reported (second-hand)**, not checked against the paper ({doc}`../question`). The measurements are of the same network, and for the
# neighbours task of the same year, but inputs, test parts and size of network differ: **it is not the same experiment**. Compare
# directions, not values.

# %% tags=["remove-input"]
rows = []
for task in tasks:
    found, ours = compare.arms_of(gaps[task]), compare.spread(of(task))
    for split in compare.splits_in(of(task)):
        for name in figures.arm_order(of(task)["arm"]):
            if name in ("idw", "none") or compare.reported_sign(split, name) is None:
                continue
            one = found[(found["split"] == split) & (found["arm"] == name)]
            shown = figures.look(name).name
            rows.append(
                (
                    TITLES[task], where(split), shown,
                    f"{compare.reported(split, 'none')} → {compare.reported(split, name)}" if compare.REPORTED.get(split, {}).get(name) else compare.reported(split, name),
                    f"{ours.loc['no location', where(split)]} → {ours.loc[shown, where(split)]}" if "no location" in ours.index else "–",
                    compare.agreement(split, name, int(one["clear"].iloc[0])) if len(one) else "no fits yet",
                )
            )  # fmt: skip
beside = pd.DataFrame(rows, columns=["task", "split", "arm", "reported (second-hand)", "here", "direction"])
compare.table(
    beside,
    f"R² of no location → of the arm, as reported (second-hand) and here; real measurements, profile {profile}. Undecided: our interval includes zero.",
    "tab-aqs-reported",
)

# %% tags=["remove-input"]
lines = []
for task in tasks:
    counts = beside.loc[beside["task"] == TITLES[task], "direction"].value_counts()
    lines.append(
        f"- {TITLES[task][0].upper()}{TITLES[task][1:]}: reported directions found here too: {int(counts.get('agrees', 0))}; found the other way round: "
        f"{int(counts.get('does not agree', 0))}; undecided: {int(counts.get('undecided', 0))}."
    )
Markdown("\n".join(lines))

# %% [markdown]
# ## What it took

# %% tags=["remove-input"]
rows = []
for task in [*tasks, *([ELEVATION] if len(of(ELEVATION)) else [])]:
    own = {run: stamps[run] for run in of(task)["run"].unique() if run in stamps}
    trained = [s for s in own.values() if s.get("parameters")]
    sizes = [s["parameters"] for s in trained]
    rows.append(
        (task, f"{len(own)} of {expected(task)}", str(len(trained)), f"{sum(s['seconds'] for s in own.values()) / 60:.0f}",
         f"{min(sizes):,} to {max(sizes):,}" if sizes else "–",
         compare.listed(sorted({f"{s['device']}, {s['threads']} thread{'s' * (s['threads'] > 1)}" for s in own.values()})),
         compare.listed(sorted({f"torch {s['torch']}, {s['system']}" for s in own.values()})))
    )  # fmt: skip
compare.table(
    pd.DataFrame(rows, columns=["task", "runs", "trained", "minutes, all runs", "parameters", "made on", "software"]),
    f"Runs and their time, from their stamps; profile {profile}. Runs share a machine's cores, so minutes add up to more than the clock's.",
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the same small network does at real monitors with two sets of inputs, and where telling the place changes
# that beyond what another draw of stations would. It does **not** repeat the study: without satellite haze, smoke and fine
# meteorology a model of daily PM2.5 misses most of what it needs, and a place that stands for everything missing has
# more to do here than there. One year is one year: wildfires make the tests of the West what they are. Neighbouring
# stations err together, so intervals over stations are somewhat too narrow.
#
# ```{admonition} Exercise: a fair rival
# :class: exercise tip
# In the neighbours task the network's main input is the estimate of inverse distance. Write down weights with which a network of
# one linear layer would equal inverse distance exactly. Why can a trained network still be worse?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Weight one on the neighbour feature (unscaled), zero on all else. The trained network minimises the loss on *training*
# rows, where neighbours are as near as training stations are to one another. On a checkerboard the tested stations'
# neighbours are far away, and how much to trust them has changed: what was best in training is not best in the test.
# ```
#
# ```{admonition} Exercise: which stations decide?
# :class: exercise tip
# Compute a score in which every station counts equally, whatever its spread. Would you expect the ranking to change?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example the median over stations of their own RMSE; `results/aqs/stations.parquet` holds the sums. Squared
# errors of a few stations with smoke weigh most in R², and an arm that is a little better nearly everywhere can lose to one
# that is much better on a few of these.
# ```
