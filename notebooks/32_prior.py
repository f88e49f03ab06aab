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
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from sklearn.metrics import roc_auc_score

from placeprior import data, encoders
from placeprior.book import figures
from placeprior.book.style import BASES
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus, signed
from placeprior.coords import nearest_km
from placeprior.encoders import pretrained
from placeprior.errors import MissingWeights
from placeprior.runs import plan, store
from placeprior.scores import interval, metrics, probes
from placeprior.space import neighbours
from placeprior.space.splits import lonlat_of

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
small = profile == "smoke"
TASK = "weather-2019"
places = probes.monitors(store.scores(real), store.sums(real), TASK)
measured = len(places) > 0
if not measured:  # no committed measurements: the embedded world's monitors stand for places that have some
    task = next(iter(plan.profile(profile)["tasks"].values()))
    cube = data.load(task["load"], **task.get("options", {}))
    places = pd.DataFrame(lonlat_of(cube), columns=["lon", "lat"])
places = places.iloc[:: 3 if small else 1].reset_index(drop=True)
lonlat = places[["lon", "lat"]].to_numpy()
known = probes.truth(lonlat).assign(**({"pm25": places["pm25"]} if measured else {}))
TARGETS = {
    "density": "population density",
    "elevation": "stylised terrain",
    "city": "closeness to a city",
    "pm25": "mean PM2.5",
}
asked = list(known)
origin = real if measured else profile
note = "terrain: the embedded world's" if measured else ""

CORPORA = ("untrained", "fmow", "yfcc")
PAIRED = [name for name, files in pretrained.names().items() if len(files) == 2]
PAIRED = ["nerf", "xyz"] if small else sorted(PAIRED, key=list(BASES).index)
EXACT = [name for name in PAIRED if not pretrained.unlike(name)]
ordered = [*EXACT, *(b for b in PAIRED if b not in EXACT)]
OTHERS = ["lonlat", "siren-sh", "slepian", "geoclip", "geoclip-slepian"]
for name in encoders.list_encoders("satclip-l*"):
    try:
        encoders.load(name).fingerprint
        OTHERS.append(name)
    except MissingWeights:  # said on the page
        pass
NAMES = {
    "idw": "inverse distance (no vector)",
    "lonlat": "lon/lat",
    "siren-sh": "spherical harmonics",
    "slepian": "Slepian functions",
    "geoclip": "GeoCLIP",
    "geoclip-slepian": "GeoCLIP and Slepian",
}
TRAINED = {
    "untrained": ("random weights", "#7a7a7a", "X"),
    "fmow": ("fMoW", "#de8f05", "s"),
    "yfcc": ("YFCC", "#0173b2", "^"),
}
OWN = {
    "idw": ("#222222", "P"),
    "lonlat": ("#029e73", "o"),
    "siren-sh": ("#b35a8c", "h"),
    "slepian": ("#b35a8c", "d"),
    "geoclip": ("#cc78bc", "*"),
    "geoclip-slepian": ("#7b61c9", "*"),
}
SPLITS = {
    "spatial": "places at random",
    "blocks": "blocks of 500 km",
    "checkerboard-8": "checkerboard 8°",
    "checkerboard-16": "checkerboard 16°",
}
WR, OOR = "spatial", "checkerboard-16"


def base(name):
    """The architecture's printed name."""
    return BASES[name][1]


def said(name):
    """An encoder's name in a sentence."""
    first, _, corpus = name.rpartition("-")
    if first in PAIRED and corpus in TRAINED:
        return f"{base(first)} ({TRAINED[corpus][0]})"
    return NAMES.get(name, figures.look(f"{name}-hadamard").name.partition(",")[0])


def drawn_as(name):
    """Colour and marker."""
    corpus = name.rpartition("-")[2]
    return TRAINED[corpus][1:] if corpus in TRAINED else OWN.get(name, ("#5c7f2b", "p"))


def label(fig, embedded=not measured, **options):
    return figures.label(fig, origin, n=len(places), of="monitors", embedded=embedded, **options)


# %% [markdown]
# # From basis to prior: what does pretraining add?
#
# A location encoder has two parts. The first is a **basis**: a formula that turns longitude and latitude into waves of many lengths
# ({doc}`gallery`). It knows *where* a place is, and nothing else. The second is a network with weights. If the weights are random, the whole is
# still only a basis. If they were learned from images, the vector may also say *what is there*: people, forest, mountains. Then it is a **prior**: something
# known about a place before anything was measured at it.
#
# Which of the two a vector is cannot be seen by looking at it. But it can be asked, without any network of PM2.5 and within a second: can simple
# facts about a place be *read* from its vector? The tool for this is called a **probe** {cite:p}`alain2016`: a model too simple to find out anything by itself. If
# a straight line through the numbers of the vector gives the population density, then the vector holds the population density.
#
# The question has a trap in it. A basis with many waves can draw *any* smooth map, if it is told the map at places near by. So a probe that is tested
# among the places it was fitted to cannot tell a prior from a basis. In a region that was held out it can: there is no
# neighbour to copy from. What is still read there was in the vector.
#
# ## What is asked

# %% tags=["remove-input"]
facts = [
    f"Places are the {len(places):,} monitors "
    + (
        f"of the real task `{TASK}` with at least {probes.ENOUGH} days of measurements"
        if measured
        else "of the embedded world, because no measurements are committed"
    )
    + (" (every third of them, for a quick test)" if small else "")
    + ". Of each we know:",
    "\n- **population density**, log$_{10}$(1 + people km$^{-2}$), smoothed over ten and forty kilometres, from the populated places of GeoNames;",
    "- a **stylised terrain** in metres. This is the height formula of the embedded world ({doc}`world`): a plateau and seven smooth ridges where the large "
    "mountain ranges are. It is *no* digital elevation model: it has no valleys, no hills, and nothing finer than a few tens of kilometres. A vector that knew "
    "every real slope would not get full marks here;",
    f"- whether the place is **near a city**: within {probes.NEAR_KM:.0f} km of the middle of a town with at least {probes.CITY:,} people "
    f"({100 * known['city'].mean():.0f} % of the monitors are), asked as 1 or 0;",
]
if measured:
    facts.append(
        "- the **mean PM2.5** that the monitor measured in 2019, on the days that can be scored (the first twenty of the year are history only), taken from the "
        f"committed sums of the runs: {known['pm25'].mean():.1f} {figures.UNIT} on average, standard deviation {known['pm25'].std():.1f}."
    )
Markdown("\n".join(facts))

# %% mystnb={"figure": {"caption": "What the probes are asked, at the monitors. Population density and closeness to a city come from real towns, mean PM2.5 from measurements; the terrain is the embedded world's formula.", "name": "fig-prior-targets"}, "image": {"alt": "Maps of the contiguous US with a dot a monitor. Density and closeness to a city are patchy, high at the coasts and around large towns; the terrain is smooth and high in the West; mean PM2.5 is highest in California's valleys and moderate in the East."}} tags=["hide-input"]
BARS = {
    "density": ("density", "log$_{10}$ people km$^{-2}$"),
    "elevation": ("stylised terrain", "m"),
    "city": ("near a city", "1 or 0"),
    "pm25": ("mean PM2.5, measured", figures.UNIT),
}
rows = -(-len(asked) // 2)
fig, axes = figures.subplots(rows, 2, size=(6.4, 2.5 * rows + 0.4), maps=True)
for ax, target in zip(axes.flat, asked, strict=False):
    quantity, unit = BARS[target]
    figures.station_map(
        ax, lonlat, known[target], quantity, unit=unit, size=7, kind="count" if target == "density" else "amount"
    )
for ax in axes.flat[len(asked) :]:
    ax.set_visible(False)
_ = label(fig, note=note)

# %% [markdown]
# ## The probe
#
# Let $v$ be the vector of a place and $y$ the fact. Each number of $v$ is brought to mean 0 and standard deviation 1 over the places that the
# probe is fitted to, which gives $z$; then
#
# $$
# \hat y = a + b \cdot z, \qquad (a, b) = \arg\min \; \frac1n \sum_{i=1}^n (y_i - a - b \cdot z_i)^2 + \lambda\, b \cdot b .
# $$ (eq-prior-ridge)
#
# This is **ridge regression** {cite:p}`hoerl1970`. The penalty $\lambda$ keeps the weights small where there are more of them than places could
# settle. It is chosen anew for every fact and every training set, by cross-validation *within* the training places.
#
# Places are held out in four ways, the last two as the runs of this book do ({doc}`splits`): one by one at random, in blocks, and in the cells of two checkerboards. The inner
# cross-validation holds out the same *units* as the outer one: places, blocks, or cells. Otherwise the penalty would be
# right for places next door and far too weak for new regions.
#
# Every place is estimated once, by the probe that did not see it, and the score is
#
# $$
# R^2 = 1 - \frac{\sum_i (y_i - \hat y_i)^2}{\sum_i (y_i - \bar y)^2}
# $$ (eq-prior-r2)
#
# over all places: 1 for perfect, 0 for no better than the mean. For the yes-or-no question the table below also has the **AUC**, the chance that a place near a city is
# ranked above one that is not. Near places are alike, so the bootstrap draws not places but blocks of 500 km: its 95 % intervals are wide, and honest.

# %% tags=["remove-cell"]
y = known.to_numpy(np.float64)
# The same facts at wrong places: what a probe scores where there is nothing to read.
mixed = y[np.random.default_rng(1).permutation(len(y))]
dealt = {split: probes.deal(split, lonlat, np.random.default_rng(0)) for split in SPLITS}
vectors = {}
for name in [*(f"{b}-{corpus}" for b in PAIRED for corpus in CORPORA), *OTHERS]:
    vectors[name] = encoders.fit(name, lonlat, np.ones(len(lonlat), bool), 0)(lonlat).astype(np.float64)


def interpolated(fold):
    """Every place's facts as the inverse-distance mean of the nearest places of the other folds: no vector at all."""
    estimates = np.empty_like(y)
    for number in np.unique(fold):
        known_, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        pool = np.ones((len(known_), 1), bool)
        for target in range(y.shape[1]):
            estimates[test, target] = neighbours.neighbour_pm25(
                y[known_, target, None], lonlat[known_], pool, target=lonlat[test]
            )[:, 0]
    return estimates


rows, draws, nothing = [], {}, []
for split, (fold, unit) in dealt.items():
    for name in [*vectors, "idw"]:
        if name == "idw":
            estimates = interpolated(fold)
        else:
            both = probes.held_out(vectors[name], np.column_stack([y, mixed]), fold, unit)
            estimates = both[:, : y.shape[1]]
            table = probes.block_sums(lonlat, mixed, both[:, y.shape[1] :])
            nothing += metrics.from_sums(table.sum(1))["r2"].tolist()
        sums = probes.block_sums(lonlat, y, estimates)
        draws[name, split] = metrics.bootstrap(sums)["r2"]
        low, high = np.percentile(draws[name, split], [2.5, 97.5], axis=1)
        auc = roc_auc_score(known["city"], estimates[:, asked.index("city")])
        for i, target in enumerate(asked):
            score = metrics.from_sums(sums[i].sum(0))["r2"]
            rows.append([name, split, target, float(score), low[i], high[i], auc if target == "city" else np.nan])
found = pd.DataFrame(rows, columns=["encoder", "split", "target", "r2", "low", "high", "auc"])
index = found.set_index(["encoder", "split", "target"])


def r2(name, split, target):
    return index.loc[(name, split, target), "r2"]


# %% [markdown]
# ### Three traps
#
# A probe that is fitted carelessly to these vectors gives numbers that mean nothing. The published priors end in a ReLU, which cuts negative numbers off.
#
# **Dead units.** Many of the 256 numbers are 0 at every monitor, because the unit is only alive in some other part of the world. They
# say nothing, and a scale cannot be fitted to them. They are dropped.

# %% mystnb={"figure": {"caption": "How many of a vector's 256 numbers differ between the monitors at all, for each architecture with random weights and trained on two corpora.", "name": "fig-prior-dead"}, "image": {"alt": "One row an architecture with three markers on an axis from 0 to 100 percent. The markers of one row lie apart: which units are alive depends on the architecture and on the corpus."}} tags=["hide-input"]
alive = {name: np.mean(probes.Scale.fit(vectors[name]).kept) for name in vectors}
fig, ax = figures.subplots(size=(6.4, 0.34 * len(ordered) + 1.5))
for row, b in enumerate(ordered):
    ax.plot([100 * alive[f"{b}-{c}"] for c in CORPORA], [row] * 3, color="#cccccc", lw=1.5, zorder=1)
for corpus, (word, colour, marker) in TRAINED.items():
    ax.scatter(
        [100 * alive[f"{b}-{corpus}"] for b in ordered],
        range(len(ordered)),
        s=58 if corpus != "untrained" else 150,
        color=colour,
        marker=marker,
        ec="white",
        lw=0.7,
        zorder=3,
        label=word,
    )
ax.set_yticks(range(len(ordered)), [base(b) for b in ordered])
ax.set(xlabel="numbers alive at the monitors [%]", xlim=(-3, 103), ylim=(len(ordered) - 0.5, -0.5))
fig.legend(loc="outside upper left", ncols=3, fontsize="small")
_ = label(fig, embedded=None if measured else True)

# %% [markdown]
# **Scale.** Numbers differ in size by orders of magnitude, and one penalty for all would in effect forbid the small ones. Hence the standard deviation in {eq}`eq-prior-ridge`; it is
# taken from the training places alone.
#
# **Wild lines.** After that division the worst is still to come. A unit may be alive at a handful of training places, and *hardly* alive. In the
# region that was held out it may be a hundred of these small standard deviations off, and a line has no upper end. The
# remedy: a number counts only within the range that it had at the training places.


# %% tags=["remove-cell"]
def unclipped(name, split):
    """Estimates with dead numbers dropped, a common scale, a chosen penalty, and no bounds."""
    fold, unit = dealt[split]
    estimates = np.empty_like(y)
    for number in np.unique(fold):
        here = fold != number
        one = probes.Probe.fit(vectors[name][here], y[here], unit[here])
        free = replace(one, scale=replace(one.scale, low=-np.inf, high=np.inf))
        estimates[~here] = free(vectors[name][~here])
    return estimates


priors = [f"{b}-{c}" for b in EXACT for c in ("fmow", "yfcc")]
wild = {name: unclipped(name, OOR) for name in priors}
terrain = asked.index("elevation")
unbound = {
    name: metrics.from_sums(probes.block_sums(lonlat, y, estimates).sum(1))["r2"] for name, estimates in wild.items()
}
example = min(priors, key=lambda name: unbound[name][terrain])
calm = probes.held_out(vectors[example], y, *dealt[OOR])

# %% mystnb={"figure": {"caption": "One fact, one prior, held-out cells of 16°: estimates of the stylised terrain without bounds (left) and with every number kept within the range of the training places (right). The vertical axis of the left panel is logarithmic beyond ±10,000 m.", "name": "fig-prior-wild"}, "image": {"alt": "Two scatter plots of estimated against true terrain height. On the left some estimates are tens of thousands of metres off; on the right all lie within a few thousand metres and near the line of equality or the mean."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(6.4, 3.3))
truth = known["elevation"].to_numpy()
span = np.array([truth.min(), truth.max()])
for ax, estimates, title in zip(axes, (wild[example], calm), ("without bounds", "with bounds"), strict=True):
    ax.scatter(truth, estimates[:, terrain], s=9, color=drawn_as(example)[0], alpha=0.6, lw=0)
    ax.plot(span, span, color=figures.INK, lw=1, ls="--")
    ax.set(title=title, xlabel="stylised terrain [m]")
axes[0].set_yscale("symlog", linthresh=1e4)
axes[0].set_ylabel("estimate [m]")
_ = label(fig, embedded=True, note=f"{said(example)}, {SPLITS[OOR]}")

# %% tags=["remove-input"]
number = (
    f"{unbound[example][terrain]:,.1f}" if unbound[example][terrain] > -1000 else f"{unbound[example][terrain]:,.0f}"
)
worst = min(min(values) for values in unbound.values())
bounded = min(r2(name, OOR, target) for name in priors for target in asked)
Markdown(
    minus(
        f"Shown is {said(example)}, which of {len(priors)} priors goes astray furthest here: R² {number} without bounds, {r2(example, OOR, 'elevation'):+.2f} with them, everything else being the same. "
        f"Over these priors and all {len(asked)} facts, the lowest R² in held-out cells of 16° is {worst:,.1f} without bounds and {bounded:+.2f} with them. "
        "All other numbers on this page have them."
    )
)

# %% [markdown]
# A third safeguard is a **control** {cite:p}`hewitt2019`. Every probe was also asked for the same facts *dealt to the wrong places*. Nothing can be read
# there, so any score clearly above 0 would be the probe's own doing.

# %% tags=["remove-input"]
Markdown(
    minus(
        f"Over all encoders, facts and ways of holding out ({len(nothing):,} scores), the control's R² is {np.mean(nothing):+.3f} on average and {max(nothing):+.3f} at most."
        + (" The probes invent nothing." if max(nothing) < 0.05 else " A score must be well above the latter to count.")
    )
)

# %% [markdown]
# ## Within the region, and out of it
#
# Each mark is an encoder. Across: what is read when test places lie *among* the training places. Upwards: what is read in held-out cells of 16°. On the
# dashed line nothing is lost on the way out. A basis can be far to the right. For a fact that changes from town to town only a prior can be far up; one as
# smooth as the stylised terrain can also be guessed from far away.
#
# The black cross is no encoder: it is the **inverse-distance mean** of the nearest training places, the simplest way to copy from neighbours.

# %% mystnb={"figure": {"caption": "R² of ridge probes for four facts: test places at random among the training places (across) against held-out cells of 16° (upwards). Grey crosses: architectures with random weights; orange squares: trained on satellite scenes (fMoW); blue triangles: trained on photographs (YFCC); one mark an architecture. Dashed: equal.", "name": "fig-prior-wr-oor"}, "image": {"alt": "Scatter plots, one a fact. For population density and closeness to a city random weights and satellite priors lie near zero upwards, several photograph priors are in between, and GeoCLIP lies close to the dashed line at the upper right. For the terrain nearly all marks are far to the right and spread upwards."}} tags=["hide-input"]
fig, axes = figures.subplots(rows := -(-len(asked) // 2), 2, size=(6.4, 2.7 * rows + 1.1))
handles = {}
for ax, target in zip(axes.flat, asked, strict=False):
    for name in [*vectors, "idw"]:
        colour, marker = drawn_as(name)
        corpus = name.rpartition("-")[2]
        text = TRAINED[corpus][0] if corpus in TRAINED else said(name)
        handles[text] = ax.scatter(
            r2(name, WR, target),
            r2(name, OOR, target),
            s=110 if marker == "*" else 48,
            color=colour,
            marker=marker,
            ec="white",
            lw=0.6,
            alpha=0.9,
            zorder=3,
        )
    ax.axline((0, 0), slope=1, color="#777777", lw=1, ls="--", zorder=1)
    ax.axhline(0, color="#cccccc", lw=1, zorder=1)
    ax.set_title(TARGETS[target])
for ax in axes.flat[len(asked) :]:
    ax.set_visible(False)
for ax in axes[:, 0]:
    ax.set_ylabel("R², cells of 16°")
for ax in axes[-1]:
    ax.set_xlabel("R², places at random")
fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3, fontsize="small")
_ = label(fig, note=note)

# %% tags=["remove-input"]
lines = []
for target in asked:
    groups = {corpus: [f"{b}-{corpus}" for b in PAIRED] for corpus in CORPORA}
    means = {
        corpus: [np.mean([r2(name, split, target) for name in own]) for split in (WR, OOR)]
        for corpus, own in groups.items()
    }
    best = max((name for name in vectors), key=lambda name: r2(name, OOR, target))
    lines.append(
        f"- **{TARGETS[target][0].upper() + TARGETS[target][1:]}.** Mean R² over the {len(PAIRED)} architectures, among the training places and in held-out cells of 16°: "
        + "; ".join(f"{TRAINED[c][0]} {a:.2f} and {b:.2f}" for c, (a, b) in means.items())
        + f". Inverse distance {r2('idw', WR, target):.2f} and {r2('idw', OOR, target):.2f}; GeoCLIP {r2('geoclip', WR, target):.2f} and {r2('geoclip', OOR, target):.2f}. "
        f"Out of region most is read from {said(best)}: {r2(best, OOR, target):.2f}, with an interval of {signed(*index.loc[(best, OOR, target), ['low', 'high']], 2)}."
    )
Markdown(minus("\n".join(lines)))

# %% [markdown]
# ### One architecture at a time
#
# The next figure has the same numbers for two facts with their intervals, one row an architecture. In a row, only the training differs, exactly so in the
# first rows: {doc}`upstream` says in what else the two published files of the other architectures differ.

# %% mystnb={"figure": {"caption": "R² of ridge probes in held-out cells of 16°, one row an architecture: random weights, trained on satellite scenes (fMoW) or on photographs (YFCC); below, encoders of other kinds. Bars: 95 % bootstrap intervals over blocks of 500 km. The two panels have their own scales.", "name": "fig-prior-architectures"}, "image": {"alt": "Two panels, population density and mean PM2.5, one row an architecture with three markers and bars each, and below them rows for coordinates, spherical harmonics, Slepian functions, GeoCLIP and the combination of the last two."}} tags=["hide-input"]
SHOWN = [target for target in ("density", "pm25") if target in asked]
fig, axes = figures.subplots(
    1, len(SHOWN), size=(6.4, 0.42 * (len(ordered) + len(OTHERS)) + 1.5), squeeze=False, sharey=True
)
for ax, target in zip(axes.flat, SHOWN, strict=True):
    for row, what in enumerate([*ordered, *OTHERS]):
        own = [f"{what}-{c}" for c in CORPORA] if what in PAIRED else [what]
        for shift, name in zip(np.linspace(-0.24, 0.24, len(own)) if len(own) > 1 else [0], own, strict=True):
            one, (colour, marker) = index.loc[(name, OOR, target)], drawn_as(name)
            ax.plot([one["low"], one["high"]], [row + shift] * 2, color=colour, lw=1.6, zorder=2)
            ax.scatter(
                one["r2"],
                row + shift,
                s=70 if marker == "*" else 34,
                color=colour,
                marker=marker,
                ec="white",
                lw=0.5,
                zorder=3,
                label=TRAINED[name.rpartition("-")[2]][0] if what == ordered[0] else None,
            )
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.axhline(len(ordered) - 0.5, color="#cccccc", lw=0.8)
    ax.set(title=TARGETS[target], xlabel="R², cells of 16°", ylim=(len(ordered) + len(OTHERS) - 0.5, -0.6))
    ax.grid(axis="y", visible=False)
axes[0, 0].set_yticks(range(len(ordered) + len(OTHERS)), [*(base(b) for b in ordered), *(said(o) for o in OTHERS)])
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
_ = label(fig)

# %% [markdown]
# ## What pretraining adds
#
# Subtract, on the same places and folds, the score of random weights from that of trained ones, and take the mean over the architectures. One resample of
# blocks serves all, so what is hard for all cancels. No network is trained for a probe, so here an interval is over places alone, and *clearly* means that it
# excludes zero.

# %% tags=["remove-cell"]
GAINS = [("fmow", "untrained"), ("yfcc", "untrained"), ("yfcc", "fmow")]


def pooled(first, second, split, among):
    """Mean difference over architectures and its interval, one row a target."""
    gap = np.mean([draws[f"{b}-{first}", split] - draws[f"{b}-{second}", split] for b in among], axis=0)
    low, high = np.percentile(gap, [2.5, 97.5], axis=1)
    point = [np.mean([r2(f"{b}-{first}", split, t) - r2(f"{b}-{second}", split, t) for b in among]) for t in asked]
    return pd.DataFrame({"target": asked, "difference": point, "low": low, "high": high})


added = pd.concat(
    [pooled(a, b, split, PAIRED).assign(first=a, second=b, split=split) for a, b in GAINS for split in SPLITS],
    ignore_index=True,
)
added["clear"] = interval.clear(added["low"].to_numpy(), added["high"].to_numpy())

# %% mystnb={"figure": {"caption": "What training adds to what can be read: R² after training on satellite scenes (orange) or on photographs (blue) minus R² with random weights, mean over the architectures. Hollow: test places at random among the training places; filled: held-out cells of 16°. Bars: 95 % bootstrap intervals over blocks.", "name": "fig-prior-gain"}, "image": {"alt": "One group of four marks a fact, around a dashed line at zero: satellite scenes and photographs, each hollow for places at random and filled for held-out cells, with horizontal bars."}} tags=["hide-input"]
fig, ax = figures.subplots(size=(6.4, 0.95 * len(asked) + 1.5))
for row, target in enumerate(asked):
    for place, (corpus, split) in enumerate([("fmow", WR), ("fmow", OOR), ("yfcc", WR), ("yfcc", OOR)]):
        one = added[(added["first"] == corpus) & (added["second"] == "untrained") & (added["split"] == split)]
        one, (word, colour, marker) = one.set_index("target").loc[target], TRAINED[corpus]
        at = row - 0.3 + 0.2 * place
        ax.plot([one["low"], one["high"]], [at, at], color=colour, lw=2, zorder=2, alpha=1 if split == OOR else 0.55)
        ax.scatter(
            one["difference"],
            at,
            s=52,
            marker=marker,
            zorder=3,
            ec=colour,
            lw=1.4,
            color=colour if split == OOR else "white",
            label=f"{word}, {SPLITS[split]}" if row == 0 else None,
        )
ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
ax.set_yticks(range(len(asked)), [TARGETS[target] for target in asked])
ax.set(xlabel="R² minus that of random weights", ylim=(len(asked) - 0.5, -0.5))
ax.grid(axis="y", visible=False)
fig.legend(loc="outside upper left", ncols=2, fontsize="small")
_ = label(fig, note=note)

# %% tags=["remove-input"]
cells = added.assign(
    cell=[
        f"{'**' if row.clear else ''}{row.difference:+.2f}{'**' if row.clear else ''} ({signed(row.low, row.high, 2)})"
        for row in added.itertuples()
    ],
    what=added["first"].map(lambda c: TRAINED[c][0]) + " − " + added["second"].map(lambda c: TRAINED[c][0]),
    split=pd.Categorical(added["split"].map(SPLITS), list(SPLITS.values())),
    fact=pd.Categorical(added["target"].map(TARGETS), list(TARGETS.values())),
)
captioned(
    cells.pivot(index=["fact", "what"], columns="split", values="cell")
    .reset_index()
    .rename(columns={"what": "difference"})
    .map(lambda text: minus(str(text))),
    f"Differences in R² of probes, mean over {len(PAIRED)} architectures ({', '.join(base(b) for b in PAIRED)}), with 95 % intervals over blocks; bold "
    f"where this excludes zero. {len(places):,} monitors, profile {origin}.",
    "tab-prior-gain",
)

# %% tags=["remove-input"]
WORDS = {1: "more", -1: "less"}
lines = []
for first, second in GAINS:
    for split in (WR, OOR):
        part = added[(added["first"] == first) & (added["second"] == second) & (added["split"] == split)]
        told = [
            f"clearly {word} about {listed([TARGETS[t] for t in own])}"
            for sign, word in WORDS.items()
            if len(own := part.loc[part["clear"] == sign, "target"].tolist())
        ]
        where = "among the training places" if split == WR else "in held-out cells of 16°"
        lines.append(
            f"- **{TRAINED[first][0]} against {TRAINED[second][0]}, {where}:** "
            + ("; ".join(told) if told else "no fact is read clearly better or worse")
            + "."
        )
Markdown("\n".join(lines))

# %% tags=["remove-input"]
people = ["density", "city"]
best = {c: max((f"{b}-{c}" for b in PAIRED), key=lambda name: r2(name, OOR, "density")) for c in CORPORA}


def level(corpus, target):
    """Mean R² over the architectures in held-out cells, and its interval."""
    names = [f"{b}-{corpus}" for b in PAIRED]
    drawn = np.mean([draws[name, OOR][asked.index(target)] for name in names], axis=0)
    return (np.mean([r2(name, OOR, target) for name in names]), *np.percentile(drawn, [2.5, 97.5]))


def is_prior(corpus):
    """Whether people are read where no training place is near, and clearly better than with random weights."""
    gain = added[(added["first"] == corpus) & (added["second"] == "untrained") & (added["split"] == OOR)]
    gain = gain.set_index("target")["clear"]
    return all(gain[target] > 0 and level(corpus, target)[1] > 0 for target in people)


text = ""
for corpus, what in (("yfcc", "photographs"), ("fmow", "satellite scenes")):
    mean, low, high = level(corpus, "density")
    text += (
        f"Training on {what} "
        + (
            "makes a prior of a basis: it puts people on the map where no training place is near"
            if is_prior(corpus)
            else "does not clearly put people on the map where no training place is near, as far as a straight line can read it"
        )
        + f" (population density in held-out cells: mean R² {mean:+.2f}, {signed(low, high, 2)}). "
    )
text += (
    "It depends on the architecture: out of region, the best of each kind gives population density with R² "
    + listed([f"{r2(name, OOR, 'density'):+.2f} from {said(name)}" for name in [*best.values(), "geoclip"]])
    + "."
)
Markdown(minus(text))

# %% [markdown]
# ## How knowledge fades with distance
#
# The four ways of holding out differ in how far the nearest training place is. What comes from neighbours must fade with this distance. What
# comes from the vector need not.

# %% mystnb={"figure": {"caption": "R² of probes against the median distance of a test place to the nearest training place, for the four ways of holding places out (evenly spaced). Lines for the three trainings are means over the architectures.", "name": "fig-prior-distance"}, "image": {"alt": "One panel a fact, six lines each over four distances. For density and closeness to a city GeoCLIP's line is nearly level, that of photographs falls moderately, and those of random weights, satellite scenes and inverse distance fall to about zero. For terrain and mean PM2.5 all lines fall."}} tags=["hide-input"]
apart = {}
for split, (fold, _) in dealt.items():
    km = np.concatenate([nearest_km(lonlat[fold == k], lonlat[fold != k])[0] for k in np.unique(fold)])
    apart[split] = float(np.median(km))
order = sorted(SPLITS, key=apart.get)
LINES = [*CORPORA, "idw", "slepian", "geoclip"]
fig, axes = figures.subplots(rows, 2, size=(6.4, 2.5 * rows + 1.1), sharex=True)
for ax, target in zip(axes.flat, asked, strict=False):
    for name in LINES:
        own = [f"{b}-{name}" for b in PAIRED] if name in CORPORA else [name]
        colour, marker = TRAINED[name][1:] if name in CORPORA else drawn_as(name)
        ax.plot(
            range(len(order)),
            [np.mean([r2(o, s, target) for o in own]) for s in order],
            color=colour,
            marker=marker,
            ms=9 if marker == "*" else 5.5,
            lw=1.5,
            label=TRAINED[name][0] if name in CORPORA else said(name),
        )
    ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_title(TARGETS[target])
    ax.set_xticks(range(len(order)), [f"{apart[s]:.0f}" for s in order])
for ax in axes.flat[len(asked) :]:
    ax.set_visible(False)
for ax in axes[:, 0]:
    ax.set_ylabel("R²")
for ax in axes[-1]:
    ax.set_xlabel("median distance [km]")
fig.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
_ = label(fig, note=note)

# %% tags=["remove-input"]
lines = [
    f"Median distances to the nearest training place: {listed([f'{apart[s]:.0f} km ({SPLITS[s]})' for s in order])}."
]
for target in asked:
    kept = {}
    for name in ("untrained", "yfcc", "geoclip"):
        own = [f"{b}-{name}" for b in PAIRED] if name in CORPORA else [name]
        near, far = (np.mean([r2(o, s, target) for o in own]) for s in (order[0], order[-1]))
        kept[TRAINED[name][0] if name in CORPORA else said(name)] = 100 * max(far, 0) / near if near > 0.05 else None
    lines.append(
        f"- {TARGETS[target][0].upper() + TARGETS[target][1:]}: of the R² nearest to the training places, at the largest distance there is left "
        + listed(
            [
                f"{share_:.0f} % ({who})" if share_ is not None else f"nothing to lose ({who})"
                for who, share_ in kept.items()
            ]
        )
        + "."
    )
Markdown("\n".join(lines))

# %% [markdown]
# ## All scores
#
# The table has R² with its interval in the two outermost ways of holding out; for closeness to a city also the AUC.


# %% tags=["remove-input"]
def cell(row):
    return f"{row['r2']:.2f} ({signed(row['low'], row['high'], 2)})"


shown = []
for split in (WR, OOR):
    rows_ = []
    for name in [*(f"{b}-{c}" for b in ordered for c in CORPORA), *OTHERS, "idw"]:
        line = {"encoder": said(name)} | {TARGETS[t]: cell(index.loc[(name, split, t)]) for t in asked}
        rows_.append(line | {"AUC": f"{index.loc[(name, split, 'city'), 'auc']:.2f}"})
    shown.append(
        captioned(
            pd.DataFrame(rows_).map(minus),
            f"R² of probes and 95 % intervals over blocks, {SPLITS[split]}; AUC: near a city or not. {len(places):,} monitors, profile {origin}.",
            f"tab-prior-{split}",
        ).data
    )
Markdown(
    "\n\n".join(
        f"::::{{admonition}} {SPLITS[s][0].upper() + SPLITS[s][1:]}\n:class: dropdown note\n\n{text}\n::::\n"
        for s, text in zip((WR, OOR), shown, strict=True)
    )
)

# %% tags=["remove-input"]
absent = [name for name in ("satclip-l10", "satclip-l40") if name not in vectors]
Markdown(
    "SatCLIP {cite:p}`klemmer2025satclip`, a contrastive encoder of satellite images, is not run here: its weights are not at hand. The fMoW priors are "
    "*not* a substitute for it; they were trained to name the class of a scene, not to match scenes and places."
    if absent
    else "SatCLIP's weights are at hand, so that it is among the encoders above."
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what a *straight line* reads from a vector. What is in the vector in a more tangled form does not count here, though a network behind the vector could
# still use it: no score is no proof of ignorance. And what is read need not help: that a vector holds the population density helps with
# PM2.5 as far as density goes with PM2.5, beyond what the weather says already. Whether networks gain is asked in {doc}`zoo` and {doc}`upstream`.
#
# *Held out* means held out for the probe. The images that the encoders were trained on come from everywhere, also from the cells that are held out
# here. That is not a leak: it is what a prior is for. But it is why nothing here says how an encoder would do in a country of which it has seen no image.
#
# Population density and closeness to a city are two views of one fact, and both come from the list of towns that the embedded world is built on. The terrain is a
# formula. Only mean PM2.5 is measured. Random weights are one draw for each architecture; {doc}`upstream` has several. And all places
# are monitors, which stand where people are: nothing is asked about the empty parts of the map.
#
# ````{admonition} Exercise 1
# :class: exercise tip
# A colleague fits the probe with a penalty that was chosen by leaving out single places, and tests on a checkerboard. Is the score
# too high, too low, or right?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# It is a fair score of a bad probe: no test place was used. But it is lower than it could be. Left out one by one, a place has neighbours among the
# training places, so fine waves seem to pay, and a small penalty wins. In a new region the same waves are noise. The penalty must be chosen on the task that it is for.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# Why is a shuffled *target* a better control for a probe than a shuffled *vector*? Think of what each of the two leaves as it was.
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# With shuffled targets the vectors stay as they are: as many, as long, as alike among neighbours, with as many dead units. Whatever the probe could exploit in
# their shape it still can. If it scores nothing, then scores on the true targets come from what the vectors say about the places. Shuffled vectors answer the same question
# here, since only the pairing matters to a ridge regression with places dealt at random; but with blocks or cells they also lose the likeness among neighbours, so they control for more than one thing at once.
# ````
#
# ````{admonition} Exercise 3
# :class: exercise tip
# Let an encoder have as many independent numbers as there are training places. Show that without a penalty the probe reads any fact at the training
# places perfectly, and say what this means for scores that are not held out.
# ````
#
# ````{admonition} Solution 3
# :class: solution dropdown
# With a square, invertible matrix $Z$ of the vectors, $b = Z^{-1} y$ gives $Z b = y$ for every $y$, also for the control's. A score on the places that
# a probe was fitted to says how many numbers a vector has, not what it knows.
# ````
