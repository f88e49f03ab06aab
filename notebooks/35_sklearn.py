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
from IPython.display import Markdown
from threadpoolctl import threadpool_limits

from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import minus

figures.style()
# more threads only wait for each other while runs are being made
_ = threadpool_limits(1)

# %% [markdown]
# # Let a search choose
#
# ```{goals}
# :needs: {doc}`own`, {doc}`splits`
# put an encoder into a pipeline of scikit-learn, and let a search choose which
# choose inside the training part, score outside of it, and say what the score is about
# ```
#
# ```{answer}
# :question: May a search choose the encoder?
# Yes, if it never sees the places that score its choice, and if the folds that it chooses by ask what the score will ask.
# ```
#
# The table: a row for each station of the embedded world, with means over its year of PM2.5 and of four predictors. What is estimated is the *level* at a place, for a map.

# %%
import pandas as pd

from placeprior.data.world.simulation import World
from placeprior.runs import configuration

task = next(iter(configuration.profile(profile)["tasks"].values()))
means = World(**task["options"]).cube().mean("time").to_dataframe()
predictors = ["aod", "boundary_layer_height", "wind_speed", "temperature"]
x, y = means[["lon", "lat", *predictors]], means["pm25"]
x.astype(float).round(2).head(3)

# %% [markdown]
# ## The place as a step of a pipeline
#
# `LocationFeatures` turns `lon`, `lat` into vectors. What it needs to see beforehand, such as the components of GeoCLIP's vectors, it takes from the training rows alone, because the pipeline fits it with them.

# %%
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from placeprior.encoders import LocationFeatures

step = make_column_transformer(
    (LocationFeatures("lonlat"), ["lon", "lat"]), ("passthrough", predictors)
)
trees = HistGradientBoostingRegressor(max_iter=50, min_samples_leaf=5)
model = make_pipeline(step, trees.set_params(random_state=0))

# %% [markdown]
# ## Two searches, one question
#
# The question is that of new regions: a checkerboard scores. Within its training part, one search chooses by spatial blocks with a buffer, the other by rows at random, as searches do unless told otherwise.

# %%
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from placeprior.space.validators import Checkerboard, SpatialBlocks

told = {"nothing": "drop"}
for name in ("lonlat", "urban", "geoclip-pca8"):
    told[name] = LocationFeatures(name)
grid = {"columntransformer__locationfeatures": list(told.values())}

outer = Checkerboard(16)
inner = {
    "blocks": SpatialBlocks(3),
    "random rows": KFold(3, shuffle=True, random_state=0),
}
rows = []
for folds, cv in inner.items():
    search = GridSearchCV(model, grid, cv=cv)
    done = cross_validate(search, x, y, cv=outer, return_estimator=True)
    for fold, found in enumerate(done["estimator"]):
        name = list(told)[found.best_index_]
        score = done["test_score"][fold]
        rows.append([folds, fold + 1, name, found.best_score_, score])

# %% mystnb={"figure": {"caption": "One of the folds that each search chooses by (validation), within the training part of one outer fold (test).", "name": "fig-sklearn-folds"}, "image": {"alt": "Two maps of the contiguous US with the cells of a checkerboard; the stations of every other cell are tested. In the other cells, by blocks, validation stations lie together with an empty margin around them; by random rows, they are sprinkled among the training stations."}} tags=["hide-input"]
import numpy as np

lonlat = x[["lon", "lat"]].to_numpy()
train, test = next(outer.split(x))
parts = {}
fig, axes = figures.panels(2, row=2.35, extra=0.5, maps=True)
for ax, (folds, cv) in zip(axes, inner.items(), strict=True):
    learnt, checked = next(cv.split(x.iloc[train]))
    masks = [
        np.isin(np.arange(len(x)), each)
        for each in (train[learnt], test, train[checked])
    ]
    figures.split_map(ax, lonlat, *masks, delta=16, legend=False)
    ax.set_title(folds)
    parts[folds] = np.select(masks, ["train", "test", "validation"], "-")
handles, names = axes[0].get_legend_handles_labels()
fig.legend(
    handles,
    [name.partition(" (")[0] for name in names],
    loc="outside upper center",
    ncols=3,
)
_ = figures.label(
    fig,
    profile,
    n=len(x),
    of="stations",
    embedded=True,
    data=x[["lon", "lat"]].assign(**parts),
)

# %% tags=["hide-input"]
columns = [
    "chosen by",
    "outer fold",
    "told",
    "R² promised",
    "R² in new regions",
]
searched = pd.DataFrame(rows, columns=columns)
text = searched.copy()
text[columns[3:]] = text[columns[3:]].map("{:.2f}".format).map(minus)
title = "What each search chose, the score that it chose by, and the score in cells that it never saw"
captioned(text.set_index("chosen by"), title, "tab-sklearn-searches")

# %% tags=["remove-input"]
mean = searched.groupby("chosen by")[columns[3:]].mean()
excess = {
    folds: minus(f"{row.iloc[0] - row.iloc[1]:.2f}")
    for folds, row in mean.iterrows()
}
harder = mean.iloc[:, 0].idxmin()
split = searched.groupby("outer fold")["told"].nunique().gt(1).sum()
apart = searched.groupby("outer fold")["R² in new regions"].mean()
Markdown(
    f"The search by random rows promised {excess['random rows']} more R² than new regions gave, the one by blocks {excess['blocks']}. "
    f"They chose differently in {split} of the {len(apart)} outer folds. The two outer folds lie {np.ptp(apart):.2f} apart: "
    "two numbers do not rank encoders, and a search that had looked at them would have chosen by luck."
)

# %% [markdown]
# An R² below zero is worse than the mean of the tested cells, which nobody knows beforehand. A row drawn at random has neighbours that were trained on, so a random search promises too much; that it chooses worse is not seen here. *What was chosen* is a by-product; the outer score is that of the whole procedure, search included. A ranking with intervals is on {doc}`comparison`.
#
# For days instead of levels, `PlaceRegressor` puts the book's network in the place of the trees: it takes the long table, and rows of a station stay together in every one of these folds ({doc}`../api`).
#
# ## Exercises
#
# ````{admonition} Exercise: a leak without a label
# :class: exercise tip
# Somebody computes GeoCLIP's eight components over all stations first, and then cross-validates. No PM2.5 was used. Is it a leak?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Of no label, but of places: the components suit the tested stations too. On a map, where all places are known beforehand, one may do so, and must say so. In a pipeline it cannot happen unseen.
# ````
#
# ````{admonition} Exercise: which folds inside?
# :class: exercise tip
# You want a map between your stations, and score with `NearestNeighbourMatched` (`knndm`). Which folds should the search use?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Those that ask the same: `NearestNeighbourMatched` again, towards the same places. Blocks would choose for regions without stations, random rows for neighbours nearer than your map has them.
# ````
