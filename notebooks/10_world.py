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
from IPython.display import Code, Markdown

from placeprior.book import figures
from placeprior.book import world as page
from placeprior.book.tables import plain

figures.style()
resolution = 1.5 if profile == "smoke" else 0.4

# %% [markdown]
# # The embedded world
#
# ```{admonition} Simulated, not measured
# :class: warning
# Everything on this page, and every figure of this book marked *embedded world*, comes from a simulator. The map is
# real: towns and their populations, the national outline, roughly the mountains. The weather, the fires and the
# chemistry are invented. A score reached here says how a method behaves in a world of this kind; it says nothing
# about the air anybody breathed.
# ```
#
# Why simulate at all? Three reasons. **Truth is known everywhere**, not only at monitors, so that a map can be scored
# between them. **The mechanism is known**, so that one can say what a place *should* tell a model. And **one knob**,
# `placeness`, decides how much the place matters and changes nothing else: at 0 no place makes more PM2.5 of a day
# than another, and a study that still finds a clear winner there has to look for a fault in itself first.
#
# The world sits on the real map for one purpose: an encoder that was trained elsewhere, on photographs of the real
# Earth, can only know real geography. A random field on an empty square would have nothing for it to recognise.

# %% [markdown]
# ## How a day is made
#
# Everything is a function of place $s$ (longitude, latitude) and day $t$, evaluated wherever it is asked for; there
# is no hidden grid. The truth is a sum of four parts,
#
# $$
# y(s,t) = w(s,t)\, e^{\eta(s,t) - \sigma^2/2}\,\bigl[\,B(s,t) + L(s,t) + H(s,t)\,\bigr] + S(s,t),
# $$ (eq-world-sum)
#
# background $B$, local emissions $L$, residential heating $H$ and wildfire smoke $S$, all in µg m⁻³. Rain washes out
# the first three ($w$), and $\eta$ is variation that no predictor shows directly. The table says what each field is
# made of and why it is there.
#
# | field | formula | unit | why |
# |---|---|---|---|
# | random field | $f = \sqrt{2/K}\sum_k \cos(\mathbf k_k\!\cdot\!\mathbf x + \omega_k t + \varphi_k)$ | 1 | air masses: smooth in space (Matérn 3/2), remembered for days (exponential), drifting east |
# | temperature | latitude, height, season, $f_\text{ridge}$, $f_\text{moist}$ | °C | drives heating and the season of the background |
# | humidity | $100\,\mathrm{logistic}(\cdot)$ of aridity, season, $f_\text{moist}$, $f_\text{ridge}$ | % | swells particles, so that a satellite sees more of them |
# | wind | a westerly plus $f_\text{east}$, $f_\text{north}$ | m s⁻¹ | dilutes local emissions; carries smoke |
# | boundary layer height $h$ | $\exp(\cdot)$ of season, aridity, $f_\text{mixing}$, stagnation | m | the depth of air that emissions are stirred into |
# | precipitation $r$ | $(f_\text{moist}, -f_\text{ridge}$ above a threshold$)$ | mm | washes out, $w = 1/(1 + a\,r)$ |
# | staleness $v$ | $V_0 / (h \cdot \text{wind})$ | 1 | inverse ventilation: calm air under a low lid |
# | background $B$ | $b_0 \exp(a\,T')\, F_B(s, T')\, v^{\alpha}$ | µg m⁻³ | secondary particles: more in warm and humid regions, less on high ground |
# | local $L$ | $\ell_0\, F_L(s)\, v^{\gamma}$, with $(\rho/\rho_0)^{\beta}$ in $F_L$ | µg m⁻³ | people emit; a dense city less for each person ($\beta < 1$); basins trap; the source mix differs by region |
# | heating $H$ | $h_0\,[T_0 - T]_+\, F_H(s)\, v^{\epsilon}$ | µg m⁻³ | wood stoves on cold days, worst in basins |
# | place factor $F$ | $\exp\bigl(p\,g(s) - p^2 \sigma_g^2/2\bigr)$ | 1 | what is fixed about a place, to the power of `placeness`, over its mean |
# | smoke $S$ | $\sum$ puffs $\times$ the share that sinks to the ground, the same everywhere | µg m⁻³ | fires in season, mostly western; the heavy tail |
# | hidden $\eta$ | $\sigma\,(\sqrt{q}\,f_\text{regional} + \sqrt{1-q}\;\text{white noise})$ | 1 | transport and chemistry that no predictor shows; alike within some hundred km, gone within days |
# | AOD | $\bigl[k\,(B{+}L{+}H)\,(h{+}h_1)\,\phi(\text{RH})\,R(s)^p + k' S_\text{column} d\bigr](1+\text{noise}) + a_0 + \text{noise}$ | 1 | the satellite sees a column, through humidity growth $\phi$ and a surface/column ratio $R$ that differs by place; NaN under cloud |
# | smoke class | column smoke in four classes, blurred, one lower under some clouds | 0 to 3 | what an analyst draws from space, after NOAA's Hazard Mapping System |
#
# $p$ is `placeness`; $\rho$ is population density, $\rho_0$ a national constant, and the $g$ collect what is fixed about a place: people, aridity, height, basins, and smooth
# *characters* of regions (random fields that never change), each less its national average. **They enter through the factors $F$ and nowhere else**, so that
# at $p = 0$ every factor is one. Smoke, the hidden variation and all chance are the same numbers at any $p$.
#
# The hidden variation has a neighbourhood and a memory, since that of the real atmosphere has. It has no level of a place: no wave of it
# takes longer than a few months, so that its mean over a year is nearly the same everywhere. A vector that tells the place
# can learn nothing from it, save by guessing the day's air from the neighbours'.
#
# The numbers are in the code below, which is the code that ran. They were chosen for sense, and so that the moments of
# daily PM2.5 come near those of real monitors (see *Like reality?* below), before any encoder or network was run on them.

# %% mystnb={"code_prompt_show": "Show the formulas as they ran: PM2.5 and what the satellite sees"} tags=["hide-output"]
import dataclasses
import inspect

import numpy as np
import pandas as pd

from placeprior import coords
from placeprior.data.world import fires, labels, sky
from placeprior.data.world.moments import bands, moments
from placeprior.data.world.simulation import World

shown = (World.truth, sky.weather, fires.puffs)
Code("\n\n".join(inspect.cleandoc(inspect.getsource(function)) for function in shown), language="python")

# %% [markdown]
# ### The knobs
#
# A world is a frozen set of knobs. Two worlds with equal knobs are equal, whoever asks and in whatever order: to the
# last digit on one machine, and up to the rounding of its arithmetic on another. The world of this page:

# %%
from placeprior.runs import configuration

world = World(**configuration.profile(profile)["tasks"]["world"]["options"])
Markdown(page.knob_table(world).to_markdown(index=False))

# %% [markdown]
# ### What a model may see
#
# Only things that change from day to day. Height, population or aridity would name the place, so they are not among
# the inputs: a place enters only through what a variant is told ({doc}`../question`).

# %%
predictors = [(f"`{name}`", unit, text) for name, (unit, text) in labels.PREDICTORS.items()]
Markdown(pd.DataFrame(predictors, columns=["predictor", "unit", "meaning"]).to_markdown(index=False))

# %% [markdown]
# ## The ground
#
# Towns come from [GeoNames](https://www.geonames.org) (CC BY 4.0). The terrain is **stylised**: no elevation file is shipped, so ridges with a Gaussian
# cross-section are laid along the real crests of the main ranges, on a plateau that rises across the Plains. A basin
# is a place lower than the ring of land around it. The feet of all ranges have a little of it, and the Central Valley
# much, without being put in.

# %% mystnb={"figure": {"caption": "What is fixed about a place in the embedded world: stylised elevation, basins, urbanity (log population density, 1 at 3,000 people km⁻²) and aridity. None of these is an input of a model.", "name": "fig-world-ground"}, "image": {"alt": "Four maps of the contiguous US: elevation is high in the west with narrow ranges; basins lie between the western ranges; urbanity marks the cities; aridity splits the country near 100 degrees west."}}
land = coords.Land(resolution)
at_monitors = world.components(world.monitors, np.arange(365))
# The day on which most smoke lies under a clear sky, so that the satellite has something to show.
smoke_day = int(at_monitors.smoke_surface.where(at_monitors.cloudy == 0, 0).mean("place").values.argmax())
winter_day = int(at_monitors.heating.mean("place").values.argmax())
days = world.components(land.places, [smoke_day, winter_day])
fig = page.draw_ground(land, days)
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {resolution}°", embedded=True)

# %% [markdown]
# ## The monitors
#
# Monitors stand near towns, drawn by population to a power below one, and a share of them evenly over the land. As
# with EPA's network, not every monitor reports every day.

# %%
cube = world.cube()
plain(page.monitor_table(cube))

# %% mystnb={"figure": {"caption": "Mean of the true PM2.5 over the year at each monitor of the embedded world.", "name": "fig-world-monitors"}, "image": {"alt": "Map of the monitors as dots coloured by their mean PM2.5; groups of neighbouring monitors are alike, with high and low ones in all parts of the country."}}
fig, ax = figures.subplots(size="map", maps=True)
figures.station_map(ax, world.monitors, at_monitors.pm25_true.mean("time"), "mean PM2.5")
_ = figures.label(fig, profile, n=len(world.monitors), of="monitors", embedded=True)

# %% [markdown]
# ## The year
#
# Smoke comes in summer and in bursts, heating in winter, and the background breathes with the season and the passing
# air masses.

# %% mystnb={"figure": {"caption": "Mean over all monitors of each part of the true PM2.5, day by day, stacked. Dashed lines: the smoke day and the winter day mapped below.", "name": "fig-world-year"}, "image": {"alt": "Stacked areas over the year: background and local emissions throughout, heating at both ends, smoke as spikes from July to October."}}
fig = page.draw_year(at_monitors, pd.to_datetime(days.time.values))
_ = figures.label(fig, profile, n=at_monitors.pm25_true.size, of="station-days", embedded=True)

# %%
plain(page.sizes(at_monitors))

# %% [markdown]
# ## Like reality?
#
# A world that is easier, calmer or more orderly than the atmosphere answers another question. So its moments stand
# beside those of EPA's monitors in two years. The band is the mean of the two years with their standard deviation, a tenth of
# the mean at least, to either side. The rule of the bands was fixed first. The world's constants were then set with the first three draws
# in sight, so these fit better than others would: another draw is another year, and leaves a band here and there. The project's tests hold
# the default world and the mean of the three draws to the bands, and each draw to twice their width.

# %%
seeds = range(world.seed, world.seed + (1 if profile == "smoke" else 3))
real = pd.read_csv(configuration.root() / "results" / "aqs" / "moments.csv", index_col="moment")
simulated = pd.DataFrame({seed: moments(dataclasses.replace(world, seed=seed).cube()) for seed in seeds})
without = moments(dataclasses.replace(world, people=False).cube())
band = bands(real)
inside = simulated.ge(band.low, axis=0) & simulated.le(band.high, axis=0)
print(
    f"{int(inside.values.sum())} of {int(simulated.notna().values.sum())} moments of these draws lie within their bands"
)
plain(page.moment_table(real, simulated, without))

# %% [markdown]
# One table cannot say that a world is real. It says that level, spread, tail, memory and reach are of the right size, and
# that people explain about as little of the mean of a station as they do in reality.
#
# The last column is a second world, `people: false`. There emissions follow a regional character with the spread of population density
# instead of people. Place matters about as much, but whoever knows where the towns are knows nothing of it.

# %% [markdown]
# ## A smoke day and a winter day
#
# The same four parts, mapped on the day with most smoke under a clear sky and on the day of most heating. On the first,
# plumes dwarf all else; on the second, stale air over whole regions does, and within it local sources. The maps show truth, which no monitor network
# sees. The speckle is part of it: a share of the hidden variation has no neighbourhood, and no method can map it.

# %% mystnb={"figure": {"caption": "A smoke day of the embedded world (the day with most smoke under a clear sky): true PM2.5, its four parts, and the satellite's view with its cloud gaps.", "name": "fig-world-smoke-day"}, "image": {"alt": "Six maps of one day in fire season. Smoke plumes dominate the true PM2.5; the satellite map shows the plumes but has large grey gaps under cloud."}}
fig = page.draw_day(land, days.isel(time=0), (60, 15, 12, 6, 60, 0.8))
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {resolution}°", embedded=True)

# %% mystnb={"figure": {"caption": "The day of most residential heating in the embedded world: true PM2.5, its four parts, and the satellite's view.", "name": "fig-world-winter-day"}, "image": {"alt": "Six maps of one cold day. Background and heating are high over whole regions, local emissions in many small spots; there is hardly any smoke; the satellite map has large cloud gaps."}}
fig = page.draw_day(land, days.isel(time=1), (40, 15, 12, 6, 60, 0.3))
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {resolution}°", embedded=True)

# %% [markdown]
# ## What placeness does
#
# The knob raises every place factor to a power. The figure shows each monitor's mean over the year for the same
# weather, the same fires and the same monitors under three settings. At 0 the means differ a little, because the
# *weather* differs from place to place, but a model is told the weather. Above 0 they differ for reasons that only
# the place explains, people among them; at 2 the contrasts are larger than in reality, which makes a test, not a likeness.

# %% mystnb={"figure": {"caption": "Mean true PM2.5 of each monitor over its days without smoke, against its population density, for three settings of placeness. Markers differ as well as colours. At 0 hardly any difference between monitors is left.", "name": "fig-world-placeness"}, "image": {"alt": "Three panels of dots: monitor mean PM2.5 against population density. A narrow flat band at placeness 0, a wide cloud that rises a little at 1, a wider one at 2."}}
worlds = {p: dataclasses.replace(world, placeness=p).components(world.monitors, range(365)) for p in (0.0, 1.0, 2.0)}
fig = page.draw_placeness(worlds)
_ = figures.label(fig, profile, n=len(world.monitors), of="monitors a panel", embedded=True)

# %% [markdown]
# At `placeness = 0` the truth is a function of the day's weather, of smoke and of the hidden variation. The project's tests check this by telling each place that
# it is another, under the same weather, smoke and chance: nothing changes.
#
# That is not quite the same as "a place tells nothing". The weather and the smoke are shown through predictors, and these do
# not show all: the smoke class is coarse, and fires burn in the west. Who knows the place may guess how thick
# the smoke of a class is. How much is that? The share of the variance of PM2.5 at placeness 0 that the class carries
# alone, and together with the quarter of the country:

# %%
still = worlds[0.0]
smoke, seen = still.smoke_surface.values.astype(float), still.smoke.values.astype(int)
quarter = 2 * (still.lon.values > -100).astype(int) + (still.lat.values > 38).astype(int)
total = still.pm25_true.values.astype(float).var()
for told, group in {"smoke class": seen, "class and quarter": 4 * quarter[:, None] + seen}.items():
    means = pd.Series(smoke.ravel()).groupby(group.ravel()).transform("mean")
    print(f"{told:18} {100 * means.var(ddof=0) / total:.1f} %")

# %% [markdown]
# So much, and a little more for whoever knows the place more closely, a place may tell at placeness 0.
#
# ## What is deliberately simplified
#
# - **Terrain** is seven smooth ridges and a plateau. It has the right ranges in the right places, and no valleys
#   narrower than a few tens of kilometres.
# - **Weather** is a handful of independent random fields under a steady drift, not a fluid. Fronts, storms and the
#   sea breeze are missing; coasts have no climate of their own.
# - **People** are towns of at least five thousand, spread over two length scales. There are no roads, power plants or
#   ports; industry is a random field, alike within some tens of kilometres.
# - **Regional characters** (source mix, stoves, column ratio, background level) are smooth random fields. They stand
#   for differences that exist in reality, but they lie where the seed puts them, and no encoder can have read about
#   them. Only population, basins, height and aridity are where they are on the real map.
# - **Smoke** rises, moves and fades as Gaussian puffs at one height, and the same share of it reaches the ground
#   everywhere; there is no night, and no fire is put out by rain.
# - **The smoke class** is cut from the true column, with blur. Real analysts also miss thin smoke over bright ground.
# - **No year looks like 2021.** The dates are nominal.
#
# ## Exercises
#
# ```{admonition} 1. A second seed
# :class: tip
# Make `World(seed=1)` and map its mean PM2.5. What has moved, and what has stayed? Which parts could an encoder
# trained on the real Earth know?
# ```
#
# ```{admonition} Solution
# :class: dropdown
# Fires, weather, monitors and the regional characters have moved; towns, ranges, basins and aridity have stayed.
# Only what stays can be known beforehand. The share of the variance between places that stays is therefore an upper
# bound on what such an encoder can add out of region.
# ```
#
# ```{admonition} 2. Why the product of two?
# :class: tip
# Local emissions are divided by boundary layer height *times* wind speed. Derive this for a box of air over a city
# with a constant source.
# ```
#
# ```{admonition} Solution
# :class: dropdown
# A box of width $W$ along the wind, height $h$, wind $u$, source $E$ per area: in steady state what is emitted leaves
# with the wind, $E W = c\,u\,h$, so $c = E W/(u h)$. The exponent in the code is a little below one, because a city
# is not one box and air from the day before is left over.
# ```
#
# ```{admonition} 3. What AOD can and cannot say
# :class: tip
# Regress true PM2.5 on AOD at the monitors, first alone, then with boundary layer height and humidity, then
# separately in the arid and the humid half. Why do the slopes differ?
# ```
#
# ```{admonition} Solution
# :class: dropdown
# AOD is a column: the same surface value under a higher lid or in damper air gives more of it, so height and humidity
# help. The slopes in the two halves still differ, because the surface/column ratio depends on the place. That
# remainder is what a place could tell. At `placeness = 0` the difference between the halves goes away once height and
# humidity are in.
# ```
#
# ```{admonition} 4. Break the negative control
# :class: tip
# The hidden variation keeps its geography at `placeness = 0`. How could coordinates then win on a random
# split, although the place has no effect of its own?
# ```
#
# ```{admonition} Solution
# :class: dropdown
# The hidden field is smooth in space and time. A model that knows the coordinates and the day of year could interpolate
# between the neighbours' measurements of the same days, which a random split leaves in the training set. It would win
# by interpolation, not by knowing places. Two things stand against it: the field moves within days, much faster than a smooth function
# of the day of year can follow, and it has no level of a place that a vector could keep. Set `SLOWEST` to years in the code, and the second no longer holds.
# ```
