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
import xarray as xr
from IPython.display import Markdown
from scipy.stats import wasserstein_distance

from placeprior import data, evidence
from placeprior.arms import SPLITS, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, captioned
from placeprior.book.words import gain, listed, looked, minus, rule, said
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import plan, store
from placeprior.scores import metrics
from placeprior.space.matched_folds import land, to_map
from placeprior.space.splits import (
    BLOCK_KM,
    BUFFER_KM,
    FOLDS,
    HISTORY,
    NAMES,
    folds,
    lonlat_of,
    split,
    state_folds,
    state_name,
)

figures.style()
ARMS = ["idw", "none", "geoclip-hadamard"]
HELD = [name for name in NAMES if name != "random"] + ["state"]  # the splits that hold out stations
LOOKS = {
    "spatial": ("#0173b2", "s", "-"),
    "knndm": ("#d55e00", "P", "-"),
    "blocks": ("#7b61c9", "h", "--"),
    "state": ("#222222", "*", ":"),
    "checkerboard-8": ("#029e73", "D", "--"),
    "checkerboard-16": ("#de8f05", "^", "-."),
    "checkerboard-30": ("#cc78bc", "v", ":"),
}
BEFORE = {
    "random": "other days at known places",
    "spatial": "places among the monitors",
    "knndm": "places as on a map",
    "blocks": "places at least a buffer away",
    "state": "a state that has no monitors",
    "checkerboard-8": "regions",
    "checkerboard-16": "large regions",
    "checkerboard-30": "half of the country",
}


def where(split):
    """A split's name, without a comma, which would break a list of names."""
    return SPLITS.get(split, split)


def light(names, lonlat):
    """A cube of these places, measured every day.

    Which *stations* a split holds out depends on their places and the seed alone, as long as each has a day that can be
    scored; so this is enough to tell the distances, with or without the measurements.
    """
    days = np.arange("2019-01-01", HISTORY + 1, dtype="datetime64[D]").astype("datetime64[ns]")
    values = np.zeros((len(names), len(days)), np.float32)
    place = {"lon": ("station", lonlat[:, 0]), "lat": ("station", lonlat[:, 1])}
    return xr.Dataset({"pm25": (("station", "time"), values)}, {"station": names, "time": days, **place})


def tests(cube):
    """The folds that are drawn: all of a split that has several, else one for each of several seeds."""
    found = [int(fold) for fold in np.unique(state_folds(lonlat_of(cube)))]
    return {
        name: [(fold, 0) for fold in (found if name == "state" else folds(name))]
        if len(folds(name)) > 1
        else [(1, seed) for seed in range(FOLDS)]
        for name in HELD
    }


def source(name, task, places, embedded):
    """Scores and station sums of a task, and what each split asks of its stations."""
    wanted = [m for m in ("core", "distances", "states") if m in plan.profile(name)["matrices"]]
    scores = with_arm(store.scores(name, *wanted))
    scores = scores[(scores["task"] == task) & scores["split"].isin(["random", *HELD])]
    sums = store.sums(name)
    cube = light(*places)
    kind = "embedded world" if embedded else "real measurements"
    return SimpleNamespace(
        scores=matched.shared(scores, ARMS),
        sums=sums[sums["run"].isin(scores["run"])],
        cube=cube,
        profile=name,
        embedded=embedded,
        task=task,
        origin=f"profile {name}, {kind}",
        short="world" if embedded else "aqs",
        title="The embedded world" if embedded else f"EPA's monitors ({task})",
        map=to_map(lonlat_of(cube)),
        km={
            split_name: np.concatenate([split(split_name, cube, seed, fold).distance_km(cube) for fold, seed in which])
            for split_name, which in tests(cube).items()
        },
    )


def tested_places(name, task):
    """Names and places of all stations that some run of a task tested, from committed results alone."""
    scores = store.scores(name, "core")
    sums = store.sums(name)
    found = sums[sums["run"].isin(scores.loc[scores["task"] == task, "run"])]
    found = found.drop_duplicates("name").sort_values("name")
    if found.empty:
        raise StoreError(f"results/{name} has no station of the task {task}; collect the profile first")
    return found["name"].to_numpy(), found[["lon", "lat"]].to_numpy(float)


spec = plan.profile(profile)["tasks"]["world"]
cube = data.load(spec["load"], **spec.get("options", {}))
TASK = next(iter(plan.profile(real)["matrices"]["distances"]["task"]))
world = source(profile, "world", (cube["station"].values, lonlat_of(cube)), True)
aqs = source(real, TASK, tested_places(real, TASK), False)
for s in (world, aqs):
    s.w1 = {name: float(wasserstein_distance(km, s.map)) for name, km in s.km.items()}
    s.w1["random"] = float(s.map.mean())  # all at distance zero
    s.order = sorted(HELD, key=lambda name: np.median(s.km[name]))

# %% [markdown]
# # Which split answers which question?
#
# A score belongs to the places at which it was measured. {doc}`splits` shows that the splits of this book measure at very
# different distances from the training stations. This page asks which of them measures at the distances **that matter for
# a map**, and what the answer does to the scores.
#
# ## Two kinds of distance
#
# Think of a map of the whole country. Every cell of it is estimated from monitors, and each cell has a *nearest
# monitor*, at some distance. Collect these distances over all cells: this is the **sample-to-prediction** distance. It is what
# the model will have to bridge when it is used.
#
# Now test the model. Some stations are held out, and each has a nearest *training* station. Collect these distances:
# this is the **sample-to-sample** distance. It is what the model had to bridge when it was scored.
#
# Monitors stand in cities, so most monitors have another one near by. Most of the land is not near any. Hold out
# stations at random, and the second kind of distance is much shorter than the first: the test is easier than the use, and
# the score is too good *for a map*. For monitors spread evenly over the land the two would agree, and a random draw of
# stations would be the right test {cite:p}`wadoux2021`. With a checkerboard of large cells it is the other way round: the
# test is harder than the use. Its score is no worse an answer, but it answers another question: how well does the
# model do in a region that has no monitors at all?
#
# ## How far apart are two sets of distances?
#
# Let $G_{ij}(r)$ be the share of the land that has a monitor within the distance $r$, and $G^*_j(r)$ the share of tested stations that
# have a training station within $r$. The area between the two curves is the **Wasserstein distance**
#
# $$
# W = \int_0^\infty \bigl| G^*_j(r) - G_{ij}(r) \bigr| \, dr .
# $$ (eq-wasserstein)
#
# It is in kilometres: how far, on average, the distances of one set would have to be moved to become the other. Where
# one curve lies above the other everywhere, it is simply the difference of the two means.
#
# ## Three more splits
#
# **`knndm`**, k-fold nearest-neighbour distance matching {cite:p}`linnenbrink2024`, chooses the folds that make $W$ small. Stations are first clustered: into a few large
# clusters, into many small ones, and all in between. For each number of clusters, the clusters are dealt to five folds, and $W$ is
# computed. Few large clusters give long distances, many small ones short distances; the number with the smallest $W$ wins. If
# the monitors lie no closer to each other than the land lies to them, nothing needs matching, and the folds are random.
#
# **`blocks`** cuts an equal-area map into squares and deals the squares at random to five folds. Training
# stations within a **buffer** of any tested station are dropped, so that no test has a near neighbour.
#
# **`state`** leaves out one state at a time.

# %% tags=["remove-input"]
Markdown(
    f"A square is {BLOCK_KM:.0f} km wide: about there the correlation of daily PM2.5 at two monitors has fallen to half. The buffer is "
    f"{BUFFER_KM:.0f} km; {100 * (aqs.map < BUFFER_KM).mean():.0f} % of the land are nearer than that to one of EPA's monitors, and "
    f"{100 * (world.map < BUFFER_KM).mean():.0f} % to one of the embedded world's."
)

# %% mystnb={"figure": {"caption": "Four ways to hold out EPA's monitors: one fold each at the first seed. In blocks, the monitors inside the buffer are in no part and are not drawn.", "name": "fig-distances-maps"}, "image": {"alt": "Four maps of the contiguous US. Spatial: test stations sprinkled among training stations. kNNDM: test stations in small clusters over the country. Blocks: test stations in separate squares with an empty margin around them. State: all stations of one state are tested."}} tags=["hide-input"]
largest = int(np.bincount(state_folds(lonlat_of(aqs.cube))).argmax())
fig, axes = figures.subplots(2, 2, size=(6.8, 5.6), maps=True)
for ax, name in zip(axes.flat, ("spatial", "knndm", "blocks", "state"), strict=True):
    fold = largest if name == "state" else 1
    part = split(name, aqs.cube, 0, fold)
    figures.split_map(ax, lonlat_of(aqs.cube), part.train, part.test, part.validation, legend=False)
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, fontsize="small", columnspacing=0.8, handletextpad=0.1
    )
    dropped = int((~(part.train | part.validation | part.test).any(1)).sum())
    ax.set_title({"blocks": f"blocks ({dropped} dropped)", "state": f"state ({state_name(fold)})"}.get(name, name))
_ = figures.label(fig, aqs.profile, n=aqs.cube.sizes["station"], of=f"stations, {aqs.task}", embedded=False)


# %% tags=["remove-cell"]
def curve(values):
    """Share of values up to each, in percent."""
    x = np.sort(np.maximum(values, 1.0))
    return x, 100 * np.arange(1, len(x) + 1) / len(x)


def draw_curves(s):
    fig, ax = figures.subplots(size=(6.4, 4.4))
    ax.plot(*curve(s.map), color="#777777", lw=3.5, ls=(0, (5, 2)), label="the map: land to monitor")
    for name in s.order:
        colour, marker, line = LOOKS[name]
        x, y = curve(s.km[name])
        ax.plot(x, y, color=colour, ls=line, lw=1.6, marker=marker, markevery=max(1, len(x) // 7), ms=6, label=name)
    ax.set(xscale="log", xlabel="distance to the nearest training station [km]", ylabel="share nearer [%]")
    ax.set(ylim=(0, 101), xlim=(3, None))
    ax.legend(fontsize="small", loc="upper left")
    return figures.label(
        fig,
        s.profile,
        n=s.cube.sizes["station"],
        of="stations",
        embedded=s.embedded,
        note=f"{len(land()):,} pieces of land",
    )


def table_of_distances(s):
    rows = []
    for name in ["random", *s.order]:
        km = s.km.get(name, np.zeros(s.cube.sizes["station"]))
        rows.append(
            (
                where(name),
                BEFORE[name],
                *(f"{np.percentile(km, q):,.0f}" for q in (10, 50, 90)),
                f"{km.mean() - s.map.mean():+,.0f}",
                f"{s.w1[name]:,.0f}",
            )
        )
    rows.append(
        ("the map", "every piece of land", *(f"{np.percentile(s.map, q):,.0f}" for q in (10, 50, 90)), "–", "–")
    )
    heads = ["split", "the test asks for", "10 %", "median", "90 %", "mean, less the map's", "W to the map"]
    frame = pd.DataFrame(rows, columns=heads).map(minus)
    return captioned(
        frame,
        f"Kilometres from a tested station to the nearest training station, all folds of a split (of `spatial`, {FOLDS} seeds), and from the "
        f"land to its nearest monitor; {s.origin}.",
        f"tab-distances-{s.short}",
    )


def distances_in_words(s):
    known = [name for name in s.w1 if name != "random"]
    best, worst = min(known, key=s.w1.get), max(known, key=s.w1.get)
    ratio = {name: s.km[name].mean() / s.map.mean() for name in s.order}
    told = {
        "nearer to training than the land is to a monitor": [where(n) for n in s.order if ratio[n] < 0.9],
        "about as far (within a tenth)": [where(n) for n in s.order if 0.9 <= ratio[n] <= 1.1],
        "farther": [where(n) for n in s.order if ratio[n] > 1.1],
    }
    matching = s.w1["knndm"] < s.w1["spatial"]
    text = (
        f"The split whose test distances are most like those of the map is **{where(best)}** (W = {s.w1[best]:,.0f} km); least like "
        f"them are those of {where(worst)} (W = {s.w1[worst]:,.0f} km). On average the tests are "
        + "; ".join(f"{how}: {listed(names)}" for how, names in told.items() if names)
        + ". "
    )
    text += (
        f"Matching brings W from {s.w1['spatial']:,.0f} km, that of stations drawn at random, to {s.w1['knndm']:,.0f} km."
        if matching
        else f"Matching does not bring W below that of stations drawn at random ({s.w1['spatial']:,.0f} km; with it {s.w1['knndm']:,.0f} km)."
    )
    return Markdown(minus(text).replace(" · ", "\u00a0·\u00a0"))


# %% [markdown]
# ## The embedded world

# %% mystnb={"figure": {"caption": "Embedded world: share of tested stations that have a training station nearer than a distance, all folds of each split. Grey, thick and dashed: share of the land that has a monitor nearer than that. A split's W is the area between its curve and the dashed one.", "name": "fig-distances-world"}, "image": {"alt": "Rising curves on a logarithmic axis of distance, one a split with its own marker, and a thick grey dashed curve for the land. The curve of kNNDM runs along that of the land; stations drawn at random lie left of it; blocks, states and checkerboards lie right of it at the far end."}} tags=["hide-input"]
_ = draw_curves(world)

# %% tags=["remove-input"]
table_of_distances(world)

# %% tags=["remove-input"]
distances_in_words(world)

# %% [markdown]
# ## EPA's monitors
#
# The same for the real network: all monitors that were tested in some run of the task.

# %% mystnb={"figure": {"caption": "EPA's monitors: share of tested stations that have a training station nearer than a distance, all folds of each split. Grey, thick and dashed: share of the land that has a monitor nearer than that.", "name": "fig-distances-aqs"}, "image": {"alt": "Rising curves on a logarithmic axis of distance, one a split with its own marker, and a thick grey dashed curve for the land, for the real monitors."}} tags=["hide-input"]
_ = draw_curves(aqs)

# %% tags=["remove-input"]
table_of_distances(aqs)

# %% tags=["remove-input"]
distances_in_words(aqs)

# %% [markdown]
# Two remarks on matching. It matches the *nearest* distance, nothing else: a test in the middle of a dropped cluster and a cell
# of the map at the same distance may still differ in climate and in traffic. And a fold leaves fewer stations to train on than the final model
# will have, so every score from folds is a little too bad; {doc}`learning` measures what fewer stations cost.


# %% tags=["remove-cell"]
def pooled(s):
    """One score for each split and arm: all tested rows of all fits together."""
    rows = []
    runs = s.scores.drop_duplicates("run")
    for (name, arm), part in runs.groupby(["split", "arm"]):
        sums = s.sums[s.sums["run"].isin(part["run"])][metrics.SUMS].to_numpy(float).sum(0)
        rows += [(name, arm, metric, float(metrics.from_sums(sums)[metric]), len(part)) for metric in ("r2", "rmse")]
    return pd.DataFrame(rows, columns=["split", "arm", "metric", "value", "fits"])


def by_distance(s, names):
    """Splits from near to far."""
    return [name for name in ["random", *s.order] if name in set(names)]


def at(s, name):
    return f"{where(name)}\n{np.median(s.km[name]) if name in s.km else 0:,.0f} km"


def draw_scores(s):
    if s.pooled.empty:
        fig, ax = figures.subplots(size=(6.4, 1.0))
        ax.set_axis_off()
        ax.text(0, 0.5, f"no such runs in results/{s.profile} yet", va="center")
        return figures.label(fig, s.profile, n=0, of="runs", embedded=s.embedded)
    names = by_distance(s, s.pooled["split"])
    fig, axes = figures.subplots(2, 1, size=(6.4, 6.4), sharex=True)
    for ax, metric in zip(axes, ("r2", "rmse"), strict=True):
        for shift, arm in zip((-0.18, 0, 0.18), ARMS, strict=True):
            part = s.pooled[(s.pooled["arm"] == arm) & (s.pooled["metric"] == metric)].set_index("split").reindex(names)
            look = figures.look(arm)
            ax.plot(np.arange(len(names)) + shift, part["value"], color=look.colour, marker=look.marker, ms=7, ls="")
        ax.set_ylabel("R²" if metric == "r2" else f"RMSE [{figures.UNIT}]")
    axes[1].set_xticks(range(len(names)), [at(s, name) for name in names], rotation=40, ha="right", fontsize="small")
    axes[1].set_xlabel("split, and the median distance of its tests to training")
    handles = figures.legend(axes[0], ARMS).legend_handles
    axes[0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize="small")
    return figures.label(fig, s.profile, n=s.scores["run"].nunique(), of="runs", embedded=s.embedded)


def table_of_scores(s):
    cells = []
    for name in by_distance(s, s.pooled["split"]):
        part = s.pooled[s.pooled["split"] == name].set_index(["metric", "arm"])
        fits = int(part["fits"].max())
        row = {"split": where(name), "W [km]": f"{s.w1[name]:,.0f}", "fits an arm": str(fits)}
        for metric, short in (("r2", "R²"), ("rmse", "RMSE")):
            for arm in ARMS:
                row[f"{short}, {arm}"] = f"{part.loc[(metric, arm), 'value']:.2f}"
        cells.append(row)
    states = s.scores.loc[s.scores["split"] == "state", "fold"].nunique()
    some = f" Of the states, {states} were tested." if states else ""
    return captioned(
        pd.DataFrame(cells).map(minus),
        f"R² and RMSE ({figures.UNIT}) over all tested rows of a split together, all folds and seeds; {s.origin}. W says how far the test "
        f"distances are from those of the map.{some}",
        f"tab-distances-scores-{s.short}",
    )


def table_of_differences(s):
    cells = []
    for name in by_distance(s, s.found["r2"]["split"]):
        row = {"split": where(name)}
        for arm in ARMS:
            for metric, short, digits in (("r2", "ΔR²", 3), ("rmse", f"ΔRMSE [{figures.UNIT}]", 2)):
                one = s.found[metric]
                one = one[(one["split"] == name) & (one["arm"] == arm)]
                if arm != "none":
                    row[f"{arm}, {short}"] = "–"
                for found in one.itertuples():
                    apart = found.apart if name.startswith("checkerboard") and len(found.apart) > 1 else None
                    row[f"{arm}, {short}"] = gain(found, digits, apart)
        cells.append(row)
    return captioned(
        pd.DataFrame(cells),
        f"Difference to no location on the same rows, {CELL}; {s.origin}.",
        f"tab-distances-differences-{s.short}",
    )


def scores_in_words(s):
    r2 = s.pooled[s.pooled["metric"] == "r2"].pivot(index="split", columns="arm", values="value")
    missing = [where(name) for name in ("knndm", "blocks") if name not in r2.index]
    if {"spatial", "knndm"} <= set(r2.index):
        pairs = [f"{said(arm)} {r2.loc['spatial', arm]:.2f} → {r2.loc['knndm', arm]:.2f}" for arm in ARMS]
        lines = [f"- **From random stations to matched ones**, R² goes {'; '.join(pairs)}."]
    else:
        lines = []
    orders = {name: tuple(r2.loc[name].sort_values(ascending=False).index) for name in by_distance(s, r2.index)}
    kinds = list(dict.fromkeys(orders.values()))
    told = [
        f"{' > '.join(said(arm) for arm in kind)} on {listed([where(n) for n in orders if orders[n] == kind])}"
        for kind in kinds
    ]
    lines.append(
        f"- **The order of the three by R²** is {'the same on every split: ' if len(kinds) == 1 else ''}{'; '.join(told)}. "
        "(These are point values; the intervals of the paired differences say which steps are sure.)"
    )
    found = s.found["r2"]
    place = found[found["arm"] == "geoclip-hadamard"]
    words = {sign: [where(n) for n in place.loc[place["clear"] == sign, "split"]] for sign in (1, -1, 0)}
    lines.append(
        "- **Telling the place** (GeoCLIP) against no location: better on "
        f"{listed(words[1]) or 'no split'}; worse on {listed(words[-1]) or 'none'}; not told apart on "
        f"{listed(words[0]) or 'none'}. {looked(found)}"
    )
    if missing:
        lines.append(f"- Not made yet, so not here: {listed(missing)}.")
    return Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))


for s in (world, aqs):
    s.pooled = pooled(s)
    reach = matched.reach(s.profile, s.task)
    s.found = {m: matched.differences(s.scores, s.sums, metric=m, reach=reach) for m in ("r2", "rmse")}
if world.pooled.empty:
    raise StoreError(
        f"results/{profile} has no runs of {', '.join(ARMS)}; make them with `placeprior runs run --profile {profile}` "
        "and collect the profile"
    )

# %% [markdown]
# ## What the split does to the scores
#
# Three methods of different kinds: inverse distance (`idw`) copies the nearest monitors of the day; the network without location
# (`none`) knows only the inputs of the place; `geoclip-hadamard` is also told the place, as GeoCLIP's vector. The folds of `knndm`, `blocks`
# and of each checkerboard test every station once. So these splits are scored on the same rows, and only what the model was trained on differs. `random`
# and `spatial` test a tenth of them, drawn again for each seed. All folds and seeds of a split are pooled into one score.
#
# ### The embedded world

# %% mystnb={"figure": {"caption": "Embedded world: R² and RMSE of three methods by split, from near tests to far ones; all tested rows of a split together.", "name": "fig-distances-scores-world"}, "image": {"alt": "Two panels, R² above and RMSE below. Splits stand on the horizontal axis in the order of their median test distance; each has three markers, for inverse distance, no location and GeoCLIP."}} tags=["hide-input"]
_ = draw_scores(world)

# %% tags=["remove-input"]
table_of_scores(world)

# %% tags=["remove-input"]
Markdown(rule())

# %% tags=["remove-input"]
table_of_differences(world)

# %% tags=["remove-input"]
scores_in_words(world)


# %% [markdown]
# ### Which split comes nearest to the error of the map?
#
# In the embedded world the truth is known between the stations, so a model's *map* has an error that can be computed. A good split
# predicts this error from stations alone. The maps are those of the models of the split `spatial`, which are trained on most of the
# stations. To compare like with like, the instruments' noise is taken out of the test errors: the noise of a reading has nothing to
# do with an estimate that never saw it, so their mean squares add up,
#
# $$
# \overline{(\text{estimate} - \text{reading})^2} \approx \overline{(\text{estimate} - \text{truth})^2} + \overline{\text{noise}^2} .
# $$
#
# The split by states is left out, since the states that were tested are not the whole country.


# %% tags=["remove-cell"]
def against_truth(s, cube):
    """RMSE against the truth, without instrument noise: of the maps by arm, and of the tests by split and arm."""
    try:
        made = evidence.read(s.profile, "map_error")
    except StoreError:
        return None, None
    made = made[(made["task"] == "world") & (made["split"] == "spatial") & made["part"].isin(["near", "far"])]
    made = with_arm(made).groupby(["arm", "run"])[["n", "sum_e2"]].sum()
    maps = np.sqrt(made["sum_e2"] / made["n"]).groupby("arm").mean()
    noise = (cube["pm25"] - cube["pm25_true"]).transpose("station", "time").values[:, HISTORY - 1 :].astype(float) ** 2
    noise = pd.Series(np.nanmean(noise, axis=1), index=cube["station"].values)
    rows = []
    runs = s.scores.drop_duplicates("run")
    # Some states are not the country, and the random split tests places that the map's model has learned from.
    for (name, arm), part in runs[~runs["split"].isin(["random", "state"])].groupby(["split", "arm"]):
        sums = s.sums[s.sums["run"].isin(part["run"])]
        square = (sums["sum_e2"].astype(float) - sums["n"] * sums["name"].map(noise)).sum() / sums["n"].sum()
        rows.append((name, arm, float(np.sqrt(max(square, 0.0)))))
    return maps.reindex([a for a in ARMS if a in maps.index]), pd.DataFrame(rows, columns=["split", "arm", "rmse"])


maps, tested = against_truth(world, cube)

# %% mystnb={"figure": {"caption": "Embedded world: RMSE against the truth, without instrument noise. Markers: at the tested stations of each split. Lines: over all land of the maps of the models trained on most stations. A split whose marker lies on the line of its method predicts the error of the map.", "name": "fig-distances-truth"}, "image": {"alt": "Markers of up to three methods for each split, in the order of test distance, and a horizontal line for each method at the error of its map."}} tags=["hide-input"]
fig, ax = figures.subplots(size=(6.4, 4.2))
if maps is None or maps.empty:
    ax.set_axis_off()
    ax.text(0, 0.5, f"no truth of maps in results/{profile} yet", va="center")
else:
    names = by_distance(world, tested["split"])
    for shift, (arm, value) in zip((-0.15, 0.0, 0.15), maps.items(), strict=False):
        look, part = figures.look(arm), tested[tested["arm"] == arm].set_index("split").reindex(names)
        ax.axhline(value, color=look.colour, lw=1.4, ls=":")
        ax.plot(np.arange(len(names)) + shift, part["rmse"], color=look.colour, marker=look.marker, ms=8, ls="")
    ax.set_xticks(range(len(names)), [at(world, name) for name in names], rotation=40, ha="right", fontsize="small")
    ax.set_ylabel(f"RMSE against the truth [{figures.UNIT}]")
    handles = figures.legend(ax, list(maps.index)).legend_handles
    ax.get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize="small")
_ = figures.label(fig, profile, n=world.scores["run"].nunique(), of="runs", embedded=True, note="dotted: the maps")

# %% tags=["remove-input"]
if maps is None or maps.empty:
    text = f"The errors of the maps are not made yet; `doit evidence:{profile}:map_error` makes them."
else:
    lines, misses = [], {}
    for arm, value in maps.items():
        gap = (tested[tested["arm"] == arm].set_index("split")["rmse"] - value).reindex(
            by_distance(world, tested["split"])
        )
        for name, miss in gap.items():
            misses.setdefault(name, []).append(abs(miss))
        best = gap.abs().idxmin()
        lines.append(
            f"- **{said(arm)}.** The map's RMSE is {value:.2f} {figures.UNIT}. Nearest comes {where(best)} ({gap[best]:+.2f}); "
            + "; ".join(f"{where(name)} {miss:+.2f}" for name, miss in gap.items() if name != best)
            + "."
        )
    best = min(misses, key=lambda name: np.mean(misses[name]))
    closest = min((name for name in world.w1 if name in misses), key=world.w1.get)
    lines.append(
        f"\nOver these methods the smallest mean miss is that of **{where(best)}** ({np.mean(misses[best]):.2f} {figures.UNIT}). "
        + (
            "It is also the split whose distances are nearest to the map's."
            if best == closest
            else f"The split whose distances are nearest to the map's is {where(closest)} (mean miss {np.mean(misses[closest]):.2f}): "
            "matching distances was not enough to match the error here."
        )
    )
    text = minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0")
Markdown(text)

# %% [markdown]
# Read these misses with care. The maps are drawn on every fifteenth day, the tests are of all days, and a few smoky days more or less
# move an RMSE. Folds also train on fewer stations than the model of the map. No interval is given, since the two errors are not paired.
#
# ### EPA's monitors

# %% mystnb={"figure": {"caption": "Real measurements: R² and RMSE of three methods by split, from near tests to far ones; all tested rows of a split together.", "name": "fig-distances-scores-aqs"}, "image": {"alt": "Two panels for the real monitors, R² above and RMSE below. Splits stand on the horizontal axis in the order of their median test distance; each has three markers."}} tags=["hide-input"]
_ = draw_scores(aqs)

# %% tags=["remove-input"]
table_of_scores(aqs)

# %% tags=["remove-input"]
table_of_differences(aqs)

# %% tags=["remove-input"]
scores_in_words(aqs)

# %% [markdown]
# With real monitors the truth between them is not known, so no page can say which split predicts the map's error there. What carries over is
# the argument of distances.
#
# ## Which one to use
#
# | what the model is for | a split that asks for it |
# |---|---|
# | filling gaps in a monitor's record | `random` |
# | the average error of a national map | `knndm` |
# | a place next to the network, such as a city's next street | `spatial` |
# | a place at least as far from monitors as the buffer | `blocks` |
# | a state, country or continent without monitors | `state`, `checkerboard-d` |
#
# None of them is the honest one and none is the optimistic one. A score is too optimistic only *for a use* that is farther from the
# training stations than the test was.
#
# ## What this shows, what it does not
#
# It shows at which distances each split tests, for one simulated and one real network, and how scores change with them. It does not
# show that distance is the reason: far tests also train on fewer stations, and stations far from others stand in other country. The
# matched folds are one solution among many with nearly the same $W$; another gives somewhat other scores. Where one seed was
# run on many folds, the spread of the folds stands in for the noise of training, which it contains. GeoCLIP's arm has one
# more layer than no location ({doc}`controls`).
#
# ```{admonition} Exercise: when is a random draw of stations enough?
# :class: exercise tip
# Imagine monitors drawn with equal chance over the land. Hold out one in ten at random. Which of the two distances of this page is
# then longer, and why does the difference shrink when one in a hundred is held out?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A held-out monitor is then a place like any other of the land, so both distances come from the same distribution, but for one thing: in the test
# only nine tenths of the monitors are left to be near. With $n$ monitors on an area $A$ the mean distance to the nearest is
# $\tfrac12\sqrt{A/n}$, so nine tenths make it longer by a factor $1/\sqrt{0.9}$, about five percent. With one in a hundred it is half
# a percent.
# ```
#
# ```{admonition} Exercise: a wide average
# :class: exercise tip
# Two splits have the same mean distance as the map, but one has all its tests at exactly that distance. What is its $W$? Why might its
# score still mislead?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# It is the mean absolute deviation of the map's distances from their mean: equal means do not make $W$ zero. A model's error does not
# grow in proportion to distance, so the error at the mean distance is not the mean of the errors.
# ```
