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
from IPython.display import Markdown

from placeprior.book import figures, variants
from placeprior.book.tables import captioned
from placeprior.book.words import minus
from placeprior.errors import StoreError
from placeprior.scores import metrics

figures.style()

# %% [markdown]
# # Training a variant: `{{model}}`
#
# This page shows what happened when this variant was trained. The pages of all variants have the same layout and come
# from the same notebook, so that they can be laid side by side; which variant is better is asked, with
# intervals, in {doc}`comparison`. How the network works stands in {doc}`../concepts/model`. Unless a figure says
# otherwise the data are the embedded world: simulated, not measured.
#
# ## What the model is told

# %%
import numpy as np
import pandas as pd

from placeprior.arms import splits_in, where
from placeprior.runs import plan, store

runs = [run for run in plan.runs(profile, "core") if run.model == model and store.is_stored(run.id)]

# %% tags=["remove-cell"]
if not runs:
    raise StoreError(
        f"no run of {model!r} of profile {profile!r} is stored; `placeprior runs list {profile}` lists them"
    )
is_embedded = all(run.task == "world" for run in runs)

# %% tags=["remove-input"]
Markdown(variants.told(runs[0].variant, runs[0].fusion))

# %%
stored = {run.id: store.read(run.id) for run in runs}
captioned(variants.facts(runs, stored), f"The variant `{model}` as trained, profile {profile}.")

# %% [markdown]
# ## Training curves
#
# The loss is Huber's on the scaled target. Training rows are scored while the weights still move and with dropout,
# validation rows afterwards and without: so the validation curve can lie below the training curve, and only its own
# course says more. Validation rows decide nothing: every fit takes all its epochs and keeps its last weights.

# %%
splits = splits_in(pd.DataFrame({"split": [run.split for run in runs]}))
by_split = {split: [run for run in runs if run.split == split] for split in splits}
histories = {
    split: [store.table(run.id, "history").assign(kept=stored[run.id]["best_epoch"]) for run in by_split[split]]
    for split in splits
}

# %% mystnb={"figure": {"caption": "Loss after each epoch on every split, variant `{{model}}`: training rows (grey, dashed) and validation rows (coloured). One thin line a fit (seed and fold); a marker stands at its end. Losses are in units of the scaled target, whose scale differs between splits, so compare within a panel.", "name": "fig-{{model}}-curves"}, "image": {"alt": "Small panels, one a split, of loss against epoch for {{model}}: thin grey dashed training lines and thin coloured validation lines, with a marker at the end of each validation line."}}
look = figures.look(runs[0].variant, runs[0].fusion)  # the colour and marker of the variant
fig = variants.draw_curves(histories, look)
_ = figures.label(fig, profile, n=len(runs), of="fits", embedded=is_embedded)

# %% [markdown]
# Where a validation curve ends above its lowest point, the network went on learning its training stations after it had
# stopped learning what holds at others. {doc}`budget` asks whether twice the epochs would change an answer.
#
# ## Scores
#
# {doc}`../concepts/scores` defines them. The two partitions of a checkerboard are different test sets, so their R² must
# not be compared with one another; RMSE may.

# %%
fits = pd.DataFrame(
    [
        {"split": run.split, "fold": run.fold, "seed": run.seed, "n": stored[run.id]["n"]} | stored[run.id]["scores"]
        for run in runs
    ]
)
captioned(
    variants.scores(fits),
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

# %%
shown = [split for split in ("spatial", "checkerboard-16") if split in splits] or splits[:2]
tested = {split: pd.concat([store.table(run.id, "predictions") for run in by_split[split]]) for split in shown}

# %% mystnb={"figure": {"caption": "Estimated against measured PM2.5 on test rows, variant `{{model}}`, all seeds and folds of a split pooled (a row that several seeds test is counted for each of them). Colours count rows in a hexagon on a logarithmic scale; the dashed line is equality.", "name": "fig-{{model}}-scatter"}, "image": {"alt": "Two panels of hexagons for {{model}}: estimated against measured PM2.5. Most rows lie at low values near the dashed line of equality; at high measured values the cloud bends below the line."}}
fig = variants.draw_scatter(tested)
_ = figures.label(fig, profile, n=sum(map(len, tested.values())), embedded=is_embedded)

# %%
errors = {}
for split, part in tested.items():
    high = part["pm25"] >= np.percentile(part["pm25"], 95)
    errors[where(split)] = (part["estimate"] - part["pm25"]).groupby(high).mean()
bias = pd.DataFrame(errors).T.rename(columns={True: "highest twentieth", False: "the rest"}).rename_axis("split")
captioned(
    bias.map(lambda error: minus(f"{error:+.1f}")),
    f"Mean error (estimate minus measurement) in {figures.UNIT}, by the rank of the measurement; profile {profile}.",
)

# %% [markdown]
# Part of the error of the highest twentieth is selection: days are in it for being measured high.
#
# ## Where it errs
#
# The two partitions of a checkerboard together test every station once. A station's mean error says what the model
# systematically gets wrong *about that place*: the part that a knowledge of places could remove.

# %%
board = "checkerboard-16" if "checkerboard-16" in splits else splits[-1]
sums = pd.concat([store.table(run.id, "stations") for run in by_split[board]])
places = sums.groupby("name").agg(lon=("lon", "first"), lat=("lat", "first"), n=("n", "sum"), sum_e=("sum_e", "sum"))
places["error"] = places["sum_e"] / places["n"]

# %% mystnb={"figure": {"caption": "Mean error (estimate minus measurement) of each station over its test days, variant `{{model}}`, each station estimated by the models that never saw its partition of the 16° checkerboard; mean over seeds. Dashed: the cells.", "name": "fig-{{model}}-residuals"}, "image": {"alt": "Map of the contiguous US for {{model}}: one dot a station, blue where PM2.5 is estimated too low on average and red where too high, with the borders of the checkerboard cells."}}
fig = variants.draw_errors(places, board)
_ = figures.label(fig, profile, n=len(places), of="stations", embedded=is_embedded)

# %%
share = (places["n"] * places["error"] ** 2).sum() / sums["sum_e2"].sum()
captioned(
    pd.DataFrame([[len(places), f"{places['error'].std():.2f}", f"{100 * share:.0f} %"]]).set_axis(
        ["stations", f"spread of their mean errors [{figures.UNIT}]", "share of the squared error"], axis=1
    ),
    f"What the mean errors of the stations make up on {where(board)}; profile {profile}.",
)

# %% [markdown]
# The rest of the squared error varies from day to day at the same place, and no constant about a place could remove it.
#
# ## Which days it looks at

# %%
weights = {split: np.array([stored[run.id]["attention"] for run in by_split[split]]) for split in splits}

# %% mystnb={"figure": {"caption": "Mean attention weight of each day of the window on test rows, variant `{{model}}`; thin lines are fits, the thick line with markers their mean, one panel a split. The dotted line is an even spread. The estimated day is at lag 0.", "name": "fig-{{model}}-attention"}, "image": {"alt": "Small panels, one a split, of mean attention weight against lag in days for {{model}}; thin lines of single fits around a thick mean line, with a dotted line at an even spread."}}
fig = variants.draw_attention(weights, look)
_ = figures.label(fig, profile, n=len(runs), of="fits", embedded=is_embedded)

# %% [markdown]
# The LSTMs have already carried each day's information along, so a weight on a day is not a weight on that day's weather.
#
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
