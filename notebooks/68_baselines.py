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
from types import SimpleNamespace

import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import data
from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, TABLE, captioned, cells, gains
from placeprior.book.words import NOTE, listed, looked, minus, rule, said, written
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import plan, store
from placeprior.space import kriging
from placeprior.space.splits import lonlat_of
from placeprior.space.splits import split as partition

figures.style()
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}
CORRECTED = plan.CORRECTED
#: Trained networks that are told the place.
PLACED = ["lonlat", "sincos", "geoclip-hadamard", "geoclip-concat"]
#: What one thing more changes: each arm beside the one without it.
ADDED = {
    "gbt+lonlat": "gbt",
    "gbt+geoclip": "gbt",
    "gbt+kriging": "gbt",
    "rf+lonlat": "rf",
    "rf+geoclip": "rf",
    CORRECTED: "none",
}
ARMS = [*plan.BASELINES, "none", "none+head", *PLACED]


def common(scores):
    """Scores of the fits that all arms of a split have: means over different seeds or partitions rank nothing.

    Where no fit is common to all, the arms with the fewest are left out.
    """
    kept = []
    for _, part in scores.groupby("split"):
        arms = part.drop_duplicates("run")["arm"].value_counts().index.tolist()
        while (shared := matched.shared(part, arms)).empty:
            arms.pop()
        kept.append(shared)
    return pd.concat(kept) if kept else scores


def source(task):
    """Scores, station sums and costs of a task, on the splits in which a baseline beside inverse distance was run."""
    name = profile if task == "world" else real
    asked = [
        m for m in ("baselines", "baselines-neighbours", "core", "controls") if m in plan.profile(name)["matrices"]
    ]
    scores = with_arm(store.scores(name, *asked))
    scores = scores[(scores["task"] == task) & scores["arm"].isin(ARMS)]
    beyond = set(plan.BASELINES) - {"idw"}
    scores = scores[scores["split"].isin(scores.loc[scores["arm"].isin(beyond), "split"].unique())]
    sums = store.sums(name)
    kind = "embedded world" if task == "world" else "real measurements"
    return SimpleNamespace(
        task=task,
        title=TASKS[task],
        scores=scores,
        sums=sums[sums["run"].isin(scores["run"])],
        stamps=store.stamps(name),
        profile=name,
        embedded=task == "world",
        origin=f"profile {name}, {kind}",
        short=task.split("-")[0],
    )


sources = {task: source(task) for task in TASKS}
if sources["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the baselines in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )
for s in sources.values():
    s.type = {"metric": "rmse", "reach": matched.reach(s.profile, s.task)}
    s.to_none = matched.differences(s.scores, s.sums, "none", **s.type)
    s.added = matched.differences(s.scores, s.sums, ADDED, **s.type)
    s.ranked = common(s.scores)
    s.means = s.ranked[s.ranked["metric"] == "rmse"].groupby(["split", "arm"])["value"].mean()
    s.looks = []  # every further comparison of two arms, for the count at the end


def where(split):
    return SPLITS.get(split, split)


def title(s):
    return s.title[0].upper() + s.title[1:]


def pct(row):
    """A difference in RMSE and its interval, as a sentence writes them."""
    return written(row, 2, f" {figures.UNIT}")


# A positive difference is a larger error.
VERDICT = {1: "clearly worse than", -1: "clearly better than", 0: "not told apart from"}


def versus(s, split, first, second):
    """Paired difference in RMSE of two arms on a split, in the fits that are ranked, or None where there is none."""
    part = s.ranked[s.ranked["split"] == split]
    found = matched.differences(part, s.sums, {first: second}, **s.type)
    if len(found):
        s.looks.append(found)
    return next(found.itertuples(), None)


def lowest(s, split, arms):
    """The arm with the lowest mean RMSE among these, or None where none was run."""
    means = s.means[split]
    known = means[means.index.isin(arms)]
    return None if known.empty else known.idxmin()


def forest(s):
    """Differences in RMSE to the network without a place, one panel a split."""
    if s.to_none.empty:
        return figures.nothing(f"{s.title}, baselines", s.profile, embedded=s.embedded)
    drawn = matched.by_fit(s.to_none)
    panels = {where(split): drawn[drawn["split"] == split] for split in splits_in(drawn)}
    fig = figures.forests(panels, f"ΔRMSE [{figures.UNIT}]", reference=0)
    fig.set_size_inches(fig.get_figwidth(), 1.2 * fig.get_figheight())  # names of three lines
    return figures.label(
        fig,
        s.profile,
        n=s.to_none["stations"].max(),
        of="stations at most",
        embedded=s.embedded,
        note=f"{NOTE}; left is better",
    )


# %% [markdown]
# # What a user would pick instead
#
# The other pages compare networks with networks. Somebody who needs a map of PM2.5 has more choices, and most are simpler: average the
# nearest monitors, fit trees, or do both. A location encoder is worth its trouble only if it beats these. So this page sets
# **baselines** beside the trained networks, on the same splits and the same test rows.
#
# | arm | what it does | what it reads |
# |---|---|---|
# | `idw` | mean of the nearest monitors of the day, weighted by one over distance | PM2.5 of the day |
# | `kriging` | the same, with weights that the data suggest | PM2.5 of the day |
# | `eof` | patterns in time, mixed by a network of coordinates | PM2.5 of all days |
# | `gbt`, `rf` | boosted trees, a random forest | the predictors of the last days |
# | `gbt+lonlat`, `rf+lonlat` | the same | and longitude and latitude |
# | `gbt+geoclip`, `rf+geoclip` | the same | and GeoCLIP's vector, in few numbers |
# | `gbt+kriging` | boosted trees, and what they missed kriged | predictors, and PM2.5 of the day |
# | `none+kriging` | the network without a place, and what it missed kriged | predictors, and PM2.5 of the day |
#
# No arm reads a label of a test station or a test row. Look at the last column before you compare: on a task whose networks get no PM2.5
# of the day, kriging has something that they do not.
#
# ## Ordinary kriging on one screen
#
# Inverse distance decides beforehand how fast a monitor loses weight with distance. **Kriging** asks the data, in three steps
# {cite:p}`cressie1993`.
#
# **1. How different are two monitors, by the distance between them?** Take all pairs of monitors that reported on the same day $t$ and lie about
# $h$ kilometres apart. Half their mean squared difference is the *empirical variogram* {cite:p}`matheron1963`:
#
# $$
# \hat\gamma(h) = \frac{1}{2N(h)} \sum_t \sum_{d_{ij} \approx h} (z_{it} - z_{jt})^2
# $$ (eq-baselines-empirical)
#
# A day of smoke varies tens of times more than a clean one and would decide everything alone. So each day is first divided by its own standard deviation:
# $z$ has no unit. The pairs of all days go into one pool.
#
# **2. Draw a smooth curve through it.** It starts at the *nugget* $n$, what differs even between neighbours, and rises by the *partial sill* $s$ within about the
# *range* $r$. The power $p \le 1$ lets it rise steeply at first and slowly later:
#
# $$
# \gamma(h) = n + s\,\bigl(1 - e^{-(h/r)^p}\bigr)
# $$ (eq-baselines-curve)
#
# With great-circle distances, this is one of the few usual curves that never give a negative variance {cite:p}`gneiting2013`.

# %% tags=["remove-cell"]
task = plan.profile(profile)["tasks"]["world"]
cube = data.load(task["load"], **task.get("options", {}))
first = int(sources["world"].scores["seed"].min())
taught = partition("spatial", cube, first)
pm25, lonlat = np.where(taught.pool, cube["pm25"].values, np.nan), lonlat_of(cube)
km, gamma, pairs = kriging.empirical(kriging.standardised(pm25), lonlat)
curve = kriging.fit(km, gamma, pairs)

# Five stations around the place that is asked for, in km on a plane.
FAR = 170  # B, C, D and E are equally far, B straight behind A
POLAR = {"A": (FAR / 3, 20), "B": (FAR, 20), "C": (FAR, 150), "D": (FAR, 158), "E": (FAR, 265)}
PLACES = {n: (r * np.cos(np.radians(angle)), r * np.sin(np.radians(angle))) for n, (r, angle) in POLAR.items()}
at = np.array(list(PLACES.values()))
between = curve.covariance(np.linalg.norm(at[:, None] - at, axis=-1)) + curve.nugget * np.eye(len(at))
share = kriging.weights(between[None], curve.covariance(np.linalg.norm(at, axis=-1))[None])[0]
inverse = 1 / np.linalg.norm(at, axis=-1)
inverse /= inverse.sum()

# %% mystnb={"figure": {"caption": "Embedded world, training monitors of the within-region split: half the mean squared difference of two monitors on the same day, by their distance (points: the area grows with the number of pairs), and the fitted curve. Each day is divided by its own standard deviation first, so that a value of one is a day's whole variance (dotted).", "name": "fig-baselines-variogram"}, "image": {"alt": "Points that rise with distance in kilometres, steeply at first and then more slowly, with a smooth curve through them that starts above zero, and a dotted horizontal line at one."}} tags=["hide-input"]
fig, ax = figures.subplots(size=(5.4, 3.2))
ax.scatter(
    km, gamma, s=12 + 90 * pairs / pairs.max(), color="#0173b2", alpha=0.6, lw=0, label="pairs of monitors", zorder=3
)
line = np.linspace(0, kriging.MAX_KM, 400)
ax.plot(line, curve(line), color="#d55e00", lw=2, label="fitted curve")
ax.axhline(1, color="#777777", lw=1, ls=":")
ax.annotate(
    "nugget",
    (0, curve.nugget),
    xytext=(12, 2),
    textcoords="offset points",
    color="#555555",
    va="bottom",
    fontsize="small",
)
ax.plot(0, curve.nugget, marker="<", color="#d55e00", ms=7, clip_on=False)
ax.set(xlabel="distance of two monitors [km]", ylabel="variogram [day's variance]")
ax.set_xlim(0, kriging.MAX_KM)
ax.set_ylim(0, 1.1 * max(gamma.max(), 1))
ax.legend(loc="lower right")
_ = figures.label(fig, profile, n=pairs.sum(), of="pairs of monitors on a day", embedded=True)

# %% tags=["remove-input"]
Markdown(
    f"Here the nugget is {curve.nugget:.2f}, the partial sill {curve.sill:.2f}, the range {curve.range_km:,.0f} km and the power {curve.power:.2f}: "
    f"half the squared difference of two monitors 100 km apart is, on average, {curve(100.0) / curve(kriging.MAX_KM):.0%} of that at {kriging.MAX_KM:,.0f} km."
    + (
        ""
        if curve.range_km < kriging.MAX_KM
        else " The range lies beyond the distances looked at: the curve has not levelled off there, and only its rise counts."
    )
)

# %% [markdown]
# **3. Find the weights.** Write $\lambda_i$ for the weight of monitor $i$, and estimate $\hat y = \sum_i \lambda_i y_i$. Among all weights that **sum to one**, kriging takes those
# with the smallest expected squared error under the curve. The sum makes the estimate right on average, whatever the level of the day. With
# covariances $C(h) = s\,e^{-(h/r)^p}$, a matrix $K$ of those among the monitors (with the nugget on its diagonal), and a vector $c$ of those towards the place asked for,
#
# $$
# \lambda = K^{-1}(c + \mu 1), \qquad \mu \text{ such that } \textstyle\sum_i \lambda_i = 1.
# $$ (eq-baselines-weights)
#
# Nothing else is needed: a system of equations for each place and each set of monitors that reported, with the thirty nearest. Two things come out of the matrix $K$ that inverse distance
# cannot know. Monitors that stand together say the same thing, so they **share** a weight. And a monitor behind another one is **screened**: the nearer one has said most of it already.

# %% mystnb={"figure": {"caption": "Five made-up monitors around a place (cross), weighted with the curve fitted above: circles grow with the kriging weight. In brackets: the weight by inverse distance. B, C, D and E are equally far from the place; B stands behind A, C and D stand together, E alone.", "name": "fig-baselines-weights"}, "image": {"alt": "A small plane with a cross in the middle and five circles A to E. A is nearest, B lies behind it, C and D stand together on the other side, E alone below. Beside each are its kriging weight and, in brackets, its weight by inverse distance, in per cent."}} tags=["hide-input"]
fig, ax = figures.subplots(size=(5.4, 3.9))
for (name, (x, y)), weight, plain in zip(PLACES.items(), share, inverse, strict=True):
    ax.plot([0, x], [0, y], color="#cccccc", lw=1, zorder=1)
    colour = "#0173b2" if weight >= 0 else "#d55e00"
    ax.scatter(x, y, s=40 + 2400 * abs(weight), color=colour, alpha=0.35, lw=0, zorder=2)
    ax.scatter(x, y, s=14, color=colour, zorder=3)
    side = "D" if name == "D" else "up"
    ax.annotate(
        minus(f"{name}: {weight:.0%} ({plain:.0%})"),
        (x, y),
        xytext=(0, -26 if side == "D" else 20),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize="small",
    )
ax.scatter(0, 0, marker="X", s=70, color=figures.INK, zorder=4)
ax.set(xlabel="east [km]", ylabel="north [km]", xlim=(-260, 290), ylim=(-240, 170), aspect="equal")
_ = figures.label(fig, profile, n=len(at), of="monitors, made up", embedded=True)

# %% tags=["remove-input"]
weight = dict(zip(PLACES, share, strict=True))
Markdown(
    minus(
        f"B, C, D and E are equally far, so inverse distance gives each of them {inverse[-1]:.0%}. Kriging gives E, which stands alone, {weight['E']:.0%}; B, behind A, "
        f"{weight['B']:.0%}; and the two that stand together {weight['C']:.0%} and {weight['D']:.0%}. The smoother the curve begins, the stronger both effects are."
    )
)

# %% [markdown]
# ## The other baselines in a paragraph each
#
# **Trees.** A tree asks questions of the form *is the wind of yesterday above this value?* and says a mean at its end. *Boosting* adds hundreds of small trees, each fitted to what the
# ones before it missed {cite:p}`friedman2001`; a *random forest* averages trees that were grown on different draws of the rows {cite:p}`breiman2001`. Both see the same scaled predictors of the last seven days as the network. The trees
# that are told the place get it as further columns: longitude and latitude, or the first 32 principal components of GeoCLIP's vector. With more columns, a tree would find
# one that separates any two stations. Trees are fitted to a sample of the training rows, of at least the size that a network sees in one epoch. Boosting stops when the validation rows no longer improve.
#
# **What was missed, kriged.** Predictors tell when PM2.5 is high; the day's monitors tell what the predictors missed. So fit the first, krige its errors at the training
# rows of the day, and add the two. Errors at rows that trees have learned by heart would be too small. For `gbt+kriging` they come from trees that were fitted to the other four fifths of the training
# stations (of the rows, where the split tests rows). For `none+kriging` they are those at the training rows: the network sees each row a few times only.
#
# **EOFs.** An *empirical orthogonal function* is a pattern that explains as much of the data as one pattern can. Write the measurements as a table, one row a station and one
# column a day, and subtract each day's mean. Then find the time series that, multiplied by one number for each station, comes nearest to the whole table; then the one that does so for the rest; and so on. These are the singular vectors of the table, as in
# a principal component analysis. The first may be summer against winter, the second one large fire. A station is now a handful of numbers, and a network learns these numbers from longitude
# and latitude {cite:p}`amato2020`. So whole series are put on the map at once. Gaps, of which the method knows none, are filled by kriging first.
#
# ```{admonition} Which settings were chosen after seeing test scores
# :class: warning
# The variogram's largest distance and its powered exponential were chosen after seeing two splits of one seed of the real weather task; the others
# are usual values. So kriging, and all that contains it, may have a small advantage on that task which the other arms do not have.
# ```
#
# ## Results: the embedded world
#
# The score is the RMSE in µg m⁻³: smaller is better. Networks without a place (`none`, and with an extra head, {doc}`controls`) and with one stand below the baselines. WR stands for within region, OoR for out
# of region ({doc}`../concepts/splits`).


# %% tags=["remove-input"]
def table(s):
    """Mean RMSE, arms by splits; differences to no location folded below."""
    if s.scores.empty:
        return Markdown(f"*No runs of the baselines for {s.title} are in `results/{s.profile}`.*")
    means = captioned(
        cells(s.ranked, "rmse").rename_axis("arm"),
        f"{title(s)}: test RMSE in {figures.UNIT}, {TABLE}; {s.ranked['run'].nunique()} runs, only fits that all arms of a split have, {s.origin}. A dash: no such run.",
        f"tab-baselines-{s.short}",
    ).data
    gaps = captioned(
        gains(s.to_none, 2),
        f"{title(s)}: test RMSE in {figures.UNIT} minus that of no location on the same rows (negative is better), {CELL}; {s.origin}.",
        f"tab-baselines-{s.short}-differences",
    ).data
    return Markdown(
        f"{means}\n\n::::{{admonition}} {title(s)}: differences to no location\n:class: dropdown note\n\n{gaps}\n::::\n"
    )


table(sources["world"])

# %% mystnb={"figure": {"caption": "Embedded world: test RMSE minus that of the network without a place, on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Left of the dashed line the error is smaller. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-baselines-world"}, "image": {"alt": "One panel a split. Each baseline, from inverse distance over trees to EOFs, and each network with a place has a row with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"])

# %% [markdown]
# ## Results: real measurements
#
# The two tasks are described in {doc}`aqs`. On the weather task the networks get weather alone, and no PM2.5 of any monitor.

# %% tags=["remove-input"]
table(sources["weather-2019"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test RMSE minus that of the network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-baselines-weather"}, "image": {"alt": "One panel a split for the weather task: rows for the baselines and the networks with a place, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"])

# %% [markdown]
# On the neighbours task the networks get the inverse-distance mean of the day's training monitors as an input. So baselines and networks know the same measurements.

# %% tags=["remove-input"]
table(sources["neighbours-2021"])

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test RMSE minus that of the network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-baselines-neighbours"}, "image": {"alt": "One panel a split for the neighbours task: rows for kriging, EOFs, the corrected network and the networks with a place, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["neighbours-2021"])

# %% [markdown]
# ### In words
#
# Sentences with numbers are written by the page from its results. Differences are RMSE in µg m⁻³ on the same test rows; negative is better.

# %% tags=["remove-input"]
Markdown(rule())

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    if s.scores.empty:
        lines.append(f"**{title(s)}**: no runs of the baselines are in `results/{s.profile}`.\n")
        continue
    absent = [a for a in plan.BASELINES if a not in set(s.scores["arm"])]
    lines.append(f"**{title(s)}**" + (f" (not run: {listed([said(a) for a in absent])})" if absent else "") + "\n")
    for split in splits_in(s.scores):
        best, placed = lowest(s, split, plan.BASELINES), lowest(s, split, PLACED)
        if best is None:
            continue
        overall = lowest(s, split, ARMS)
        text = f"- {where(split)}: of the baselines, {said(best)} has the lowest mean RMSE, {s.means[split][best]:.2f} {figures.UNIT}"
        text += (
            "; no arm has a lower one. "
            if overall == best
            else f"; of all arms, {said(overall)}, {s.means[split][overall]:.2f}. "
        )
        if placed is not None and (one := versus(s, split, placed, best)):
            text += (
                f"The best network with a place is {said(placed)}, {s.means[split][placed]:.2f}; it is {VERDICT[one.clear]} that baseline, "
                f"{pct(one)}."
            )
        lines.append(text)
    lines.append("")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# *The best network* and *the best baseline* were picked by the very scores that are compared. A best of many is partly lucky, so the intervals
# are too narrow for these two; how much luck each side had depends on how many arms it had.
#
# ## Does one thing more help?
#
# The same arm with and without one addition: GeoCLIP or coordinates for trees, kriging for what was missed.


# %% tags=["remove-input"]
def additions(s):
    """What each addition changes, additions by splits."""
    base = {a: f"{figures.look(a).name}, against {said(ADDED[a])}" for a in s.added["arm"]}
    cells = gains(s.added, 2).rename(index={figures.look(a).name: text for a, text in base.items()})
    return captioned(
        cells,
        f"{title(s)}: change of the test RMSE in {figures.UNIT} on the same rows by one addition (negative is better), {CELL}; {s.origin}.",
        f"tab-baselines-added-{s.short}",
    ).data


Markdown("\n\n".join(additions(s) for s in sources.values() if len(s.added)) or "*No such pairs are in the results.*")

# %% tags=["remove-input"]
HELPS = {-1: "clearly better", 1: "clearly worse", 0: "no clear difference"}
WHAT = {"lonlat": "Longitude and latitude", "geoclip": "GeoCLIP", "kriging": "Kriging what was missed"}
lines = []
for s in sources.values():
    if s.added.empty:
        continue
    lines.append(f"**{title(s)}**\n")
    for key, what in WHAT.items():
        told = []
        for clear in (-1, 1, 0):
            part = s.added[(s.added["clear"] == clear) & s.added["arm"].str.endswith(f"+{key}")]
            words = [
                f"{said(base)} on {listed([where(p) for p in own['split']])}"
                for base, own in part.groupby(part["arm"].map(ADDED), sort=False)
            ]
            told += [f"{HELPS[clear]} with it for {' and for '.join(words)}"] if words else []
        lines += [f"- {what}: {'; '.join(told)}."] if told else []
    for split in splits_in(s.scores):
        text = []
        for corrected, rivals in ((CORRECTED, PLACED), ("gbt+kriging", ["gbt+lonlat", "gbt+geoclip"])):
            rival = lowest(s, split, rivals)
            if rival is not None and (one := versus(s, split, corrected, rival)):
                text.append(f"{said(corrected)} is {VERDICT[one.clear]} {said(rival)}, {pct(one)}")
        if text:
            lines.append(f"- Correcting against telling the place, {where(split)}: {'; '.join(text)}.")
    lines.append("")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# In these sentences *telling the place* is again the best arm of its kind.
#
# ## What it costs

# %% tags=["remove-input"]
rows = {}
for s in sources.values():
    for arm, own in s.scores.drop_duplicates("run").groupby("arm"):
        seconds = [s.stamps[run]["seconds"] for run in own["run"] if run in s.stamps]
        if seconds:
            rows.setdefault(arm, {})[s.title] = f"{np.median(seconds):,.{1 if np.median(seconds) < 10 else 0}f}"
costs = pd.DataFrame.from_dict(rows, orient="index").reindex(arm_order(rows)).fillna("–")
devices = sorted({s.stamps[run]["device"] for s in sources.values() for run in set(s.scores["run"]) if run in s.stamps})
captioned(
    costs.rename(index=lambda a: figures.look(a).name).rename_axis("arm"),
    f"Seconds a run, the median over splits, seeds and folds, on one thread of a machine with other work; device: {', '.join(devices)}; profiles {profile} (embedded world) and {real} "
    "(real measurements). A dash: not run.",
    "tab-baselines-costs",
)

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found = [table for table in (s.to_none, s.added, *s.looks) if len(table)]
    if found:
        lines.append(f"- **{title(s)}**: {looked(pd.concat(found, ignore_index=True))}")
many = "\n".join(lines)
Markdown(
    "Seconds were taken while other runs shared the machine, so read them as orders of magnitude. Those of the corrected network leave out the training of its network where that "
    f"was there before.\n\n## How many intervals\n\nShown or told on this page:\n\n{many}"
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what can be had without a network, and without an encoder, from the same labels on the same splits. If a baseline is as good as the best network with a place, the choice
# between them is one of costs and of taste, not of accuracy.
#
# It does not show the best that trees or kriging can do. Their settings are usual ones, hardly searched; the networks here are small and trained briefly, and nobody searched their settings either. It does not compare
# like with like where one arm reads the day's monitors and another does not: `kriging` against a network of weather alone compares *information*, not methods. The fair pairs are `gbt+lonlat` and
# `gbt+geoclip` against `gbt`, which have the same labels and predictors, and `kriging` against the networks of the neighbours task.
#
# Kriging also needs monitors near by on the day that is asked for. Where there are none it falls back to a mean of far ones, which the checkerboard
# tests and the random draw of stations does not. And in the embedded world smoothness in space is built in: a method that assumes it may look better there than it is.
#
# ```{admonition} Exercise: two monitors at one place
# :class: exercise tip
# Two monitors stand at the same distance from the place asked for and at the same spot; a third stands at that distance on the other side, far from them. Which weights does inverse distance give? Which does
# kriging give when there is no nugget? And when there is nothing but a nugget?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Inverse distance gives a third to each. Without a nugget the twins always agree, so together they count as one monitor: by symmetry their site gets one half and the third monitor the other, a
# quarter for each twin. With nothing but a nugget, distance means nothing and all three measure the same mean with independent errors: a third each. A real nugget lies between.
# ```
#
# ```{admonition} Exercise: why not krige the training errors?
# :class: exercise tip
# A forest of deep trees has an RMSE of almost zero at its training rows. What does kriging of these errors add at a test station? What would change with errors out of fold?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Almost nothing: the errors that are kriged are almost zero, although the forest will miss as much at the test station as at any new one. Errors out of fold are made at stations that the trees did not
# know, so they have the size and the spatial pattern of those at test stations. What is left is a small mismatch: trees of four fifths of the stations err a little more than the final ones.
# ```
