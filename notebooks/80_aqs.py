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

from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, TABLE, captioned
from placeprior.book.tables import cells as score_cells
from placeprior.book.tables import gains as gain_table
from placeprior.book.words import (
    NOTE,
    REPORTED,
    agreement,
    listed,
    minus,
    reported,
    reported_sign,
    rule,
    said,
    signed,
    who,
)
from placeprior.book.words import looked as looked_at
from placeprior.evidence import matched
from placeprior.runs import plan, store
from placeprior.scores import metrics

figures.style()
scores = with_arm(store.scores(profile, "core", "elevation"))
main = store.scores(profile, "core", "controls")
sums, stamps = store.sums(profile), store.stamps(profile)
is_embedded = False
TITLES = {"weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}
tasks = [task for task in TITLES if task in set(scores["task"])]
ELEVATION = "weather-2019-elevation"


def where(split):
    return SPLITS.get(split, split)


def of(task):
    return scores[scores["task"] == task]


def expected(task):
    """How many runs the matrix asks for, without reading any data."""
    known = plan.profile(profile)["matrices"]
    product = {name: known[name] for name in ("core", "elevation")}
    return sum(
        len(spec["model"]) * len(spec["seed"]) * (2 if split.startswith("checkerboard") else 1)
        for spec in product.values()
        if task in spec["task"]
        for split in spec["split"]
    )


reach = {task: matched.reach(profile, task) for task in tasks}
gaps = {task: matched.differences(of(task), sums, reach=reach[task]) for task in tasks}
to_idw = {task: matched.differences(of(task), sums, "idw", reach=reach[task]) for task in tasks}
#: An encoder's vector comes with one more layer: its gain is over the network that has that layer too.
GAINS = {"lonlat": "none", "sincos": "none", "geoclip-hadamard": "none+head", "geoclip-concat": "none+head"}
gained = {task: matched.differences(main[main["task"] == task], sums, GAINS, reach=reach[task]) for task in tasks}

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
        told = listed([f"{have} of {want} of task `{task}`" for task, (have, want) in counts.items()])
        parts.append(
            "```{admonition} Not all runs are finished\n:class: warning\n"
            f"Made so far: {told}. Means below are over the fits that exist. `make aqs` with `PLACEPRIOR_DATA` set makes the rest.\n```"
        )
Markdown(
    "\n\n".join(parts)
    or f"All {sum(want for _, want in counts.values())} runs that the matrix asks for are in the results."
)

# %% [markdown]
# ## In short
#
# WR stands for within region, OoR for out of region with the size of the checkerboard's cells in degrees
# ({doc}`../concepts/splits`).

# %% tags=["remove-input"]
Markdown(rule())


# %% tags=["remove-input"]
def title(task):
    return TITLES[task][0].upper() + TITLES[task][1:]


lines = []
for task in tasks:
    order = splits_in(of(task))
    for against, found in (("no location", gaps[task]), ("the same network without a place", gained[task])):
        groups = {}
        for name, own in found[found["arm"] != "idw"].groupby("arm", sort=False):
            words = []
            for sign, verb in ((1, "better"), (-1, "worse")):
                on = [where(split) for split in own.loc[own["clear"] == sign, "split"]]
                words += [f"{verb} on {listed(on)}"] if on else []
            groups.setdefault("; ".join(words) or "no clear difference", []).append(said(name))
        if groups:
            lines.append(f"- **{title(task)}**, against {against}:")
            lines += [f"  - {listed(names)}: {words}." for words, names in groups.items()]
    means = of(task)[of(task)["metric"] == "r2"].groupby(["split", "arm"])["value"].mean()
    won = [where(split) for split in order if means[split].idxmax() == "idw"]
    lines.append(
        f"- **{title(task)}**: inverse distance has the highest mean R² of these arms on {listed(won) if won else 'no split'}."
    )
lines.append(
    "\nThe same network without a place has an encoder's extra layer too (`none+head`, {doc}`controls`); it was not run on every split."
)
Markdown("\n".join(lines).replace(" · ", "\u00a0·\u00a0"))

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
    for split in splits_in(of(task)):
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
captioned(
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
    """R2 of a task as a table, errors folded below it; or a note."""
    if task not in tasks:
        return Markdown(f"*No runs of task `{task}` are in `results/{profile}`.*")
    shown = [
        captioned(
            score_cells(main[main["task"] == task], metric, 2 if metric != "rmse_35" else 1),
            f"{title(task)}: test {text}, {TABLE}; real measurements, profile {profile}.",
            f"tab-aqs-{task.split('-')[0]}-{metric.replace('_', '-')}",
        ).data
        for metric, text in (
            ("r2", "R²"),
            ("rmse", f"RMSE in {figures.UNIT}"),
            ("rmse_35", f"RMSE in {figures.UNIT} on rows measured at {metrics.HIGH:.0f} {figures.UNIT} or more"),
        )
    ]
    folded = "\n\n".join(shown[1:])
    return Markdown(
        f"{shown[0]}\n\n::::{{admonition}} {title(task)}: root mean square errors, on all days and on high days\n"
        f":class: dropdown note\n\n{folded}\n::::\n"
    )


tables("weather-2019")


# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Right of the dashed line telling the place helps. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-aqs-weather-differences"}, "image": {"alt": "One panel a split for the weather task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
def draw_differences(task):
    """Forest of paired differences to no location, one panel a split."""
    table = gaps.get(task)
    if table is None or table[table["arm"] != "idw"].empty:
        return figures.nothing(f"{TITLES[task]}, differences", profile, embedded=is_embedded)
    table = matched.by_fit(table[table["arm"] != "idw"])
    panels = {where(split): table[table["split"] == split] for split in splits_in(table)}
    fig = figures.forests(panels, "ΔR² to no location", reference=0)
    return figures.label(
        fig, profile, n=int(table["stations"].max()), of="stations at most", embedded=is_embedded, note=NOTE
    )


_ = draw_differences("weather-2019")


# %% tags=["remove-input"]
def in_words(task):
    """What the intervals of a task say."""
    if task not in tasks:
        return Markdown("")
    lines, found, rivals = [], gaps[task], to_idw[task]
    found = found[found["arm"] != "idw"]
    for split in splits_in(of(task)):
        told = []
        for what, every, table in (
            ("no location", "every way of telling the place", found[found["split"] == split]),
            ("inverse distance", "every trained arm", rivals[rivals["split"] == split]),
        ):
            words = [
                f"{verb} {who(own, len(table), every)}"
                for sign, verb in ((1, "better:"), (-1, "worse:"), (0, "undecided:"))
                if len(own := table[table["clear"] == sign])
            ]
            told.append(f"Against {what}, {'; '.join(words) or 'nothing can be said yet'}.")
        lines.append(f"- **{where(split)}.** {' '.join(told)}")
    lines.append(f"\n{looked_at(pd.concat([found, rivals], ignore_index=True))}")
    return Markdown("\n".join(lines).replace(" · ", "\u00a0·\u00a0"))


in_words("weather-2019")

# %% [markdown]
# ## Neighbours, 2021

# %% tags=["remove-input"]
tables("neighbours-2021")

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-aqs-neighbours-differences"}, "image": {"alt": "One panel a split for the neighbours task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = draw_differences("neighbours-2021")

# %% tags=["remove-input"]
in_words("neighbours-2021")

# %% [markdown]
# ## Does any model beat inverse distance?

# %% tags=["remove-input"]
Markdown(
    "\n\n".join(
        captioned(
            gain_table(to_idw[task]),
            f"{title(task)}: test R² minus that of inverse distance on the same rows, {CELL}. Real measurements, profile {profile}.",
            f"tab-aqs-{task.split('-')[0]}-idw",
        ).data
        for task in tasks
        if len(to_idw[task])
    )
)

# %% tags=["remove-input"]
lines = []
for task in tasks:
    found = to_idw[task]
    if len(found):
        best = found.loc[found["clear"] > 0]
        lines.append(
            f"- **{title(task)}.** Of {len(found)} pairs of arm and split, the trained arm is better than inverse distance in "
            f"{len(best)}{' (on ' + listed(dict.fromkeys(map(where, best['split']))) + ')' if len(best) else ''}, worse in "
            f"{int((found['clear'] < 0).sum())}, undecided in {int((found['clear'] == 0).sum())}."
        )
Markdown("\n".join(lines))

# %% [markdown]
# The two tasks must be read differently. A model of the weather task has never seen another monitor's value of the day, and
# inverse distance has seen nothing else: beating it there means that weather carries what neighbours do not. In the neighbours
# task both have it.
#
# ## Elevation: a place's name in disguise
#
# The weather station's elevation is constant in time, and so nearly unique that it can serve as the name of a place. It is
# therefore not among the inputs, except in this arm.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, with and without the weather stations' elevation among the inputs: test R² minus that of no location without elevation, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-aqs-elevation"}, "image": {"alt": "Panels for the spatial and the checkerboard split: difference of R² to no location without elevation for GeoCLIP, for elevation, and for both together, with intervals around a dashed line at zero."}} tags=["hide-input"]
NAMED = {"none": "elevation", "geoclip": "elevation + GeoCLIP"}
arm = of(ELEVATION)
raised = pd.DataFrame()
if len(arm) and "weather-2019" in tasks:
    renamed = arm.assign(variant=arm["variant"].map(NAMED).fillna(arm["variant"]), fusion="-")
    plain = of("weather-2019")
    plain = plain[plain["arm"].isin(["none", "geoclip-hadamard"]) & plain["split"].isin(arm["split"])]
    raised = matched.differences(pd.concat([plain, renamed]), sums, reach=reach["weather-2019"])
if raised.empty:
    figures.nothing("elevation", profile, embedded=is_embedded)
else:
    drawn = matched.by_fit(raised)
    panels = {where(split): drawn[drawn["split"] == split] for split in splits_in(drawn)}
    fig = figures.forests(panels, "ΔR² to no location", reference=0)
    figures.label(fig, profile, n=int(raised["stations"].max()), of="stations at most", embedded=is_embedded)

# %% tags=["remove-input"]
lines = []
for row in raised.itertuples():
    if "elevation" in row.arm:
        verb = {1: "raises", -1: "lowers", 0: "does not clearly change"}[row.clear]
        interval = signed(row.low, row.high)
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
    figures.nothing("the map of the 16° checkerboard", profile, embedded=is_embedded)
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
        ax.set_title(f"{TITLES[task]}, {len(table):,} stations")
    figures.label(fig, profile, n=sum(map(len, gains.values())), of="stations in all maps", embedded=is_embedded)

# %% tags=["remove-input"]
lines = []
for task, table in gains.items():
    order = (table["gain"] * table["n"]).sort_values(key=np.abs, ascending=False)
    few = max(1, len(order) // 20)
    lines.append(
        f"- **{title(task)}.** GeoCLIP has the smaller squared error at {100 * (table['gain'] > 0).mean():.0f} % of {len(table):,} stations. The "
        f"{few} stations that changed most hold {100 * order.head(few).abs().sum() / order.abs().sum():.0f} % of all change."
    )
lines.append("\nWhere few stations hold much of the change, a score over all rows is decided by few.")
Markdown("\n".join(lines))

# %% [markdown]
# ## Which days it looks at

# %% mystnb={"figure": {"caption": "Mean attention weight of each day of the window on test rows, mean over all fits of an arm, real measurements. The dotted line is an even spread; the estimated day is at lag 0. Arms differ in colour and marker.", "name": "fig-aqs-attention"}, "image": {"alt": "One panel a task: attention weight against lag in days, one line with its own marker for each trained arm, and a dotted line at an even spread."}} tags=["hide-input"]
looked = {}
for run, task, name in scores.drop_duplicates("run")[["run", "task", "arm"]].itertuples(index=False):
    weights = stamps.get(run, {}).get("attention")
    if weights and task in TITLES:
        looked.setdefault(task, {}).setdefault(name, []).append(weights)
if not looked:
    figures.nothing("attention", profile, embedded=is_embedded)
else:
    fig, axes = figures.subplots(1, len(looked), size=(6.4, 3.8), sharey=True, squeeze=False)
    for ax, task in zip(axes[0], [t for t in TITLES if t in looked], strict=True):
        for name in arm_order(looked[task]):
            mean = np.mean(looked[task][name], axis=0)
            style = figures.look(name)
            ax.plot(np.arange(len(mean)) - len(mean) + 1, mean, color=style.colour, marker=style.marker, lw=1.4, ms=5)
        ax.axhline(1 / len(mean), color="#777777", lw=1, ls=":")
        ax.set_title(TITLES[task])
        ax.set_xlabel("lag [days]")
    axes[0, 0].set_ylabel("attention weight")
    axes[0, 0].set_ylim(bottom=0)
    handles = figures.legend(axes[0, 0], {n for t in looked.values() for n in t}).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2)
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
verdicts = {task: [] for task in tasks}
rows = []
found = {task: gaps[task].set_index(["split", "arm"]) for task in tasks}
means = {task: of(task)[of(task)["metric"] == "r2"].groupby(["split", "arm"])["value"].mean() for task in tasks}
for split in splits_in(scores):
    for name in arm_order(scores["arm"]):
        if name in ("idw", "none") or reported_sign(split, name) is None:
            continue
        told = reported(split, name)
        cells = {
            "split": where(split),
            "arm": figures.look(name).name,
            "reported (second-hand)": f"{reported(split, 'none')} → {told}"
            if REPORTED.get(split, {}).get(name)
            else told,
        }
        for task in tasks:
            shown = "no fits yet"
            if (split, name) in found[task].index:
                verdict = agreement(split, name, int(found[task].loc[(split, name), "clear"]))
                verdicts[task].append(verdict)
                verdict = "equal or mixed there" if verdict.startswith("reported") else verdict
                shown = minus(f"{means[task][split, 'none']:.2f} → {means[task][split, name]:.2f}") + f", {verdict}"
            cells[TITLES[task]] = shown
        rows.append(cells)
captioned(
    pd.DataFrame(rows, columns=["split", "arm", "reported (second-hand)", *(TITLES[task] for task in tasks)]),
    f"R² of no location → of the arm: as reported (second-hand; two values are a checkerboard's partitions) and here (means over folds and seeds), "
    f"and whether the direction agrees; real measurements, profile {profile}. Undecided: our difference is not clear.",
    "tab-aqs-reported",
)

# %% tags=["remove-input"]
lines = []
for task in tasks:
    counts = {word: verdicts[task].count(word) for word in ("agrees", "does not agree", "undecided")}
    lines.append(
        f"- **{title(task)}.** Of {sum(counts.values())} reported directions, found here too: {counts['agrees']}; found the other way round: "
        f"{counts['does not agree']}; undecided: {counts['undecided']}."
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
        (
            task,
            f"{len(own)} of {expected(task)}",
            str(len(trained)),
            f"{sum(s['seconds'] for s in own.values()) / 60:.0f}",
            f"{min(sizes):,} to {max(sizes):,}" if sizes else "–",
            listed(sorted({f"{s['device']}, {s['threads']} thread{'s' * (s['threads'] > 1)}" for s in own.values()})),
            listed(sorted({f"torch {s['torch']}, {s['system']}" for s in own.values()})),
        )
    )
captioned(
    pd.DataFrame(rows, columns=["task", "runs", "trained", "minutes, all runs", "parameters", "made on", "software"]),
    f"Runs and their time, from their stamps; profile {profile}. Runs share a machine's cores, so minutes add up to more than the clock's.",
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the same small network does at real monitors with two sets of inputs, and where telling the place changes
# that beyond what other stations and other trainings would. It does **not** repeat the study: without satellite haze, smoke and fine
# meteorology a model of daily PM2.5 misses most of what it needs, and a place that stands for everything missing has
# more to do here than there. One year is one year: wildfires make the tests of the West what they are, and no interval here
# knows about another year.
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
