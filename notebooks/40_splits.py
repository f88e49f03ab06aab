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
from IPython.display import Code, display

from placeprior.book import figures
from placeprior.book import splits as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Splits: which one answers which question
#
# ```{goals}
# :needs: {doc}`data`
# say which split answers a question about a map
# compute how far a split's tests are from what a map asks
# find a leak in a list of inputs
# ```
#
# ```{answer} knndm-asks-the-map random-is-nearer blocks-are-farther
# :question: Which split tests at the distances of a map?
# `knndm`, which is built to: its tested stations are about as far from training stations as the land is from monitors. At EPA's monitors a random draw of stations tests too near, and blocks and checkerboards test farther away. Whether a split predicts a map's error is another question. None is the honest one: each answers another.
# ```
#
# ## Nearby things are alike
#
# PM2.5 at two monitors ten kilometres apart is nearly the same number; a thousand kilometres apart it is nearly unrelated. This
# is **spatial autocorrelation** {cite:p}`tobler1970`, commonly summarised by the variogram
#
# $$
# \gamma(h) = \tfrac12\, \mathbb{E}\bigl[\bigl(y(s) - y(s')\bigr)^2\bigr]
# $$ (eq-variogram)
#
# over pairs of places $s, s'$ at distance $h$. It rises with $h$ and levels off at the **range**, beyond which one place says
# nothing about the other. Where mean and variance are the same everywhere, $\gamma(h) = \operatorname{var}(y)\,(1 - \rho(h))$ with the correlation $\rho$, which the figure shows. Days repeat each other too.

# %%
from placeprior.book import results
from placeprior.evidence import distances, record

task = "weather-2019"
# the stations of committed results
monitors = distances.tested_network(real, task)
epa = distances.asked(monitors)
measured = record.read(real, task)

# %% mystnb={"figure": {"caption": "EPA's monitors: how strongly daily PM2.5 at two stations goes together, by their distance (medians of pairs, middle 80 %), and at one station some days later (medians of stations). Coloured marks: the median distance from test to training of each split.", "name": "fig-splits-correlation"}, "image": {"alt": "Left, a curve with a band that falls from about 0.9 for stations a few kilometres apart to zero beyond 1,500 km, with marks of seven splits along the axis. Right, a curve that falls to about 0.2 within three days."}} tags=["hide-input"]
fig = page.draw_redundancy(
    measured["distance"],
    measured["lag"],
    {name: epa.median(name) for name in epa.order if name != "random"},
)
pairs = measured["distance"]
_ = figures.label(
    fig,
    real,
    n=pairs["n"].sum(),
    of="pairs of stations",
    embedded=False,
    data=pairs,
)

# %% [markdown]
# Hold out a tenth of all rows at random. Nearly every held-out station-day has, in training, its own station on the day before and
# its neighbours *on the very day*. A model can score well by remembering. That is what it will do if it fills gaps at monitors; it is
# misleading if the model is meant for places without any.
#
# ## What each split holds out
#
# | split | what is held out | what the model is for | regime |
# |---|---|---|---|
# | `random` | 10 % of station-days | gaps in a monitor's record | WR |
# | `spatial` | 10 % of stations | a place next to the network, such as a city's next street | WR |
# | `knndm` | one of five folds of stations, matched to the map | places as far from monitors as the land is on average | WR |
# | `blocks` | one of five sets of squares, with a buffer | a place at least the buffer away from monitors | OoR |
# | `checkerboard-d` | every other cell of a $d$-degree board | a region without monitors | OoR |
# | `state` | all stations of one state | a state without monitors | OoR |
# | `year-A-B` | 10 % of stations, in year B; learned in year A | another year, at new places | WR |
#
# **Within region (WR)**: a tested place has training stations around it, and the model interpolates. **Out of region (OoR)**: it has
# not, and the model extrapolates. No sharp line divides them; the distance from a tested station to its nearest training station does.

# %%
import numpy as np

from placeprior.space import splits

lonlat = splits.lonlat_of(monitors)
fold = dict.fromkeys(
    (
        "spatial",
        "knndm",
        "blocks",
        "state",
        "checkerboard-8",
        "checkerboard-16",
    ),
    1,
)
# with the most monitors
fold["state"] = int(np.bincount(splits.state_folds(lonlat)).argmax())
drawn = {
    name: splits.split(name, monitors, seed=0, fold=number)
    for name, number in fold.items()
}

# %% mystnb={"figure": {"caption": "Six ways to hold out EPA's monitors, one fold each. In blocks, monitors inside the buffer are in no part and are not drawn. Dashed: the cells of a checkerboard.", "name": "fig-splits-maps"}, "image": {"alt": "Six maps of the contiguous US. Spatial: test stations sprinkled among training stations. kNNDM: small clusters of test stations. Blocks: separate squares with an empty margin. State: all stations of one state. Two checkerboards: every other cell is tested."}} tags=["hide-input"]
fig = page.draw_splits(drawn, lonlat)
parts = {
    name: np.select(
        [part.train.any(1), part.test.any(1)], ["train", "test"], "-"
    )
    for name, part in drawn.items()
}
stations = monitors[["lon", "lat"]].to_dataframe().assign(**parts)
_ = figures.label(
    fig,
    real,
    n=len(lonlat),
    of=f"stations, {task}",
    embedded=False,
    data=stations,
)

# %% [markdown]
# A **checkerboard** colours the map like a chess board. With the south-west corner $(\lambda_0, \varphi_0)$ of the country's bounding box as
# origin, a station at $(\lambda, \varphi)$ lies in
#
# $$
# \begin{aligned}
# & i = \Bigl\lfloor \frac{\lambda - \lambda_0}{d} \Bigr\rfloor, \quad
# j = \Bigl\lfloor \frac{\varphi - \varphi_0}{d} \Bigr\rfloor, \\
# & \text{partition} = \bigl((i + j) \bmod 2\bigr) + 1 .
# \end{aligned}
# $$ (eq-checkerboard)

# %% tags=["hide-input"]
import inspect

Code(inspect.getsource(splits.partition), language="python")

# %% [markdown]
# Each partition is tested once, by a model trained on the other; the two are different questions and are shown apart. Cells are equal in
# degrees, not in area, and no buffer lies between them: both follow the study. Another origin would move every border, and with it
# some scores.
#
# Move the cells' size, and choose the partition that is tested:

# %%
from placeprior import data, evidence
from placeprior.runs import configuration

spec = configuration.profile(profile)["tasks"]["world"]
cube = data.load(spec["load"], **spec.get("options", {}))

# %% tags=["hide-input"]
from placeprior.book import interactive

interactive.checkerboard(cube, results.load(profile, "world"))

# %% [markdown]
# **`blocks`** cuts an equal-area map into squares 500 km wide, as wide as the distance at which the correlation has fallen to half,
# deals them to five folds, and drops every training station within 100 km of a tested one. **`state`** scores each state alone.
# **`year-A-B`** is to be compared with `year-B-B`, which tests the same rows with the same neighbours; only the year learned from differs. A split's name may end in **`@N`**: only N training
# stations are kept ({doc}`law`), or in **`+regions`**: validation is drawn as whole blocks of the map.
#
# ## How far is a test, and how far is a map?
#
# Each cell of a map has a nearest monitor: these distances, $G_\text{map}(r)$, are what the model will have to bridge. Each tested station has a
# nearest *training* station: these, $G_\text{test}(r)$, are what it had to bridge when it was scored. Both are shares of distances up to $r$, and the area between them
# is the **Wasserstein distance**
#
# $$
# W = \int_0^\infty \bigl| G_\text{test}(r) - G_\text{map}(r) \bigr| \, dr ,
# $$ (eq-wasserstein)
#
# in kilometres: how far, on average, the distances of one set would have to be moved to become the other.
#
# **`knndm`**, k-fold nearest-neighbour distance matching {cite:p}`linnenbrink2024`, chooses folds that make $W$ small. Stations are clustered, into a few large
# clusters, many small ones, and all in between; each time the clusters are dealt to five folds and $W$ is computed; the smallest wins.

# %%
world = distances.asked(cube)

# %% mystnb={"figure": {"caption": "Share of tested stations that have a training station nearer than a distance, all folds of each split, and, thick and dashed, share of the land that has a monitor nearer than that. A split's W is the area between its curve and the thick one. Left: EPA's monitors. Right: those of the embedded world.", "name": "fig-splits-distances"}, "image": {"alt": "Two panels of rising curves on a logarithmic axis of distance. In both the curve of kNNDM runs along the thick dashed curve of the land; stations drawn at random lie left of it; blocks, states and checkerboards lie right of it."}} tags=["hide-input"]
fig = page.draw_distances({"EPA's monitors": epa, "embedded world": world})
table = epa.table().assign(network="EPA").reset_index()
note = f"right: embedded world (simulated), {cube.sizes['station']} stations"
_ = figures.label(
    fig,
    real,
    n=len(lonlat),
    of="stations",
    embedded=False,
    note=note,
    data=table,
)

# %% tags=["hide-input"]
made = evidence.read(real, "nearness")
captioned(
    page.distances_table(made[made["task"] == task]),
    "Kilometres from a tested station to the nearest training station, all folds of a split, and from the land to its nearest monitor; real measurements.",
    "tab-splits-distances",
)

# %% [markdown]
# Monitors stand in cities, so most of them have another near by, and most of the land has none. Hold out stations at random, and the test is
# nearer than the map. For monitors spread evenly over the land the two would agree {cite:p}`wadoux2021`. Large cells err the
# other way: their score answers how well the model does in a region that has no monitors at all {cite:p}`roberts2017`.
#
# Matching looks at the *nearest* distance and nothing else: a tested station and a cell of the map at the same distance may differ in climate and traffic.
#
# ## What distance does to a score
#
# Inverse distance weighting (`idw`) only copies its neighbours. A network without location (`none`) copies nothing. Their scores against
# the distance to training separate the two kinds of knowledge.

# %%
from placeprior.evidence import split_scores

found = {}
for title, one, cubed in ((real, task, monitors), (profile, "world", cube)):
    mine = results.load(title, one, "core")
    tested = split_scores.near_and_far(mine.scores, mine.sums, cubed)
    found[mine.title] = split_scores.by_class(tested)

# %% mystnb={"figure": {"caption": "R² of inverse distance weighting and of the network without location, by the distance of a tested station to its nearest training station; all committed splits that hold out stations, mean over seeds. Left: real measurements. Right: embedded world.", "name": "fig-splits-score"}, "image": {"alt": "Two panels of R² by class of distance with two markers a class. The marker of inverse distance weighting is high for near stations and falls with distance; that of the network without location changes less."}} tags=["hide-input"]
fig = page.draw_by_class(found)
by_class = found["weather, 2019"].reset_index()
_ = figures.label(
    fig,
    real,
    embedded=False,
    note="right: embedded world (simulated)",
    data=by_class,
)

# %% [markdown]
# Copying is best close to training stations, and worse than nothing far from them. But far stations are not only far: they stand in empty country, with other weather and less traffic. Part of what looks like an
# effect of distance is an effect of the kind of place.
#
# ## Which split predicts the error of the map?
#
# In the embedded world the truth is known between stations, so a *map* has an error, and a good split predicts it from stations
# alone. The instruments' noise is taken out of the test errors; an estimate that never saw a reading is independent of its noise, so mean squares add up:
#
# $$
# \overline{(\text{estimate} - \text{reading})^2} \approx \overline{(\text{estimate} - \text{truth})^2} + \overline{\text{noise}^2} .
# $$

# %% mystnb={"figure": {"caption": "Embedded world: RMSE against the truth. Markers: at the tested stations of each split. Lines: over all land, of the maps by models of the split spatial. A split whose marker lies on its method's line predicts the error of the map.", "name": "fig-splits-truth"}, "image": {"alt": "Markers of up to three methods for each split, in the order of test distance, and a horizontal line for each method at the error of its map."}} tags=["hide-input"]
if results.has(profile, "distances", "map_error"):
    arms = ["idw", "none+head", "geoclip-hadamard"]
    mine = results.load(
        profile,
        "world",
        "core",
        "controls",
        "distances",
        arms=arms,
        splits=distances.HELD,
    )
    maps = split_scores.map_rmse(profile).reindex(arms).dropna()
    tested = split_scores.without_noise(mine.scores, mine.sums, cube)
    fig = page.draw_map_error(maps, tested, world)
    note = "dotted: the maps"
    _ = figures.label(
        fig,
        profile,
        n=mine.scores["run"].nunique(),
        of="runs",
        embedded=True,
        note=note,
        data=tested,
    )
else:
    display(results.missing(profile, "distances", "map_error"))

# %% [markdown]
# ## Leakage
#
# **Leakage** is information in training or in the inputs that will not exist when the model is used {cite:p}`kaufman2012`. An out-of-region test has many doors for it.
#
# - **Neighbours.** Same-day PM2.5 of nearby monitors, computed once from all of them, hands the model the labels it is tested on. Here it is made anew for
#   every fold from *training* monitors, and a station never sees itself.
# - **Distance.** In training the neighbours are near; in a held-out region they are far, and whatever makes a network trust them less looks like knowledge, a
#   random vector too. So their distance is an input, and in training near neighbours are ignored at random, to leave those as far as a test's.
# - **Scalers.** The mean of a column over all rows contains the test rows. Fit on training rows.
# - **Early stopping** on the test part trains on the test. Here no test row decides when to stop, and the sizes `demo` and `study` stop nothing early.
# - **Static inputs.** Elevation to a decimal, or a station's mean, names a station. Such inputs enter only where a variant says so.
# - **Choices.** Ten configurations tried on the test set, and the best reported, is leakage through the author.
#
# ```{admonition} The rule of this book
# :class: important
# No held-out label reaches an input, a scaler or a statistic. Everything fitted is fitted on training rows.
# ```
#
# ```{quiz} Which split tests at the distances of a national map between EPA's monitors?
# - [ ] `random`, because it uses the most data | its tests stand at monitors, at distance zero
# - [ ] `checkerboard-16`, because it is the hardest | hard is not the question: most land is nearer to a monitor than its tests are to training
# - [x] `knndm` | its tests are about as far from training as the land is from monitors; whether its score predicts the map's error has to be asked too
# ```
#
# ## Exercises
#
# ````{admonition} Exercise: by hand
# :class: exercise tip
# Take $d = 8$ and the origin $(-124.7, 25.1)$. In which partitions do Denver $(-105.0, 39.7)$ and Chicago $(-87.6, 41.9)$ lie, and how far from the nearest border?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Denver: $i = \lfloor 19.7/8 \rfloor = 2$, $j = \lfloor 14.6/8 \rfloor = 1$, so $(3 \bmod 2) + 1 = 2$. Chicago: $i = \lfloor 37.1/8
# \rfloor = 4$, $j = \lfloor 16.8/8 \rfloor = 2$, so 1. Denver lies 1.4°, some 155 km, south of a border, Chicago 0.8°, some 90 km, north of one:
# with monitors just across, "out of region" means little.
# ````
#
# ````{admonition} Exercise: compute W
# :class: exercise tip
# Three tests lie 1, 2 and 3 km from training; three cells of the map 2, 4 and 6 km from monitors. How large is $W$?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# On a line the cheapest way to move one set onto another keeps their order: $W = (|1-2| + |2-4| + |3-6|)/3 = 2$ km, the area between the two curves of shares.
# ````
#
# ````{admonition} Exercise: a yearly mean
# :class: exercise tip
# A model gets a station's mean PM2.5 of the year and is tested on held-out days of the same stations. Which rule
# does it break? Would `spatial` allow it?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The mean contains held-out labels; over training days only, it is clean on `random`. On `spatial` a held-out station has no
# training days: the input cannot exist.
# ````
#
# ````{admonition} Exercise: a buffer
# :class: exercise tip
# Drop from each checkerboard's test all stations closer than 100 km to a training station. What happens in
# {numref}`fig-splits-distances`, and to the kind of place that is tested?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The curves start at 100 km and the tests shrink, most at 8°. What is left stands deep inside cells, mostly
# in thinly populated country.
# ````
#
# ````{admonition} Exercise: another origin
# :class: exercise tip
# Move the origin of the 16-degree board by half a cell to the east. How many of the stations above change their partition? What would you do with the scores?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# `(splits.partition(lonlat - [8, 0], 16) != splits.partition(lonlat, 16)).mean()`: more than half. Each origin is another draw of the same
# question; the spread over origins shows how much hangs on where the lines fall.
# ````
#
# ````{admonition} Exercise: when is a random draw enough?
# :class: exercise tip
# Monitors are drawn evenly over the land, and one in ten is held out. Which of the two distances is
# longer, and why does one in a hundred bring them together?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The tests': only nine tenths of the monitors are left to be near. With $n$ monitors on an area $A$ the mean
# distance to the nearest is $\tfrac12\sqrt{A/n}$, so it is longer by the factor $1/\sqrt{0.9}$, five percent; one in a hundred makes half a percent.
# ````
