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
from placeprior.book import figures
from placeprior.book import variants as page
from placeprior.book.tables import captioned
from placeprior.errors import StoreError

figures.style()

# %% [markdown]
# # The variants as trained
#
# ```{goals}
# :needs: {doc}`model`, {doc}`scores`
# read a learning curve
# say why estimates lie flatter than the line of equality
# tell a place's mean error from a day's
# ```
#
# ```{answer}
# :question: What differs between the five variants?
# What they are told about the place, and the layers that take a vector in: nothing; longitude and latitude, or their sines and cosines, beside every day's inputs; or GeoCLIP's vector, multiplied with the window's summary or set beside it. Inputs, network, loop and rows are the same. Which is better is asked, with intervals, in {doc}`comparison`.
# ```
#
# This page looks at the fits themselves, in the embedded world, where they are trained when the book is made. They need not equal the committed ones to the last digit ({doc}`rerun`).

# %%
import pandas as pd

from placeprior.arms import arm
from placeprior.runs import plan, store

matrix = "book" if profile == "demo" else "core"
models = (
    "none",
    "lonlat/channels",
    "sincos/channels",
    "geoclip/hadamard",
    "geoclip/concat",
)
runs = [
    run
    for run in plan.runs(profile, matrix)
    if run.model in models and store.is_stored(run.id)
]
name = {run.id: arm(run.variant, run.fusion) for run in runs}

# %% tags=["remove-cell"]
if not runs:
    raise StoreError(
        f"no run of profile {profile!r} is stored; `placeprior runs list {profile}` lists them"
    )

# %%
stored = {run.id: store.read(run.id) for run in runs}

# %% tags=["hide-input"]
fits = page.fits(stored, runs)
captioned(
    page.scores(fits),
    "The variants as trained on the machine that made this book, not the committed fits of {doc}`comparison`: trained weights, "
    f"R² and RMSE in µg m⁻³ on test rows (seeds {', '.join(str(seed) for seed in sorted(fits['seed'].unique()))}; spatial fold 1, both partitions of a checkerboard); profile {profile}, embedded world",
    "tab-variants-scores",
)

# %% [markdown]
# ## Learning
#
# Training rows are scored while the weights still move and with dropout, validation rows afterwards and without: so the
# validation curve can lie below, and only its own course says more. It decides nothing: every fit takes all its epochs.

# %%
histories = [
    store.table(run.id, "history").assign(arm=name[run.id], split=run.split)
    for run in runs
]
curves = (
    pd.concat(histories)
    .groupby(["arm", "split", "epoch"], sort=False)[["loss", "validation_loss"]]
    .mean()
)
curves = curves.reset_index()

# %% mystnb={"figure": {"caption": "Loss after each epoch on training rows (grey) and validation rows (coloured), means over fits; full lines: spatial split, dashed: checkerboard, validated within its trained cells. The target's scale differs between splits, so compare a split across panels.", "name": "fig-variants-curves"}, "image": {"alt": "Five panels, one a variant, of loss against epoch. In all of them the grey training curves fall steadily and the coloured validation curves fall and then level off."}} tags=["hide-input"]
fig = page.draw_curves(curves)
_ = figures.label(
    fig, profile, n=len(runs), of="fits", embedded=True, data=curves
)

# %% [markdown]
# Where a validation curve ends above its lowest point, the network went on learning its training stations after it had
# stopped learning what holds at others. {doc}`budget` asks whether twice the epochs would change an answer.
#
# ## What a knowledge of places could remove
#
# A station's *mean* error is what a shift for each place could remove at most. Its share of the squared error, and the spread of these means:

# %%
regions = [run for run in runs if run.split == "checkerboard-16"]
for each in dict.fromkeys(name[run.id] for run in regions):
    sums = pd.concat(
        [
            store.table(run.id, "stations")
            for run in regions
            if name[run.id] == each
        ]
    )
    places = sums.groupby("name")[["n", "sum_e", "sum_e2"]].sum()
    mean = places["sum_e"] / places["n"]
    share = (places["n"] * mean**2).sum() / places["sum_e2"].sum()
    print(
        f"{each:17} {100 * share:3.0f} % of the squared error; means spread by {mean.std():.1f} µg m-3"
    )

# %% [markdown]
# ## Attention
#
# The LSTMs have carried each day's information along, so a weight on a day is not a weight on that day's weather. Mean weights on test rows:

# %%
weight = pd.DataFrame({run.id: stored[run.id]["attention"] for run in runs}).T
weight = weight.groupby(name).mean()
print(f"an even spread: {1 / weight.shape[1]:.2f} a day")
for each, own in weight.iterrows():
    print(
        f"{each:17} oldest day {own.iloc[0]:.2f}, estimated day {own.iloc[-1]:.2f}"
    )

# %% [markdown]
# ## Exercises
#
# ```{admonition} Exercise: noise or place?
# :class: exercise tip
# A station is tested on $n$ days; its daily errors have a standard deviation $\sigma$ and are independent. How large must its
# mean error be before it is more than chance? Smoke and stagnant air last for days: what does that change?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The mean of $n$ independent errors has a standard deviation of $\sigma/\sqrt n$, so about $2\sigma/\sqrt n$. Errors that
# last for several days are fewer pieces of evidence: divide $n$ by roughly the number of days that they last.
# ```
#
# ```{admonition} Exercise: read a curve
# :class: exercise tip
# The training loss falls from epoch to epoch and the validation loss of a checkerboard does not. Name two causes,
# and say which of them more rows from the same stations would cure.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The model may fit the noise of its rows (more rows help), or learn what holds at its training stations only
# (more rows from the *same* stations do not help; more stations do). Validation consists of whole stations, so the second shows in it too, if only within the trained partition.
# ```
