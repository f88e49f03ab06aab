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
simulated = "demo"

# %% tags=["remove-cell"]
from IPython.display import Markdown

from placeprior.book import figures
from placeprior.book.intervals import alarms_table, coverage_table, draw_coverage
from placeprior.book.tables import captioned
from placeprior.book.words import rule

figures.style()

# %% [markdown]
# # Do the intervals hold?
#
# Every table of this book that says *better* or *worse* rests on one interval ({doc}`../concepts/scores`). An interval that is too narrow finds
# differences that are not there, and nobody notices: a difference always looks like one. So the interval itself is put to two tests
# here. The first is simulated, where the truth is known. The second sets an arm against itself, in the embedded world and on
# real measurements, where the truth is zero.

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# ## Where the truth is known
#
# Errors are made up for two models at the places of real stations or of those of the embedded world. Neighbouring stations err alike, over a
# short distance or a long one; one of the models is a little better; and each training of either has a luck of its own, part of it
# the same everywhere and part of it different from place to place. From such errors the interval is computed exactly as on all other
# pages: it does not know how far errors are alike, nor how large the luck of training is. This is repeated with other places and other luck, and
# counted: how often does the interval hold the true difference?
#
# Beside it stands what a simpler interval does, in which each station is a piece of evidence of its own and training has no
# luck: the usual bootstrap over stations.

# %%
from placeprior import evidence

found = evidence.read(simulated, "coverage")

# %% mystnb={"figure": {"caption": "How often a 95 % interval holds the true difference of R², in simulations: the interval of this book (filled markers) and one that takes stations for independent and training for exact (hollow), by number of seeds. One panel a number of stations and a distance over which errors are alike; circles where training differs little, squares where it differs more than places do. Dashed: 95 %.", "name": "fig-intervals-coverage"}, "image": {"alt": "Four panels with the number of seeds across and the share of intervals that hold the truth up. Filled circles and squares lie near the dashed line at 95 per cent; hollow ones lie far below it."}}
fig = draw_coverage(found)
_ = figures.label(fig, simulated, n=int(found["replicates"].sum()), of="simulated differences", embedded=True)

# %%
captioned(
    coverage_table(found),
    f"Share of 95 % intervals that hold the true difference of R²; {int(found['replicates'].iloc[0]):,} simulated differences a row. *Training / places*: the standard "
    "deviation of a single fit between trainings, beside that between places. With one seed, the noise of training comes from other differences.",
    "tab-intervals-coverage",
)

# %% [markdown]
# What an interval pays for holding is width: an honest one is often several times as wide as one that looks at stations alone, and fewer differences are
# clear.
#
# ## An arm against itself
#
# The network without a place is trained with six seeds. Two of them, taken together, are then compared with two others, in every way in which this can be
# done, as if they were two arms. Nothing differs but the luck of training, so each difference that is called clear is a false alarm. The same with the extra
# head (`none+head`). If the interval is right, at most about one in twenty is clear. It may well be fewer, since what differs between two
# trainings at one place and not at another is counted twice, once with the places and once with the trainings.

# %%
from placeprior.evidence import against_itself

alarms = against_itself.alarms(against_itself.committed(profile, real))

# %%
captioned(
    alarms_table(alarms),
    "Differences of test R² of an arm to itself, two seeds against two others; arms `none` and `none+head` together. Pairs share trainings, so they are not that many "
    "independent trials.",
    "tab-intervals-aa",
) if len(alarms) else Markdown("*The runs for this test have not been made yet.*")

# %% [markdown]
# And all rows together, where one in twenty may be clear:

# %%
alarms[["pairs", "clear"]].sum().to_frame("all rows").T

# %% [markdown]
# ## What this shows, what it does not
#
# The interval speaks of other monitors in the same country and of other trainings of the same network, in the same year. It does not know of another year, another
# simulated world, other settings of the network, or a pretrained encoder trained anew. Where blocks must be large because errors are alike over long distances, few are left, and the
# interval becomes wide: that is not a fault of the interval but a sign that one country is little evidence.
#
# ```{admonition} Exercise: what another seed is worth
# :class: exercise tip
# Let the variance of a difference be $P$ from places and $T/S$ from trainings, with $S$ seeds. For which $S$ does a further seed narrow the interval by less than a tenth, if $T = P$?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The ratio of widths is $\sqrt{(1 + 1/(S + 1)) / (1 + 1/S)}$, apart from the quantile of $t$. It is above nine tenths from $S = 2$ on; beyond a few seeds only more places help.
# ```
