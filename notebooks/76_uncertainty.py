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
import pandas as pd
from IPython.display import Markdown

from placeprior.book import figures, lines
from placeprior.book.tables import captioned
from placeprior.book.uncertainty import ensembles, named, promised

figures.style()
LEVEL = 0.9  # that the figure is about


# %% [markdown]
# # How sure is an estimate?
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`comparison`
# put an interval around any model's estimates, with days of one station counted as one vote
# say when its promise holds, and when it is void
# ```
#
# ```{answer} intervals-between-stations intervals-cover-stations intervals-in-regions intervals-cover-regions
# :question: How often do intervals that promise nine tenths keep their promise?
# In the embedded world they cover {val}`claims.intervals-cover-stations.demo.value:.0%` of the days at new stations, as promised, for those are drawn like the stations set aside. In new regions nothing is promised, and they cover
# {val}`claims.intervals-cover-regions.demo.value:.0%` on average over arms at 16° by luck: one half of the checkerboard has intervals that are too wide, the other too narrow ones. They fail worst where raw coordinates are told, from one half of the country to the other ({numref}`fig-uncertainty`). Real measurements were not asked.
# ```
#
# Two things are asked, of the embedded world so far: what the **mean over seeds** gains over one network, and whether **conformal intervals** cover as often as they promise.
#
# Split conformal prediction {cite:p}`vovk2005,lei2018` needs no model of the error. Set some stations aside, look at how far
# the estimates are off there, and put that much on both sides of every estimate. Days of one station are not independent, so
# each of the $K$ stations set aside has *one vote*, shared by its $n_k$ rows, and the new station has one too
# {cite:p}`dunn2023,lee2023`:
#
# $$
# \hat q = \inf\Bigl\{ q : \sum_{k=1}^{K} \frac{1}{K+1}\,\frac{\#\{i : |e_{ki}| \le q\}}{n_k} \ge 1-\alpha \Bigr\},
# \qquad \hat y \pm \hat q .
# $$ (eq-uncertainty-conformal)
#
# Then a day at a new station is covered with probability at least $1-\alpha$, **if the new station is like those set aside**.
# Within regions it is, for they were drawn alike. Out of region it is not, and the promise is void: how much is left of it
# is what this page measures. On `checkerboard-16+regions` the stations set aside are whole regions, so that they are nearly as
# far from the training stations as the test is.

# %%
from placeprior import evidence
from placeprior.arms import with_arm

kept = {
    name: evidence.read(name, "uncertainty")
    for name in (real, profile)
    if evidence.path(name, "uncertainty").is_file()
}
tables = {name: with_arm(table) for name, table in kept.items()}

# %% tags=["hide-input"]
missing = [name for name in (real, profile) if name not in tables]
Markdown(
    "\n".join(
        f"*No such table is in `results/{name}` yet.*" for name in missing
    )
)

# %% [markdown]
# ## The mean over seeds
#
# The seeds of an arm differ in their start and in the order of their rows. The mean of their estimates has a smaller error
# than they have on average, by exactly their variance about it {cite:p}`krogh1995`. It costs as many trainings as there are
# seeds.

# %% tags=["hide-input"]
Markdown(
    "\n\n".join(
        captioned(
            ensembles(table),
            f"Test R² of the mean over seeds ({'–'.join(map(str, sorted({table['seeds'].min(), table['seeds'].max()})))} a cell) and, in brackets, its gain over a single seed; means over folds; profile {name}.",
            f"tab-uncertainty-ensemble-{name}",
        ).data
        for name, table in tables.items()
    )
)

# %% [markdown]
# ## Coverage and width
#
# Intervals are put around the mean over seeds. Coverage is the share of a station's days that lie within their interval, on
# average over test stations.


# %% mystnb={"figure": {"caption": "Coverage (left) and width (right) of conformal intervals that promise 90 %, one row a split and fold; markers are arms, bars 95 % intervals of the coverage over blocks of the map. Dashed: what was promised. Left of it intervals are too narrow for their promise. A width that no calibration bounds (too few stations set aside) is not drawn.", "name": "fig-uncertainty"}, "image": {"alt": "Rows of two panels, one row for each profile. Left, coverage by split with a marker for each arm around a dashed line at nine tenths; right, the width of the intervals by split."}} tags=["hide-input"]
if tables:
    fig, axes = figures.subplots(
        len(tables),
        2,
        size=(6.4, 1 + 3.4 * len(tables)),
        sharey="row",
        squeeze=False,
    )
    for row, (name, table) in zip(axes, tables.items(), strict=True):
        arms = lines.covered(row, table[table["level"] == LEVEL], LEVEL, named)
        row[0].set_title(f"profile {name}")
    figures.legend_above(fig, arms)
    count = max(table["stations"].max() for table in tables.values())
    _ = figures.label(
        fig,
        " and ".join(tables),
        n=count,
        of="test stations at most",
        embedded=real not in tables,
        note=f"{profile}: embedded world (simulated)"
        if len(tables) > 1
        else "",
        data=pd.concat(
            {
                name: table[table["level"] == LEVEL]
                for name, table in tables.items()
            },
            names=["profile"],
        ),
    )
else:
    _ = figures.nothing("Coverage", profile, embedded=True, of="table")

# %% tags=["hide-input"]
Markdown(
    "\n\n".join(
        captioned(
            promised(table, LEVEL),
            f"Coverage of conformal intervals and, in brackets, their width in {figures.UNIT}, by what they promise; means over arms and folds; profile {name}.",
            f"tab-uncertainty-coverage-{name}",
        ).data
        for name, table in tables.items()
    )
)

# %%
from placeprior.evidence.uncertainty import shortfalls

short = (
    pd.concat(
        {name: shortfalls(table, LEVEL) for name, table in tables.items()},
        names=["profile"],
    )
    if tables
    else pd.DataFrame()
)

# %% tags=["hide-input"]
regimes = {"WR": "within region", "OoR": "out of region"}
words = {
    "less": f"clearly less than {LEVEL:.0%}",
    "more": "clearly more",
    "of": "of arms and folds",
}
captioned(
    short.rename(index=regimes)
    .rename(columns=words)
    .reset_index(names=["profile", "test"])
    .astype(str),
    "How many intervals, calibrated as usual, cover less or more often than they promise; those without a bound do not count.",
    "tab-uncertainty-verdict",
) if len(short) else Markdown(
    "*No width has a bound: too few stations were set aside.*" if tables else ""
)

# %% [markdown]
# Here *clearly* speaks of other test stations, with these networks and widths: the interval of the coverage over blocks of the map does not hold
# what was promised. Another draw of the stations set aside would give other widths.
#
# ```{quiz} A model's intervals promise 90 % and cover 90 % of all test days. What do you know about days with smoke?
# - [ ] They are covered nine times in ten | the promise is about all days together, not about a kind of day
# - [x] Nothing that was promised | one width for all days covers clean days too often and, most likely, smoke too seldom
# - [ ] They are never covered | nothing says so
# ```
#
# ## Exercises
#
# ```{admonition} Exercise: one width for all days
# :class: exercise tip
# An interval of this kind has the same width on a clean day and in smoke. On which days does it cover too seldom?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# On those with smoke: errors grow with the level, and the promise is about all days together. Dividing the residuals by a
# prediction of their size before ranking them, and multiplying back, would make the width follow it; the promise stays the
# same.
# ```
