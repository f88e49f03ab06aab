# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"
model = "none"

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import encoders
from placeprior.arms import SPLITS, splits_in
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import NAMES
from placeprior.errors import StoreError
from placeprior.network.sizes import Config
from placeprior.runs import plan, store
from placeprior.scores import metrics

figures.style()
runs = [run for run in plan.runs(profile, "core") if run.model == model and store.is_stored(run.id)]
if not runs:
    raise StoreError(
        f"no run of {model!r} of profile {profile!r} is stored; `placeprior runs list {profile}` lists them"
    )
stored = {run.id: store.read(run.id) for run in runs}
variant, fusion = runs[0].variant, runs[0].fusion
drawn = figures.look(variant, fusion)
is_embedded = all(run.task == "world" for run in runs)
splits = splits_in(pd.DataFrame({"split": [run.split for run in runs]}))
config = Config(**runs[0].config)
seeds = sorted({run.seed for run in runs})
shown_splits = [s for s in ("spatial", "checkerboard-16") if s in splits] or splits[:2]


def of(split):
    """This variant's stored runs on a split."""
    return [run for run in runs if run.split == split]


# %% [markdown]
# # Training a variant: `{{model}}`
#
# This page shows what happened when this variant was trained. The pages of all variants have the same layout and come
# from the same notebook, so that they can be laid side by side; which variant is better is asked, with
# intervals, in {doc}`comparison`. How the network works stands in {doc}`../concepts/model`. Unless a figure says
# otherwise the data are the embedded world: simulated, not measured.
#
# ## What the model is told

# %% tags=["remove-input"]
first = stored[runs[0].id]
told = {
    "none": "Nothing. The estimate depends on the window of daily inputs alone: two places with the same inputs get the "
    "same estimate. Every other variant is compared with this one.",
    "lonlat": "Longitude and latitude, in degrees, scaled on the training stations and appended to every day's inputs as "
    "two further columns. A model can bend them into any map, and can also use them as a station's name.",
    "sincos": "Sine and cosine of longitude and of latitude, appended to every day's inputs as four further columns. The same "
    "information as the coordinates without a seam at the date line, which the contiguous US do not touch.",
    "geoclip": "A vector that GeoCLIP's frozen encoder computes from the coordinates. It was learned by matching places "
    "with photographs taken there, and is projected by a trained layer to the width of the window's summary.",
}.get(variant, f"The place vector of encoder {variant}.")
joins = {
    "hadamard": " The two are **multiplied** element by element: the place scales what the window says.",
    "concat": " The two are set **side by side**, and a further layer sees both.",
}.get(fusion, "")
Markdown(told + joins)

# %% tags=["remove-input"]
dim = 0 if variant in plan.NO_PLACE else encoders.load(variant).dim
minutes = sum(stored[run.id]["stamp"]["seconds"] for run in runs) / 60
threads = sorted({f"{stored[run.id]['stamp']['device']}, {stored[run.id]['stamp']['threads']} thread" for run in runs})
facts = [
    ("trained parameters", f"{first['parameters']:,}"),
    ("numbers that tell the place", str(dim)),
    ("dynamic inputs a day", f"{len(first['predictors'])}: " + ", ".join(first["predictors"])),
    ("window", f"{config.window} days, the estimated day last"),
    ("width of the LSTMs, of the summary", f"{config.width}, {config.summary}"),
    ("epochs, rows a step", f"{config.epochs}, {config.batch}; every epoch shows every training row once"),
    ("learning rate", f"rises once to {config.rate:g} and falls to zero"),
    (
        "fits",
        f"{len(runs)} ({len(splits)} splits, seeds {', '.join(map(str, seeds))}, both partitions of a checkerboard)",
    ),
    ("time for all fits", f"{minutes:.1f} minutes ({'; '.join(threads)})"),
]
captioned(pd.DataFrame(facts, columns=["what", "here"]), f"The variant `{model}` as trained, profile {profile}.")

# %% [markdown]
# ## Training curves
#
# The loss is Huber's on the scaled target. Training rows are scored while the weights still move and with dropout,
# validation rows afterwards and without: so the validation curve can lie below the training curve, and only its own
# course says more. Validation rows decide nothing: every fit takes all its epochs and keeps its last weights.

# %% mystnb={"figure": {"caption": "Loss after each epoch on every split, variant `{{model}}`: training rows (grey, dashed) and validation rows (coloured). One thin line a fit (seed and fold); a marker stands at its end. Losses are in units of the scaled target, whose scale differs between splits, so compare within a panel.", "name": "fig-{{model}}-curves"}, "image": {"alt": "Small panels, one a split, of loss against epoch for {{model}}: thin grey dashed training lines and thin coloured validation lines, with a marker at the end of each validation line."}} tags=["hide-input"]
across = min(3, len(splits))
deep = -(-len(splits) // across)
fig, axes = figures.subplots(deep, across, size=(6.4, 2.0 * deep + 0.6), sharey=True, squeeze=False)
for ax, split in zip(axes.flat, splits, strict=False):
    for run in of(split):
        history = store.table(run.id, "history")
        ax.plot(history["epoch"], history["loss"], color="#9a9a9a", lw=0.9, ls="--")
        ax.plot(history["epoch"], history["validation_loss"], color=drawn.colour, lw=0.9)
        best = history[history["epoch"] == stored[run.id]["best_epoch"]]
        ax.plot(best["epoch"], best["validation_loss"], drawn.marker, color=drawn.colour, ms=5, mec="white", mew=0.4)
    ax.set_xticks(range(1, max(2, int(history["epoch"].max())) + 1))
    ax.set_title(SPLITS.get(split, split))
    ax.set_xlabel("epoch" if list(splits).index(split) + across >= len(splits) else "")
for ax in axes.flat[len(splits) :]:
    ax.set_visible(False)
for ax in axes[:, 0]:
    ax.set_ylabel("Huber loss (scaled)")
axes[0, 0].plot([], [], color="#9a9a9a", lw=1.2, ls="--", label="training")
axes[0, 0].plot([], [], color=drawn.colour, lw=1.2, label="validation")
fig.legend(loc="outside upper right", ncols=2)
_ = figures.label(fig, profile, n=len(runs), of="fits", embedded=is_embedded)

# %% tags=["remove-input"]
last = [store.table(run.id, "history")["validation_loss"].to_numpy() for run in runs]
rose = sum(losses[-1] > 1.01 * losses.min() for losses in last)
Markdown(
    f"In {rose} of {len(runs)} fits the last validation loss lies more than one hundredth above the lowest: there the network went on "
    "learning its training stations after it had stopped learning what holds at others. {doc}`budget` asks whether twice the epochs "
    "would change an answer."
)

# %% [markdown]
# ## Scores
#
# {doc}`../concepts/scores` defines them. The two partitions of a checkerboard are different test sets, so their R² must
# not be compared with one another; RMSE may.

# %% tags=["remove-input"]
rows = [
    {"split": run.split, "fold": run.fold, "seed": run.seed, "n": stored[run.id]["n"]} | stored[run.id]["scores"]
    for run in runs
]
fits = pd.DataFrame(rows)


def told(values, digits):
    """Mean and standard deviation between seeds, of one fold."""
    values = values.dropna()
    if values.empty:
        return "–"
    return f"{values.mean():.{digits}f}" + (f" ± {values.std():.{digits}f}" if len(values) > 1 else "")


lines = []
for split in splits:
    for fold, part in fits[fits["split"] == split].groupby("fold"):
        lines.append(
            {"split": SPLITS.get(split, split), "fold": str(fold), "fits": str(len(part))}
            | {"test rows": " – ".join(dict.fromkeys(f"{v:,.0f}" for v in (part["n"].min(), part["n"].max())))}
            | {NAMES[m]: told(part[m], 3 if m == "r2" else 2) for m in metrics.METRICS}
        )
captioned(
    pd.DataFrame(lines),
    f"Scores of `{model}` on test rows, mean ± standard deviation over seeds; profile {profile}"
    f"{', embedded world' if is_embedded else ''}. RMSE, MAE and MBE in {figures.UNIT}; high days: measured PM2.5 of at "
    f"least {metrics.HIGH:.0f} {figures.UNIT}. A dash: no such day in the test part.",
)

# %% [markdown]
# ## Estimates against measurements
#
# The dashed line is equality. Estimates of any good model are drawn towards the middle: what the inputs do not
# explain cannot be estimated, and the measurements carry noise on top. So the cloud is flatter than the line, and the
# highest days lie below it.

# %% mystnb={"figure": {"caption": "Estimated against measured PM2.5 on test rows, variant `{{model}}`, all seeds and folds of a split pooled (a row that several seeds test is counted for each of them). Colours count rows in a hexagon on a logarithmic scale; the dashed line is equality.", "name": "fig-{{model}}-scatter"}, "image": {"alt": "Two panels of hexagons for {{model}}: estimated against measured PM2.5. Most rows lie at low values near the dashed line of equality; at high measured values the cloud bends below the line."}} tags=["hide-input"]
tested = {
    split: pd.concat([store.table(run.id, "predictions").assign(fold=run.fold, seed=run.seed) for run in of(split)])
    for split in shown_splits
}
top = np.percentile(np.concatenate([part["pm25"] for part in tested.values()]), 99.7)
fig, axes = figures.subplots(1, len(tested), size=(6.4, 3.2), squeeze=False)
for ax, (split, part) in zip(axes[0], tested.items(), strict=True):
    figures.density_scatter(ax, part["pm25"].to_numpy(), part["estimate"].to_numpy(), limit=float(top))
    ax.set_title(f"{SPLITS.get(split, split)}, n = {len(part):,}", fontsize="small")
for ax in axes[0, 1:]:
    ax.set_ylabel("")
_ = figures.label(fig, profile, n=sum(map(len, tested.values())), embedded=is_embedded)

# %% tags=["remove-input"]
lines = []
for split, part in tested.items():
    high = part["pm25"] >= np.percentile(part["pm25"], 95)
    bias = (part["estimate"] - part["pm25"]).groupby(high).mean()
    lines.append(
        f"On {SPLITS.get(split, split)} the highest twentieth of the measurements is estimated "
        f"{abs(bias[True]):.1f} {figures.UNIT} too {'low' if bias[True] < 0 else 'high'} on average, the rest "
        f"{abs(bias[False]):.1f} {figures.UNIT} too {'low' if bias[False] < 0 else 'high'}."
    )
Markdown(
    " ".join(lines) + " Part of the first number is selection: days are in that twentieth for being measured high."
)

# %% [markdown]
# ## Where it errs
#
# The two partitions of a checkerboard together test every station once. A station's mean error says what the model
# systematically gets wrong *about that place*: the part that a knowledge of places could remove.

# %% mystnb={"figure": {"caption": "Mean error (estimate minus measurement) of each station over its test days, variant `{{model}}`, each station estimated by the models that never saw its partition of the 16° checkerboard; mean over seeds. Dashed: the cells.", "name": "fig-{{model}}-residuals"}, "image": {"alt": "Map of the contiguous US for {{model}}: one dot a station, blue where PM2.5 is estimated too low on average and red where too high, with the borders of the checkerboard cells."}} tags=["hide-input"]
board = "checkerboard-16" if "checkerboard-16" in splits else splits[-1]
sums = pd.concat([store.table(run.id, "stations") for run in of(board)])
places = sums.groupby("name").agg(lon=("lon", "first"), lat=("lat", "first"), n=("n", "sum"), sum_e=("sum_e", "sum"))
places["error"] = places["sum_e"] / places["n"]
fig, ax = figures.subplots(size="map", maps=True)
# one scale on all variants' pages
figures.station_map(
    ax, places[["lon", "lat"]].to_numpy(), places["error"].to_numpy(), "mean error", kind="difference", vmin=-6, vmax=6
)
if board.startswith("checkerboard"):
    figures.split_map(
        ax,
        places[["lon", "lat"]].to_numpy(),
        np.zeros(len(places), bool),
        np.zeros(len(places), bool),
        delta=float(board.split("-")[1]),
        legend=False,
    )
_ = figures.label(fig, profile, n=len(places), of="stations", embedded=is_embedded)

# %% tags=["remove-input"]
share = float((places["n"] * places["error"] ** 2).sum() / sums["sum_e2"].sum())
Markdown(
    f"The station means of the error have a spread of {places['error'].std():.2f} {figures.UNIT} over {len(places)} stations. "
    f"They make up {100 * share:.0f} % of the squared error on this split; the rest varies from day to day at the same place, "
    "and no constant about a place could remove it."
)

# %% [markdown]
# ## Which days it looks at

# %% mystnb={"figure": {"caption": "Mean attention weight of each day of the window on test rows, variant `{{model}}`; thin lines are fits, the thick line with markers their mean, one panel a split. The dotted line is an even spread. The estimated day is at lag 0.", "name": "fig-{{model}}-attention"}, "image": {"alt": "Small panels, one a split, of mean attention weight against lag in days for {{model}}; thin lines of single fits around a thick mean line, with a dotted line at an even spread."}} tags=["hide-input"]
lags = np.arange(config.window) - config.window + 1
fig, axes = figures.subplots(deep, across, size=(6.4, 2.0 * deep + 0.4), sharey=True, squeeze=False)
weights = {split: np.array([stored[run.id]["attention"] for run in of(split)]) for split in splits}
for ax, split in zip(axes.flat, splits, strict=False):
    for line in weights[split]:
        ax.plot(lags, line, color=drawn.colour, lw=0.7, alpha=0.5)
    ax.plot(lags, weights[split].mean(0), color=drawn.colour, marker=drawn.marker, lw=1.8, ms=5)
    ax.axhline(1 / config.window, color="#777777", lw=1, ls=":")
    ax.set_title(SPLITS.get(split, split))
    ax.set_xlabel("lag [days]" if list(splits).index(split) + across >= len(splits) else "")
for ax in axes.flat[len(splits) :]:
    ax.set_visible(False)
axes[0, 0].set_ylim(0, 1.1 * max(each.max() for each in weights.values()))
for ax in axes[:, 0]:
    ax.set_ylabel("attention weight")
_ = figures.label(fig, profile, n=len(runs), of="fits", embedded=is_embedded)

# %% tags=["remove-input"]
every = np.concatenate(list(weights.values()))
today, spread_of = every[:, -1].mean(), every.std(0).mean()
Markdown(
    f"Over all fits the estimated day gets {100 * today:.0f} % of the weight, where an even spread would give "
    f"{100 / config.window:.0f} %; single fits differ by {100 * spread_of:.0f} percentage points (one standard deviation) at a given lag. The LSTMs have already "
    "carried each day's information along, so a weight on a day is not a weight on that day's weather."
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows that this variant trained, on what, how far its estimates are from measurements, and where. It does **not**
# show that it is better or worse than another: that needs the same rows side by side ({doc}`comparison`). A coherent
# blue or red region in the map is a fact about this model in this test; it does not say whether the place, the
# inputs or the weather of the year is the reason.
#
# ```{admonition} Exercise: noise or place?
# :class: exercise tip
# A station is tested on $n$ days, and its daily errors have a standard deviation $\sigma$ and are independent. How large must its
# mean error be before it is more than chance? Smoke and stagnant air last for days: what does that change?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The mean of $n$ independent errors has a standard deviation of $\sigma/\sqrt n$, so about $2\sigma/\sqrt n$. Errors that
# last for several days make fewer independent pieces of evidence, and the bound is larger: divide $n$ by roughly the
# number of days that they last.
# ```
#
# ```{admonition} Exercise: read a curve
# :class: exercise tip
# The training loss falls from epoch to epoch and the validation loss of the checkerboard splits does not. Name two causes,
# and say which of them more training rows from the same stations would cure.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The model may fit the noise of its rows (more rows help), or it may learn what holds at its training stations only
# (more rows from the *same* stations do not help; more stations do). On checkerboards the validation part consists
# of whole stations, so the second shows in it too, if only within the trained partition.
# ```
