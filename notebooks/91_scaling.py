# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"
simulated = "demo"

# %% tags=["remove-cell"]
from placeprior import evidence
from placeprior.book import figures
from placeprior.book import scaling as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # What grows with what
#
# ```{goals}
# :needs: {doc}`model`
# count from a formula how a cost grows
# tell a power of a size from a cost that does not grow with it
# ```
#
# ```{answer} scaling-exponents scaling-width scaling-window
# :question: What do twice as many stations, days, units or cells cost?
# Not always what counting the arithmetic foretells: the exponent farthest off misses by {val}`claims.scaling-exponents.demo.value:.2f` ({numref}`tab-scaling`). Time grows with the units of the network to the power of {val}`claims.scaling-width.demo.value:.2f`, where products of matrices alone would make it two, and with the days of a window to that of {val}`claims.scaling-window.demo.value:.2f`.
# ```
#
# An epoch reads every station-day once, so it should cost $S \cdot T$ times one sample, for $S$ stations and $T$ days. A sample goes through
# layers that read $d$ days one after the other; each reads $n$ numbers into $h$ units with four gates, two ways:
#
# $$
# \underbrace{2}_{\times, +} \cdot \underbrace{2}_{\text{ways}} \cdot \underbrace{4}_{\text{gates}} \cdot\; d \sum_{\text{layers}} h\,(n + h)
# $$ (eq-scaling-sample)
#
# operations. The numbers that a layer reads are the units of the one below, so this is of order $d\,h^2$. A place costs an encoder as much wherever it is, and
# a map has as many cells as a degree's cells squared. If $t = c\,n^a$, then $\log t = \log c + a \log n$: on logarithmic axes the
# exponent $a$ is a slope.
#
# Each size was measured several times on one thread, and the *least processor time* counts: another program that takes the core makes a
# clock run on, but a process that waits is not charged. All inputs are made up, save those of the map, of the embedded world.

# %%
table = evidence.read(simulated, "scaling")

# %% mystnb={"figure": {"caption": "Time against size, both relative to the smallest size, on logarithmic axes; dashed: the expected exponent.", "name": "fig-scaling"}, "image": {"alt": "Six panels: stations, days, window, width, encoder and grid. In each, dots joined by a line rise to the right beside a straight dashed line from the same start."}} tags=["hide-input"]
fig = page.draw(table)
_ = figures.label(
    fig, simulated, n=len(table), of="timings", embedded=True, data=table
)

# %% tags=["hide-input"]
captioned(
    page.slopes(table),
    "Exponents: expected, and least squares on the logarithms with their standard error; processor seconds of the largest size.",
    "tab-scaling",
)

# %% [markdown]
# A slope below the expected one is the mark of something that does not grow: starting a layer, or drawing a batch, is paid a step whatever its size. So a
# narrow network uses a small part of a processor, and several of them fit side by side. A slope above it is the mark of memory: what no longer
# fits into the nearest cache is waited for.
#
# The vectors of a grid's places are computed once and kept, so no map's time here contains them; what a small map takes is largely the same whatever its
# cells.
#
# ## Exercises
#
# ```{admonition} Exercise: a plan
# :class: exercise tip
# From the seconds in {numref}`tab-scaling` (stations: on 60 days), foretell one epoch on 2,000 stations and 17 years of days. Which assumption is the boldest?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Multiply the seconds of the largest number of stations by the ratio of stations and by that of days: both exponents are near one, so about ten minutes. The boldest
# assumption is that all of it still fits into memory, which no slope at these sizes shows.
# ```
#
# ```{admonition} Exercise: a fixed cost
# :class: exercise tip
# Let $t = c_0 + c\,n^2$. What slope do sizes $n$ and $2n$ show if the fixed part is as much as the growing part at $n$? And ten times as much?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With $c_0 = c\,n^2$ time goes from 2 to 5 parts, a slope of $\log_2 2.5 \approx 1.3$; with ten times as much from 11 to 14, of
# $\log_2 (14/11) \approx 0.35$. A slope near zero may hide a square: only larger sizes tell.
# ```
