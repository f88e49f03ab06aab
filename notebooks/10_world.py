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
from IPython.display import Code

from placeprior.book import figures
from placeprior.book import world as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # The embedded world
#
# ```{goals}
# :needs: {doc}`data`
# say which parts a day of the embedded world is made of
# say what its knob, placeness, changes and what it leaves alone
# judge what a score reached in a simulated world can and cannot show
# ```
#
# ```{answer} world-like-epa world-draws world-without-people
# :question: Is the simulated world like the real one?
# Yes, in the statistics of the table, to which it was set: level, spread, tail, memory and reach of the default world lie in the bands of two years of EPA's monitors, and what people explain of a station's mean lies at the bottom edge of its band. Its weather, fires and chemistry are invented: what is found here says how methods behave, not what anybody breathed.
# ```
#
# **Truth is known everywhere**, so that a map can be scored between monitors. **The mechanism is known**, so that one can say what a
# place *should* tell a model. And **one knob**, `placeness`, decides how much place matters and changes nothing else: at 0 a study that
# finds a clear winner should first look for a fault in itself. The world sits on the real map of towns, outline and, roughly, mountains, because an
# encoder trained on photographs can only know real geography.
#
# ## A smoke day
#
# The true PM2.5 of a day is a sum of four parts: background, local emissions, heating and smoke. This is the day with most smoke under a clear sky, and what a satellite sees of it.

# %%
import dataclasses

import numpy as np
import pandas as pd

from placeprior import coords
from placeprior.data.world.simulation import World
from placeprior.runs import configuration

world = World(**configuration.profile(profile)["tasks"]["world"]["options"])
resolution = 0.5  # side of a cell, degrees
land = coords.Land(resolution)

# %% tags=["remove-cell"]
if profile == "smoke":
    resolution, land = 1.5, coords.Land(1.5)

# %%
at_monitors = world.components(world.monitors, np.arange(365))
clear = at_monitors.smoke_surface.where(at_monitors.cloudy == 0, 0)
smoke_day = world.components(
    land.places, [int(clear.mean("place").values.argmax())]
)

# %% mystnb={"figure": {"caption": "A smoke day of the embedded world: true PM2.5, two of its parts, and the satellite's view with its cloud gaps. Truth, which no monitor network sees; the speckle is variation that has no neighbourhood and that no method can map.", "name": "fig-world-smoke-day"}, "image": {"alt": "Four maps of one day in fire season. Smoke plumes dominate the true PM2.5; local emissions are many small spots; the satellite map shows the plumes but has large gaps under cloud."}} tags=["hide-input"]
shown = {"pm25_true": 60, "local": 12, "smoke_surface": 60, "aod": 0.8}
fig = page.draw_day(land, smoke_day.isel(time=0), shown)
fields = page.fields(land, smoke_day.isel(time=0)[list(shown)])
_ = figures.label(
    fig,
    profile,
    n=len(land.places),
    of=f"land cells of {resolution}°",
    embedded=True,
    data=fields,
)

# %% [markdown]
# ## The ground
#
# Towns come from [GeoNames](https://www.geonames.org) (CC BY 4.0). The terrain is **stylised**: ridges along the real crests of the main ranges, on a
# plateau that rises across the Plains. A basin is a place lower than the land around it. None of this is an input of a model: a
# place enters only through what a variant is told ({doc}`../question`). Monitors stand near towns, and a share of them evenly over the land.

# %% mystnb={"figure": {"caption": "What is fixed about a place in the embedded world: stylised elevation, basins, urbanity (log population density, 1 at 3,000 people km⁻²) and aridity.", "name": "fig-world-ground"}, "image": {"alt": "Four maps of the contiguous US: elevation is high in the west with narrow ranges; basins lie between the western ranges; urbanity marks the cities; aridity splits the country near 100 degrees west."}} tags=["hide-input"]
fig = page.draw_ground(land, smoke_day)
fixed = page.fields(land, smoke_day[["elevation", "basin", "urbanity", "arid"]])
_ = figures.label(
    fig,
    profile,
    n=len(land.places),
    of=f"land cells of {resolution}°",
    embedded=True,
    data=fixed,
)

# %% [markdown]
# ## Like reality?
#
# The band of a moment is the mean ± standard deviation of two years of EPA's monitors, at least ± 10 %. The rule of the bands
# was fixed first; the world's constants were tuned while looking at three random draws, before any encoder or network was run. So the table shows a
# calibration, not a test. Another draw is another year, and leaves a band here and there.

# %% tags=["hide-input"]
from placeprior import evidence
from placeprior.evidence import likeness

captioned(
    page.moment_table(likeness.real(), evidence.read("demo", "likeness")),
    "Moments of daily PM2.5: two years of EPA's monitors, the band they make, the embedded world, and a second one without people; bold where outside the band",
    "tab-world-moments",
)

# %% [markdown]
# No table can say that a world is real. In the last column emissions follow a regional character with the spread of population
# density instead of people: place matters rather more, and where the towns are says nothing of it across blocks of the map
# (R² {val}`claims.world-without-people.demo.value:.2f`).
#
# ## What placeness does
#
# The knob raises every place factor to a power: same weather, same fires, same monitors. At 0 the means of monitors differ only
# by weather and smoke, which a model is mostly told; at 2 by more than in reality, which makes a test, not a likeness.

# %%
worlds = {
    p: dataclasses.replace(world, placeness=p).components(
        world.monitors, range(365)
    )
    for p in (0.0, 1.0, 2.0)
}

# %% mystnb={"figure": {"caption": "Mean true PM2.5 of each monitor over its days without smoke, against its population density, for three settings of placeness. At 0 hardly any difference between monitors is left.", "name": "fig-world-placeness"}, "image": {"alt": "Three panels of dots: monitor mean PM2.5 against population density. A narrow flat band at placeness 0, a wide cloud that rises a little at 1, a wider one at 2."}} tags=["hide-input"]
fig = page.draw_placeness(worlds)
means = pd.DataFrame(
    {
        f"placeness {p:g}": page.smokeless(parts).values
        for p, parts in worlds.items()
    }
)
means = means.assign(density=at_monitors.density.values)
_ = figures.label(
    fig,
    profile,
    n=len(world.monitors),
    of="monitors a panel",
    embedded=True,
    data=means,
)

# %% [markdown]
# Even at 0 a place can tell a little: predictors do not show all. The smoke class is coarse, and fires burn in the west. The share of the variance
# of PM2.5 that the class carries alone, and with the quarter of the country:

# %%
still = worlds[0.0]
smoke, seen = (
    still.smoke_surface.values.astype(float),
    still.smoke.values.astype(int),
)
quarter = 2 * (still.lon.values > -100).astype(int) + (
    still.lat.values > 38
).astype(int)
total = still.pm25_true.values.astype(float).var()
for told, group in {
    "smoke class": seen,
    "class and quarter": 4 * quarter[:, None] + seen,
}.items():
    by_group = pd.Series(smoke.ravel()).groupby(group.ravel()).transform("mean")
    print(f"{told:18} {100 * by_group.var(ddof=0) / total:.1f} %")

# %% [markdown]
# ## How a day is made
#
# Everything is a function of place $s$ and day $t$, evaluated wherever it is asked for; there is no hidden grid. The truth is
#
# $$
# y(s,t) = w(s,t)\, e^{\eta(s,t) - \sigma^2/2}\,\bigl[\,B(s,t) + L(s,t) + H(s,t)\,\bigr] + S(s,t),
# $$ (eq-world-sum)
#
# background $B$, local emissions $L$, heating $H$ and wildfire smoke $S$, in µg m⁻³. Rain washes out the first three ($w$), and $\eta$ is variation that no predictor shows.
#
# ```{admonition} Every field and its formula
# :class: dropdown note
#
# | field | formula | unit | why |
# |---|---|---|---|
# | random field | $f = \sqrt{2/K}\sum_k \cos(\mathbf k_k\!\cdot\!\mathbf x + \omega_k t + \varphi_k)$ | – | air masses: smooth in space (Matérn 3/2), remembered for days (exponential), drifting east |
# | temperature | latitude, height, season, $f_\text{ridge}$, $f_\text{moist}$ | °C | drives heating and the season of the background |
# | humidity | $100\,\mathrm{logistic}(\cdot)$ of aridity, season, $f_\text{moist}$, $f_\text{ridge}$ | % | swells particles, so that a satellite sees more of them |
# | wind | a westerly plus $f_\text{east}$, $f_\text{north}$ | m s⁻¹ | dilutes local emissions; carries smoke |
# | boundary layer height $h$ | $\exp(\cdot)$ of season, aridity, $f_\text{mixing}$, stagnation | m | the depth of air that emissions are stirred into |
# | precipitation $r$ | $(f_\text{moist}, -f_\text{ridge}$ above a threshold$)$ | mm | washes out, $w = 1/(1 + w_0\,r)$ |
# | staleness $v$ | $V_0 / (h \cdot \text{wind})$ | – | inverse ventilation: calm air under a low lid |
# | background $B$ | $b_0 \exp(a\,T')\, F_B(s, T')\, v^{\alpha}$ | µg m⁻³ | secondary particles: more in warm and humid regions, less on high ground |
# | local $L$ | $\ell_0\, F_L(s)\, v^{\gamma}$, with $(\rho/\rho_0)^{\beta}$ in $F_L$ | µg m⁻³ | people emit; a dense city less for each person ($\beta < 1$); basins trap; the source mix differs by region |
# | heating $H$ | $h_0\,[T_0 - T]_+\, F_H(s)\, v^{\epsilon}$ | µg m⁻³ | wood stoves on cold days, worst in basins |
# | place factor $F$ | $\exp\bigl(p\,g(s) - p^2 \sigma_g^2/2\bigr)$ | – | what is fixed about a place, to the power of `placeness`, over its mean |
# | smoke $S$ | $\sum$ puffs $\times$ the share that sinks to the ground, the same everywhere | µg m⁻³ | fires in season, mostly western; the heavy tail |
# | hidden $\eta$ | $\sigma\,(\sqrt{q}\,f_\text{regional} + \sqrt{1-q}\;\text{white noise})$ | – | transport and chemistry that no predictor shows; alike within some hundred km, gone within days |
# | AOD | $\bigl[k\,(B{+}L{+}H)\,(h{+}h_1)\,\phi(\text{RH})\,R(s)^p + k' S_\text{column} d + a_0\bigr](1+\text{noise}) + \text{noise}$ | – | the satellite sees a column, through humidity growth $\phi$ and a surface/column ratio $R$ that differs by place; NaN under cloud |
# | smoke class | column smoke in four classes, blurred, one lower under some clouds | 0 to 3 | what an analyst draws from space, after NOAA's Hazard Mapping System |
#
# Each $f$ with a subscript is one such field. $T' = (T - 14)/10$ with the temperature $T$; $\rho$ is population density and $\rho_0$ that of the average monitor; $\phi$ grows with
# relative humidity RH; $d$ is the depth of smoke. $V_0$, $T_0$, $h_1$, all other letters with an index 0 and $a$, $k$, $k'$ are constants; $\alpha$, $\beta$, $\gamma$, $\epsilon$ are constant exponents below one; their values stand in the code.
# ```
#
# $p$ is `placeness`, and the $g$ collect what is fixed about a place: people, aridity, height, basins and smooth regional
# characters. At $p = 0$ every factor is one. The hidden variation has a neighbourhood and a memory, but no level of a place: its
# mean over a year is nearly the same everywhere.

# %% mystnb={"code_prompt_show": "Show the formula of the truth as it ran"} tags=["hide-output"]
import inspect

Code(inspect.cleandoc(inspect.getsource(World.truth)), language="python")

# %% [markdown]
# **Left out on purpose.** Terrain is seven smooth ridges and a plateau. Weather is a handful of random fields under a steady drift: no fronts, no sea
# breeze. People are towns of at least five thousand; no roads, power plants or ports. Regional characters lie where the seed puts them, so no
# encoder can have read about them. Smoke is Gaussian puffs at one height. Dates are nominal.
#
# ## Exercises
#
# ```{admonition} Exercise: a second seed
# :class: exercise tip
# Make `World(seed=1)` and map its mean PM2.5. What has moved, and what has stayed? Which parts could an encoder
# trained on the real Earth know?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Fires, weather, monitors and regional characters have moved; towns, ranges, basins and aridity have stayed. Only these can be known beforehand.
# ```
#
# ```{admonition} Exercise: why the product of two?
# :class: exercise tip
# Local emissions are divided by boundary layer height *times* wind speed. Derive this for a box of air over a city
# with a constant source.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A box of width $W$ along the wind, height $h$, wind $u$, source $E$ per area: in steady state $E W = c\,u\,h$, so $c = E W/(u h)$. The exponent in the code is 0.6: a city
# is not one box, and air of the day before is left over.
# ```
#
# ```{admonition} Exercise: break the negative control
# :class: exercise tip
# The hidden variation keeps its geography at `placeness = 0`. How could coordinates then win on a random
# split, although the place has no effect of its own?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# By interpolating between neighbours' measurements of the same days, which a random
# split leaves in training. Against it stand that the field moves within days and has no level of a place; with `SLOWEST` set to
# years in the code, the second no longer holds.
# ```
