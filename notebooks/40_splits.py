# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import coords, data
from placeprior.book import figures
from placeprior.book.words import minus, rule, signed
from placeprior.runs import plan, store
from placeprior.scores import metrics, paired
from placeprior.scores.metrics import HIGH
from placeprior.space.splits import HISTORY, folds, lonlat_of, split

figures.style()
task = next(iter(plan.profile(profile)["tasks"].values()))
cube = data.load(task["load"], **task.get("options", {}))
embedded = bool(cube.attrs["embedded"])
lonlat = lonlat_of(cube)
pm25 = cube["pm25"].values.astype(float)
measured = np.isfinite(pm25)
known = [name for name in ("core", "elsewhere") if name in plan.profile(profile)["matrices"]]
runs = [run for name in known for run in plan.runs(profile, name)]
names = list(dict.fromkeys(run.split for run in runs))
parts = {(name, fold): split(name, cube, 0, fold) for name in names for fold in folds(name)}
held = [name for name in names if name != "random"]
LOOKS = {
    "random": ("#7a7a7a", "o", "-"),
    "spatial": ("#0173b2", "s", "-"),
    "checkerboard-8": ("#029e73", "D", "--"),
    "checkerboard-16": ("#de8f05", "^", "-."),
    "checkerboard-30": ("#cc78bc", "v", ":"),
}


def delta(name):
    """Cell size of a checkerboard in degrees, else None."""
    return float(name.partition("-")[2]) if name.startswith("checkerboard") else None


def table(frame, caption, name):
    """A table with a caption, as the book writes it."""
    text = minus(frame.to_markdown(index=False, disable_numparse=True))
    return Markdown(f"```{{table}} {caption}\n:name: {name}\n\n{text}\n```")


# %% [markdown]
# # The splits on the map
#
# {doc}`../concepts/splits` says why the way of holding out decides what a score means. This page draws the splits as they are
# used in this book, counts them, and measures the one thing that tells them apart: **how far a tested place is from
# what was trained on**. The stations are those of the **embedded world**; EPA's are in {doc}`aqs`.
#
# ## Five ways to hold out

# %% mystnb={"figure": {"caption": "The splits at seed 0 (checkerboards: fold 1, so partition 1 is tested). On the random split nearly every station has days in training and in test. Dashed: the cells of the checkerboards.", "name": "fig-splits-maps"}, "image": {"alt": "One map of the contiguous US for each split. Random: all stations are in both parts. Spatial: test stations are sprinkled among training stations. Checkerboards: test stations fill every other cell of a board, the larger the cell, the larger the connected area without training stations."}} tags=["hide-input"]
rows = -(-len(names) // 2)
fig, axes = figures.subplots(rows, 2, size=(7.2, 3.0 * rows), maps=True, squeeze=False)
for ax, name in zip(axes.flat, names, strict=False):
    part = parts[name, 1]
    figures.split_map(ax, lonlat, part.train, part.test, part.validation, delta=delta(name), legend=False)
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, fontsize="small", columnspacing=0.8, handletextpad=0.1
    )
    ax.set_title(f"{name} ({part.regime})")
for ax in axes.flat[len(names) :]:
    ax.set_visible(False)
_ = figures.label(fig, profile, n=len(lonlat), of="stations a map", embedded=embedded)

# %% [markdown]
# ### Origin and cells
#
# The boards are anchored at the south-west corner of the country's bounding box, and a station belongs to partition
# $(i + j) \bmod 2 + 1$ of its cell ({eq}`eq-checkerboard`). Fold $k$ *tests* partition $k$. The origin is a convention, taken over
# from the study; another one would move every border, and with it some scores.

# %% tags=["remove-input"]
west, south, east, north = coords.CONUS_BOX
boards = [name for name in names if delta(name)]
text = [f"Origin: {-west:.4f}° W, {south:.4f}° N. "]
for name in boards:
    d = delta(name)
    i, j = (np.floor((lonlat[:, k] - low) / d).astype(int) for k, low in ((0, west), (1, south)))
    used = len(set(zip(i, j, strict=True)))
    text.append(
        f"At {d:g}° the stations lie in {used} cells, each about {d * 111:,.0f} km from south to north and, at 40° N, "
        f"{d * 111 * np.cos(np.radians(40)):,.0f} km from west to east. "
    )
Markdown("".join(text))

# %% [markdown]
# ## How much is in each part
#
# Only measured station-days that have a full history can be scored ({doc}`data`). Test sets differ in more than size: where it burns more,
# PM2.5 spreads more, and R² divides by that spread. The last three columns say how different the test sets are.

# %% tags=["remove-input"]
QUESTION = {"random": "other days at known places", "spatial": "new places among known ones"}
rows = []
for (name, fold), part in parts.items():
    size, y = part.sizes(), pm25[part.test]
    counts = [f"{size[k]['rows']:,} ({size[k]['stations']:,})" for k in ("train", "validation", "test")]
    rows.append(
        (
            f"`{name}`" + (f", fold {fold}" if delta(name) else ""),
            part.regime,
            QUESTION.get(name, "new regions"),
            *counts,
            f"{y.mean():.1f}",
            f"{y.std():.1f}",
            f"{100 * (y >= HIGH).mean():.1f} %",
        )
    )
heads = ["split", "regime", "the test asks for", "train", "validation", "test", "test mean", "test SD", "≥ 35"]
table(
    pd.DataFrame(rows, columns=heads),
    "Station-days (stations) in each part at seed 0; mean and standard deviation of PM2.5 in the test part in µg m⁻³, and the share of its days with at least 35 µg m⁻³",
    "tab-splits-sizes",
)

# %% tags=["remove-input"]
spread = {key: pm25[part.test].std() for key, part in parts.items()}
low, high = min(spread, key=spread.get), max(spread, key=spread.get)
label = {key: f"`{key[0]}`" + (f" fold {key[1]}" if delta(key[0]) else "") for key in parts}
Markdown(
    f"Of {measured.sum():,} measured station-days {measured[:, HISTORY - 1 :].sum():,} can be scored. The spread of the test "
    f"part is smallest for {label[low]} ({spread[low]:.1f} µg m⁻³) and largest for {label[high]} ({spread[high]:.1f}). A model "
    f"with the same RMSE of {spread[low] / 2:.1f} µg m⁻³ on both would have R² {1 - 0.25:.2f} on the first and "
    f"{1 - (spread[low] / 2 / spread[high]) ** 2:.2f} on the second. So R² of different rows of this table must not be compared as "
    "skill."
)

# %% [markdown]
# A seed draws anew what `random` and `spatial` hold out. On a checkerboard the tested part is fixed by the map; there a seed
# changes the validation part and the training, nothing else.
#
# ## How far is a test from what was trained on?

# %% tags=["remove-cell"]
km = {name: np.concatenate([parts[name, f].distance_km(cube) for f in folds(name)]) for name in names}
lon, lat = coords.grid(1.0 if profile == "smoke" else 0.5)
cells = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
cells = cells[coords.inside(cells)]
to_map = coords.nearest_km(cells, lonlat)[0]
weight = np.cos(np.radians(cells[:, 1]))  # cells of equal degrees shrink towards the north

# %% mystnb={"figure": {"caption": "Share of test stations whose nearest training station is closer than a distance (all folds, seed 0). Grey dashed: the same for the land of the country, from every map cell to the nearest of all monitors. The random split is not drawn: its test stations are training stations, at distance zero.", "name": "fig-splits-distance"}, "image": {"alt": "Rising curves on a logarithmic distance axis. The curve of the spatial split rises first, then come the checkerboards, the wider their cells the farther to the right. The dashed curve of the map's cells rises steeply between the spatial split and the coarser boards."}} tags=["hide-input"]
fig, ax = figures.subplots(size="wide")
for name in held:
    colour, marker, line = LOOKS[name]
    x = np.sort(np.maximum(km[name], 1.0))
    y = 100 * np.arange(1, len(x) + 1) / len(x)
    ax.plot(x, y, color=colour, ls=line, marker=marker, markevery=max(1, len(x) // 8), ms=5, label=name)
order = np.argsort(to_map)
ax.plot(
    np.maximum(to_map[order], 1.0),
    100 * np.cumsum(weight[order]) / weight.sum(),
    color="#555555",
    lw=2,
    ls=(0, (5, 2)),
    label="land of the country",
)
ax.set(xscale="log", xlabel="distance to the nearest training station [km]", ylabel="share closer [%]", ylim=(0, 101))
ax.set_xlim(left=2)
ax.legend(fontsize="small", loc="upper left")
_ = figures.label(
    fig,
    profile,
    n=sum(len(km[n]) for n in held),
    of="test stations",
    embedded=embedded,
    note=f"{len(cells):,} land cells",
)

# %% tags=["remove-input"]
rows = []
for name in names:
    q = np.percentile(km[name], [10, 50, 90])
    rows.append((f"`{name}`", *(f"{v:,.0f}" for v in q), f"{100 * np.mean(km[name] < 50):.0f} %", f"{len(km[name]):,}"))
order = np.argsort(to_map)
share = np.cumsum(weight[order]) / weight.sum()
q = [to_map[order][np.searchsorted(share, p)] for p in (0.1, 0.5, 0.9)]
rows.append(
    (
        "the map's cells",
        *(f"{v:,.0f}" for v in q),
        f"{100 * weight[to_map < 50].sum() / weight.sum():.0f} %",
        f"{len(cells):,}",
    )
)
table(
    pd.DataFrame(rows, columns=["split", "10 % [km]", "median [km]", "90 % [km]", "closer than 50 km", "n"]),
    "Distance from a test station to its nearest training station; last row: from the land of the country to its nearest monitor",
    "tab-splits-distance",
)

# %% tags=["remove-input"]
medians = {name: np.median(km[name]) for name in held}
closest = min(held, key=lambda name: abs(np.log(max(medians[name], 1) / q[1])))
Markdown(
    f"The question that a national map asks lies at a median of {q[1]:,.0f} km. By this measure the split that resembles it most is "
    f"`{closest}` ({medians[closest]:,.0f} km)"
    + (
        ", but none has its whole shape: monitors crowd in cities, while a map has as many cells in empty country."
        if len(held) > 1
        else "."
    )
)

# %% [markdown]
# ## Why it matters: leakage in one picture
#
# Two measurements are redundant when one tells the other. The left panel shows how strongly PM2.5 at two stations goes together
# *on the same days*, against their distance. The right panel shows the same for one station and itself, some days later.

# %% tags=["remove-cell"]
enough = max(20, cube.sizes["time"] // 8)
z = np.where(measured, pm25, 0.0)
m = measured.astype(float)
n = m @ m.T
sx, sxy, sxx = z @ m.T, z @ z.T, (z**2) @ m.T
with np.errstate(invalid="ignore", divide="ignore"):
    cov = sxy / n - sx * sx.T / n**2
    r = cov / np.sqrt((sxx / n - (sx / n) ** 2) * (sxx.T / n - (sx.T / n) ** 2))
i, j = np.triu_indices(len(lonlat), 1)
ok = (n[i, j] >= enough) & np.isfinite(r[i, j])
pair_km, pair_r = coords.great_circle_km(lonlat, lonlat)[i[ok], j[ok]], r[i[ok], j[ok]]
edges = np.array([3, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120])
group = np.digitize(pair_km, edges)
same = pd.DataFrame({"km": pair_km, "r": pair_r, "group": group}).groupby("group")
same = same.agg(
    km=("km", "median"),
    low=("r", lambda v: v.quantile(0.1)),
    mid=("r", "median"),
    high=("r", lambda v: v.quantile(0.9)),
    n=("r", "size"),
).query("n >= 5")
lags = np.arange(1, 15)
later = []
for lag in lags:
    rs = []
    for y in pm25:
        a, b = y[:-lag], y[lag:]
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() >= enough:
            rs.append(np.corrcoef(a[both], b[both])[0, 1])
    later.append(np.percentile(rs, [10, 50, 90]) if rs else [np.nan] * 3)
later = np.array(later)

# %% mystnb={"figure": {"caption": "Left: correlation of PM2.5 at two stations over their common days, against distance; medians and the middle 80 % of pairs in classes of distance. Coloured marks on the axis: median distance from test to training of each split. Right: correlation of a station with itself some days later; medians and the middle 80 % of stations.", "name": "fig-splits-correlation"}, "image": {"alt": "Left, a curve with a band that is highest for close stations and falls with distance to about zero; marks of the splits along the axis, the spatial split at short distance, the boards at longer ones. Right, a curve over the lag in days that falls quickly within the first days."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(6.8, 3.8), width_ratios=(1.5, 1), sharey=True)
axes[0].fill_between(same.km, same.low, same.high, color="#0173b2", alpha=0.18, lw=0)
axes[0].plot(same.km, same.mid, "o-", color="#0173b2")
for name in held:
    colour, marker, line = LOOKS[name]
    axes[0].axvline(max(medians[name], 3), color=colour, ls=line, lw=1.2)
    axes[0].plot(
        max(medians[name], 3),
        0.03,
        marker,
        color=colour,
        ms=7,
        mec="white",
        label=name,
        ls="",
        clip_on=False,
        zorder=5,
        transform=axes[0].get_xaxis_transform(),
    )
axes[0].set(xscale="log", xlabel="distance of two stations [km]", ylabel="correlation of PM2.5")
axes[0].legend(fontsize="small", loc="upper right")
axes[1].fill_between(lags, later[:, 0], later[:, 2], color="#0173b2", alpha=0.18, lw=0)
axes[1].plot(lags, later[:, 1], "o-", color="#0173b2")
axes[1].set(xlabel="days later, same station", xticks=[1, 3, 7, 10, 14])
for ax in axes:
    ax.axhline(0, color=figures.INK, lw=0.8)
_ = figures.label(fig, profile, n=len(pair_r), of=f"pairs of stations with {enough} common days", embedded=embedded)


# %% tags=["remove-input"]
def at(distance):
    """Median correlation at a distance, read off the curve."""
    return float(np.interp(np.log(max(distance, 1)), np.log(same.km), same.mid))


fallen = same[same.mid < same.mid.iloc[0] / 2]
Markdown(
    f"At the shortest distances (median {same.km.iloc[0]:.0f} km) the correlation is {same.mid.iloc[0]:.2f}; "
    + (f"it has fallen to less than half of that at about {fallen.km.iloc[0]:,.0f} km. " if len(fallen) else "")
    + "At the median test distance of each split it is "
    + ", ".join(f"{at(medians[name]):.2f} (`{name}`)" for name in held)
    + f". From one day to the next at one station it is {later[0, 1]:.2f}."
)

# %% [markdown]
# This is why a random split is optimistic. A held-out station-day has, in training, the same station on the days around it
# and its neighbours *on the very day*. No label needs to leak by mistake; the data repeat themselves. The correlation
# counts what a model without any insight could copy. What is left of it at a split's distance is the help that a
# tested station still gets from its surroundings.
#
# Remember that the figure shows all PM2.5, including what weather and season explain. A model that sees the weather gains less from
# neighbours than this; how much less is measured next.
#
# ## What distance does to a score
#
# The plainest method there is, inverse distance weighting (`idw`), only copies from neighbours. A network without location (`none`) copies nothing
# at test time. Their scores against the distance to the nearest training station separate the two kinds of
# knowledge. All station-held-out splits, folds and seeds of this profile are pooled.

# %% tags=["remove-cell"]
CLASSES = [0, 15, 50, 150, 400, 1e5]
committed = None
found = []
for run in runs:
    if run.variant not in ("idw", "none") or run.split == "random":
        continue
    if store.is_stored(run.id):
        sums = store.table(run.id, "stations")
    else:
        committed = store.sums(profile) if committed is None else committed
        sums = committed[committed["run"] == run.id]
    if not len(sums):
        continue
    part = split(run.split, cube, 0, run.fold)
    distance = dict(zip(cube["station"].values[part.test.any(1)], part.distance_km(cube), strict=True))
    found.append(sums.assign(arm=run.variant, km=sums["name"].map(distance), test=f"{run.split} {run.fold} {run.seed}"))
found = pd.concat(found) if found else pd.DataFrame(columns=["arm", "km", "name", "test", *metrics.SUMS])
# only tests that both arms have taken, so that a profile that is still being made compares like with like
found = found[found.groupby("test")["arm"].transform("nunique") == 2]
found["group"] = pd.cut(found["km"].astype(float), CLASSES, labels=False, right=False)
# All tests of a seed are one: sums of a class are added over splits and folds, station by station.
found = found.dropna(subset=["group"]).assign(seed=found["test"].str.split().str[-1].astype(int))
place = {"lon": ("lon", "first"), "lat": ("lat", "first")}
added = (
    found.groupby(["group", "arm", "seed", "name"])
    .agg(**place, **{name: (name, "sum") for name in metrics.SUMS})
    .reset_index()
)
added["run"] = added["arm"] + " " + added["seed"].astype(str) + " " + added["group"].astype(int).astype(str)
added = added[added.groupby("group")["name"].transform("nunique") >= 5]
scored, gaps = [], {}
for group, part in added.groupby("group"):
    runs = {arm: paired.fits(own.assign(fold=1)) for arm, own in part.groupby("arm")}
    for arm, own in part.groupby("arm"):
        for metric in ("r2", "rmse"):
            values = [
                float(metrics.from_sums(one[metrics.SUMS].to_numpy().sum(0))[metric]) for _, one in own.groupby("run")
            ]
            scored.append((arm, int(group), metric, np.mean(values)))
    gaps[int(group)] = paired.single([(1.0, runs["idw"]), (-1.0, runs["none"])], part) if len(runs) == 2 else None
scored = pd.DataFrame(scored, columns=["arm", "group", "metric", "value"])

# %% mystnb={"figure": {"caption": "Scores of inverse distance weighting and of the model without location, by the distance of a tested station to its nearest training station; all splits that hold out stations, all folds of a seed pooled; mean over seeds.", "name": "fig-splits-score"}, "image": {"alt": "Two panels, R² and RMSE, by class of distance, with two markers a class. The marker of inverse distance weighting changes with distance; that of the model without location changes differently."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(6.8, 3.8))
ticks = [f"{a:g} to {b:g}" for a, b in zip(CLASSES[:-2], CLASSES[1:-1], strict=True)] + [f"over {CLASSES[-2]:g}"]
for ax, metric in zip(axes, ("r2", "rmse"), strict=True):
    for shift, arm in ((-0.1, "idw"), (0.1, "none")):
        part, drawn = scored[(scored.arm == arm) & (scored.metric == metric)], figures.look(arm)
        ax.plot(
            part.group + shift,
            part.value,
            color=drawn.colour,
            marker=drawn.marker,
            ms=7,
            lw=1.6,
            ls=":",
            label=drawn.name,
        )
    ax.set_xticks(range(len(ticks)), ticks, rotation=30, ha="right", fontsize="small")
    ax.set(xlabel="distance to training [km]", xlim=(-0.5, len(ticks) - 0.5))
axes[0].set_ylabel("R²")
axes[1].set_ylabel(f"RMSE [{figures.UNIT}]")
axes[0].legend(fontsize="small")
_ = figures.label(
    fig,
    profile,
    n=int(found.loc[found["arm"] == "idw", "n"].sum()),
    of="tested station-days an arm, repeats counted",
    embedded=embedded,
)

# %% tags=["remove-input"]
wide = scored[scored.metric == "r2"].pivot(index="group", columns="arm", values="value")
sentences = []
if len(wide) and {"idw", "none"} <= set(scored.arm):
    wide = wide.dropna()
    for group in wide.index:
        gap = gaps.get(group)
        who = {1: "`idw` is better", -1: "`none` is better", 0: "not told apart"}[0 if gap is None else gap["clear"]]
        interval = "" if gap is None else f" ({signed(gap['low'], gap['high'], 2)})"
        sentences.append(
            f"{ticks[group]} km: R² {wide.loc[group, 'idw']:.2f} (`idw`) and {wide.loc[group, 'none']:.2f} (`none`), {who}{interval}"
        )
    ends = wide.iloc[[0, -1]]
    sentence = "By distance: " + "; ".join(sentences) + ". "
    sentence += (
        f"From the nearest to the farthest class R² changes by {ends['idw'].iloc[1] - ends['idw'].iloc[0]:+.2f} for `idw` and by "
        f"{ends['none'].iloc[1] - ends['none'].iloc[0]:+.2f} for `none`."
    )
else:
    sentence = "This profile's runs are not made yet, so there is nothing to draw."
Markdown(minus(sentence) + f"\n\n{rule()}")

# %% [markdown]
# A caution. Far stations are not only far: they stand in empty country, with other weather and less traffic, so part of
# what looks like an effect of distance is an effect of the kind of place.
#
# ## What this shows, what it does not
#
# It shows that the five splits ask five different questions, ordered by distance: from zero (`random`) to hundreds of
# kilometres. It shows that measurements repeat themselves over short distances and from day to day, which makes a
# random split easy, and how much of that is left at each split's distance.
#
# It does not show which split is *right*. That depends on use: gaps at monitors, places between monitors, or regions without
# any. Nor does a checkerboard make test and training independent: stations on either side of a border are close, as the
# left ends of the curves show. And the monitors are those of the embedded world, placed by a rule.
#
# ## Exercises
#
# ````{admonition} Exercise 1
# :class: exercise tip
# Drop from each checkerboard's test all stations closer than 100 km to a training station (a *buffer*). What happens to the curves in
# {numref}`fig-splits-distance`, to the sizes in {numref}`tab-splits-sizes`, and to the kind of place that is tested?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# The curves start at 100 km, and the fine boards lose most of their test stations, since a cell of eight degrees has much
# border for its area. What remains stands in the middle of cells; on the fine board these are few and not a fair sample. A
# buffer answers "at least 100 km away" cleanly and pays with numbers. This book keeps the study's boards without a buffer and shows the
# distances instead.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# Move the origin of the 16-degree board by half a cell to the east. With `placeprior.space.splits.partition` and shifted longitudes, count how many
# stations change their partition. What would you do with scores for several origins?
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# `partition(lonlat - [8, 0], 16) != partition(lonlat, 16)` is true for about half of them. Each origin is another draw of the same
# question; the spread of scores over origins shows how much of a result hangs on where the lines happen to fall. Two folds of one
# board cannot show it.
# ````
