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

from placeprior import evidence
from placeprior.arms import arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book import placeness as page
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, NOTE, gain, listed, looked, rule
from placeprior.errors import StoreError
from placeprior.evidence import map_error, matched, placeness
from placeprior.runs import store

figures.style()
origin = f"profile {profile}, embedded world"

# %% [markdown]
# # Negative and positive controls
#
# Suppose that a method finds a gain from place. Would it also have found one where there is none? And if there is one, how large must it
# be before the method sees it? Real measurements cannot answer either question, since nobody knows how much place matters there. The
# **embedded world** can: it is simulated, and how much place matters is a knob.
#
# The knob is called **placeness**, $p$. In the world ({doc}`world`) the same weather makes more PM2.5 at one place than at another,
# because of its people, its basin, its climate. Each such influence is a factor $f_j(s)$ of the place $s$, and
# the world raises it to the power $p$ and divides by the mean over places, so that the level stays:
#
# $$
# y(s, t) = h(s, t) \sum_i g_i\bigl(\text{weather}(s, t)\bigr) \prod_j \frac{f_{ij}(s)^{\,p}}{\overline{f_{ij}^{\,p}}} + \text{smoke}(s, t)
# $$ (eq-placeness-knob)
#
# - At $p = 0$ every factor is one. Two places with the same weather, the same smoke and the same hidden air $h$ have the same PM2.5. What a model is told about
#   the place has no effect of its own: a **negative control**.
# - At $p = 1$ the world is the one of the other chapters.
# - At $p = 2$ the factors are squared: a **positive control**, where telling the place should pay.
#
# Nothing else changes: same weather, same smoke, same hidden variation, same stations, same random numbers. The project's tests compare
# them number by number.
#
# ## The gain as the knob is turned
#
# Each arm is compared with the same network without a place. For GeoCLIP and the random vectors, whose network has an extra head, that is
# `none+head`; for coordinates, which join as channels, it is `none` ({doc}`controls` says why). Both arms of a pair are scored on the same
# test rows.

# %%
HEAD = "none+head"
knob = placeness.knobs(profile)  # of every world
line = placeness.line(profile)  # worlds in which nothing else differs
scores = with_arm(store.scores(profile))
scores = scores[scores["task"].isin(knob.index) & (scores["arm"] != "idw")]
scores = scores.assign(placeness=scores["task"].map(knob).astype(float))
turned = scores[scores["task"].isin(line) & (scores["placeness"] != 1)]

# %% tags=["remove-cell"]
if turned.empty:
    raise StoreError(
        f"results/{profile} has no runs on worlds of other placeness; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )

# %%
splits, asked = splits_in(turned), arm_order(turned["arm"])
channels = set(turned.loc[turned["fusion"] == "channels", "arm"])
REFERENCE = {arm: "none" if arm in channels else HEAD for arm in asked if arm not in ("none", HEAD)}
arms = list(REFERENCE)
if {"none", HEAD} <= set(asked):
    REFERENCE["none"] = HEAD
scores = scores[scores["arm"].isin({*asked, "none", HEAD}) & scores["split"].isin(splits)]
sums, reach = store.sums(profile), matched.reach(profile, "world")

# %% tags=["remove-input"]
Markdown(rule())

# %%
on_line = scores[scores["task"].isin(line)]
values = sorted(on_line["placeness"].unique())
found = placeness.differences(on_line, sums, REFERENCE, reach=reach)
told = found[found["arm"].isin(arms)]

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place, on the same rows, against placeness. Markers: mean over fits; bars: 95 % interval over places and trainings; pale dots: single fits. Arms are set a little apart so that bars can be told from each other. Left of one place matters less than in the other chapters, right of it more.", "name": "fig-placeness-gain"}, "image": {"alt": "Gain in R² on the vertical axis against placeness on the horizontal axis, one line with markers and intervals for each way of telling the place, around a dashed line at zero."}}
fig = page.draw_gains(told, matched.by_fit(told), "ΔR² to the network without a place")
_ = figures.label(fig, profile, n=told["stations"].max(), of="stations at most", embedded=True, note=NOTE)

# %%
found_rmse = placeness.differences(on_line, sums, REFERENCE, metric="rmse", reach=reach)
in_r2 = page.by_placeness(found, gain, values, against=True)
in_rmse = page.by_placeness(found_rmse, lambda row: gain(row, 2), values, against=True)

# %% tags=["hide-input"]
parts = [
    captioned(
        table,
        f"Test {what} minus that of the arm named under “against”, on the same rows, {INTERVAL} over places and "
        f"trainings, bold where it is clear. Up to {found['fits'].max()} fits a cell; {origin}.",
        f"tab-placeness-{metric}",
    ).data
    for table, what, metric in ((in_r2, "R²", "r2"), (in_rmse, f"RMSE in {figures.UNIT}", "rmse"))
]
Markdown(
    f"{parts[0]}\n\n::::{{admonition}} The same in {figures.UNIT}\n:class: dropdown note\n\n"
    f"Below zero means a smaller error.\n\n{parts[1]}\n::::\n"
)

# %%
r2 = on_line[on_line["metric"] == "r2"]
captioned(
    page.by_placeness(placeness.levels(r2), page.level, values),
    f"Test R² itself, mean over seeds ± their standard deviation; {r2['run'].nunique()} runs, {origin}. "
    "Do not compare columns: another placeness is another truth, with another spread.",
    "tab-placeness-levels",
)

# %% [markdown]
# ### Where does each arm start to win?
#
# *Start* means: the smallest placeness that was run at which the gain is clear, here and at every larger one.

# %%
captioned(
    page.starts(placeness.starts(told)),
    f"The smallest placeness from which on an arm is clearly better than the same network without a place, of "
    f"{listed([f'{value:g}' for value in values])}; between two of these nothing was looked for. {origin}.",
    "tab-placeness-start",
)

# %% [markdown]
# At 0 there is no role of place to find: a gain that starts there has another cause, or is a false alarm. Looked at all together:

# %%
Markdown(looked(told))

# %% [markdown]
# ## The negative control: nothing to find
#
# At $p = 0$ no arm may win. But one world is one draw of weather and stations. So the control uses several worlds without a role for place, which differ in
# weather, fires and stations, and several seeds in each. Every world gives each arm one difference with its interval. If the intervals are right and nothing is there,
# about one in forty lies wholly above zero, and as many below. That they do so where an arm is compared with *itself* is tested in {doc}`intervals`.

# %%
nothing = scores[scores["placeness"] == 0]
null = placeness.differences(nothing, sums, REFERENCE, reach=reach)
shares = placeness.clears(null)

# %% tags=["remove-cell"]
if null.empty:
    raise StoreError(f"results/{profile} has no pairs of runs at placeness 0; `make demo-full` makes those of demo")

# %% mystnb={"figure": {"caption": "The negative control, embedded world at placeness 0: R² minus that of the same network without a place in each world (marker) with its 95 % interval over places and trainings (bar), sorted, one panel an arm. Strong colour: clear. Panels have their own scales.", "name": "fig-placeness-null"}, "image": {"alt": "One panel an arm: a few short horizontal intervals stacked by size around a dashed line at zero; those that do not touch the line are drawn in a strong colour."}}
with_place = null[null["arm"] != "none"]
fig = page.draw_null(with_place)
_ = figures.label(fig, profile, n=len(with_place), of="differences", embedded=True, note=f"placeness 0; {NOTE}")

# %%
captioned(
    page.clears(shares),
    "Worlds at placeness 0 in which the difference to the network without a place is clear. Binomial interval: exact, "
    "95 %, for the share above (Clopper and Pearson, 1934). Mean: over worlds, with a 95 % interval from the spread "
    f"between them (Student's t). {origin}.",
    "tab-placeness-null",
)

# %%
Markdown(f"{page.passed(shares[shares['arm'] != 'none'])} {looked(with_place)}")

# %% [markdown]
# A mean over worlds below zero, interval and all, says that being told a place **harms** where a place has nothing to tell. `none` against
# `none+head` sets two networks beside each other that both know no place: they differ by the head alone.
#
# ## The positive control
#
# The reverse question: when there *is* something to find, is it found?

# %%
captioned(
    page.by_placeness(told, page.verdict, values),
    f"What is said of an arm against the same network without a place, by R²; {origin}.",
    "tab-placeness-power",
)

# %% [markdown]
# ## Against the truth, between the stations
#
# All of the above is scored at test stations, where people live more than elsewhere, and against readings with the noise of an instrument. In the
# embedded world the truth is known at every cell. So the maps themselves are scored: every land cell of half a degree, weighed by its area, on every fifteenth
# day and the last. Write $e(c, t)$ for the error at cell $c$ and day $t$, and $\bar e(c)$ for its mean over the days. Then
#
# $$
# \overline{e^2} = \underbrace{\overline{\bar e^2}}_{\text{between places}} + \underbrace{\overline{(e - \bar e)^2}}_{\text{days}},
# $$ (eq-placeness-parts)
#
# a part that is wrong about the mean of a place and a part that is wrong about its days. Cells are also told apart by whether a training station is
# near. Blocks of the map are left out in turn, as everywhere.

# %%
known = evidence.read(profile, "map_error")
known = with_arm(known[known["split"].isin(splits)].astype({"run": str}))
MAPPED = REFERENCE | {"sincos": "none"}
on_maps = placeness.on_maps(known, MAPPED)

# %% tags=["remove-cell"]
if on_maps.empty:
    raise StoreError(
        f"{evidence.path(profile, 'map_error')} has no pair of an arm and its reference on the splits {splits}; make it "
        f"again with `doit evidence:{profile}:map_error`"
    )

# %%
first = on_maps["world"].min()
home = 1.0 if 1.0 in set(on_maps["placeness"]) else on_maps["placeness"].max()
there = on_maps[(on_maps["placeness"] == home) & (on_maps["world"] == first) & (on_maps["arm"] != "none")]

# %% mystnb={"figure": {"caption": "Embedded world: RMSE against the truth minus that of the same network without a place, on different parts of the map. Markers: mean over fits; bars: 95 % interval over places and trainings. Left of the dashed line telling the place makes the map better. “Within” and “farther away” are distances to the nearest training station; the last two rows split the error of all land into the mean of a place and its days.", "name": "fig-placeness-truth"}, "image": {"alt": "For each way of telling the place, six rows of markers with intervals around a dashed line at zero: test stations, all land, near and far cells, the mean of a place and its days."}}
fig = page.draw_truth(there)
_ = figures.label(fig, profile, n=there["stations"].max(), of="squares of the map at most", embedded=True, note=NOTE)

# %%
by_part = with_arm(map_error.by_part(known))
here = by_part[(by_part["placeness"] == home) & (by_part["world"] == first)]
near = here.loc[here["part"] == "near", "share"].mean()
captioned(
    page.truth(here),
    f"RMSE against the truth in {figures.UNIT}, and R² over all land; means over {here['run'].nunique()} runs at "
    f"placeness {home:g}. Cells within {map_error.NEAR_KM:.0f} km of a training station are {100 * near:.0f} % of the "
    f"land; {origin}.",
    "tab-placeness-truth",
)

# %% [markdown]
# ### As the knob is turned

# %%
over_land = on_maps[(on_maps["piece"] == "map") & (on_maps["world"] == first) & (on_maps["arm"] != "none")]
captioned(
    page.by_placeness(over_land, lambda row: gain(row, 2), sorted(on_maps["placeness"].unique())),
    f"RMSE against the truth over all land, minus that of the same network without a place, in {figures.UNIT}, "
    f"{INTERVAL} over places and trainings, bold where it is clear; {origin}.",
    "tab-placeness-knob",
)

# %%
shares_of_places = placeness.between_places(known).rename(index="{:g}".format)
captioned(
    shares_of_places.map("{:.0%}".format).rename_axis("placeness").to_frame("between places"),
    f"How much of the truth's variance is between places, rather than between days; {origin}.",
    "tab-placeness-variance",
)

# %% [markdown]
# What is left at placeness 0 is weather, which differs from place to place too.
#
# ## Real measurements
#
# There is no such knob for the real atmosphere, and no truth between its monitors. What comes nearest to a negative control there are vectors without
# geography: `random-vector` and `shuffled`, in {doc}`controls`. They test whether a gain needs geography; they cannot test whether a gain that is
# found is real.
#
# ## What this shows, what it does not
#
# It shows how the method of this book behaves where the right answer is known: how often it sees something where nothing is, and how strong place must be before
# each arm gains from it. It shows whether a gain at stations is a gain of the map between them.
#
# It does not show where the real atmosphere lies on this scale. The knob turns all influences of place together, as this world has them; a real
# one may have few that are strong. And a world whose truth is a smooth formula of towns and hills may flatter an encoder that
# knows towns.
#
# ```{admonition} Exercise: how many worlds?
# :class: exercise tip
# Suppose that the true share of false alarms is 2.5 %. How many independent differences without a single one are needed before the exact binomial interval lies below 5 %?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With $n$ differences and no false alarm, the upper end of the two-sided interval is $1 - 0.025^{1/n}$. It falls below 0.05 when
# $n > \ln 0.025 / \ln 0.95$, that is from 72 on. With a few false alarms among them, many more are needed.
# ```
#
# ```{admonition} Exercise: a gain at placeness 0
# :class: exercise tip
# Suppose coordinates gained clearly at placeness 0, in all worlds and with all seeds. Name two ways in which that could happen although place has no role.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The weather depends on the place: a model that knows the place knows its climate, and can guess predictors that are missing, such as the satellite's view on a
# cloudy day, or how thick the smoke of a class is where fires burn ({doc}`world` says how much that is). And the budget of training is small: an input that goes along with a slow pattern of the target can speed up learning
# without adding anything that a longer training would not find in the weather itself.
# ```
