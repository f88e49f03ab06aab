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
from IPython.display import display

from placeprior import evidence
from placeprior.book import figures, results
from placeprior.book import placeness as page
from placeprior.book.tables import captioned

figures.style()
origin = f"profile {profile}, embedded world"

# %% [markdown]
# # Negative and positive controls
#
# ```{goals}
# :needs: {doc}`world`, {doc}`splits`, {doc}`scores`
# say what a negative and a positive control can show, and what not
# count false alarms, and give their share an exact interval
# ```
#
# ```{answer} placeness-none placeness-double placeness-coordinates
# :question: Is a gain found where there is none, and is one seen where there is?
# There is no false alarm: at placeness 0, GeoCLIP is clearly better in {val}`claims.placeness-none.demo.clear:.0f` of {val}`claims.placeness-none.demo.of:.0f` worlds. But the positive control fails too: at 2, GeoCLIP changes R² at new stations by {val}`claims.placeness-double.demo.difference:+.3f` ({val}`claims.placeness-double.demo.low:+.3f` to {val}`claims.placeness-double.demo.high:+.3f`) and coordinates by {val}`claims.placeness-coordinates.demo.difference:+.3f` ({val}`claims.placeness-coordinates.demo.low:+.3f` to {val}`claims.placeness-coordinates.demo.high:+.3f`). **With two trainings, tested on a tenth of the stations, an effect of place that is there goes unseen.**
# ```
#
# ## The knob
#
# It is called **placeness**, $p$. The same weather makes more PM2.5 at one place than at another, because of its people, its basin, its climate; each of these factors is
# raised to the power $p$, and divided by a fixed formula that keeps the level about where it was ({doc}`world` has all of it).
#
# - $p = 0$: every factor is one. What is told about a place has no effect of its own: a **negative control**.
# - $p = 1$: the world of the other chapters.
# - $p = 2$: factors are squared, and telling the place should pay: a **positive control**.
#
# Weather, smoke, the hidden air, stations and random numbers stay the same; the project's tests compare them number by number.

# %%
from placeprior.evidence import placeness

# R² of each arm minus that of none+head, in every world
worlds = placeness.turned(profile, split="spatial")
# those in which nothing but the knob differs
turned = worlds[worlds["task"].isin(placeness.line(profile))]

# %% mystnb={"figure": {"caption": "Embedded world, new stations: test R² minus that of the same network without a place, on the same rows, against placeness; bars are 95 % intervals over places and trainings. Arms are set a little apart.", "name": "fig-placeness-gain"}, "image": {"alt": "Gain in R² on the vertical axis against placeness on the horizontal axis, one line with markers and intervals for each way of telling the place, around a dashed line at zero."}} tags=["hide-input"]
if results.has(profile, "placeness"):
    fig = page.draw_gains(turned)
    figures.label(
        fig,
        profile,
        n=turned["stations"].max(),
        of="stations at most",
        embedded=True,
        data=page.handed(turned),
    )

# %% tags=["remove-input"]
results.missing(profile, "placeness")

# %% [markdown]
# Coordinates join as channels and bring no head; the line of `none` shows what the head alone does. R² itself does not compare across placeness: another
# $p$ is another truth, with another spread.
#
# ## Nothing to find
#
# One world is one draw of weather, fires and stations, so the negative control has several. If intervals are right and nothing is there, about one in forty lies wholly above zero, and as many below. More lie below: a vector of hundreds of numbers that tells nothing *costs*.

# %%
null = worlds[worlds["placeness"] == 0]
alarms = placeness.clears(null)

# %% tags=["hide-input"]
display(
    captioned(
        page.clears(alarms),
        "Worlds at placeness 0 in which an arm is clearly better or worse than the network without a place. In brackets: exact 95 % interval of the share of the better ones (Clopper and Pearson, 1934). Mean: over worlds, "
        f"with an interval from the spread between them (Student's t). {origin}.",
        "tab-placeness-null",
    )
    if len(alarms)
    else results.missing(profile, "negative")
)

# %% [markdown]
# ## Between the stations
#
# Test stations stand where people live, and their readings are noisy. In the embedded world the truth is known at every cell, so the maps themselves are scored: every land cell of half a degree, weighed by area, on every fifteenth day.

# %% tags=["hide-input"]
if results.has(profile, "map_error"):
    display(
        captioned(
            page.truth(evidence.read(profile, "map_error")),
            f"RMSE against the truth in {figures.UNIT}, without a place, and the change by each arm with its 95 % interval over squares of the map and trainings, bold where clear; near: within "
            f"{page.NEAR_KM:.0f} km of a training station. World of placeness 1, {origin}.",
            "tab-placeness-truth",
        )
    )
else:
    display(results.missing(profile, "map_error"))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the method behaves where the right answer is known: it sees no gain where none is, though harm, and too little where something is. So an undecided difference elsewhere in this book is no proof that place is worth nothing.
#
# It does not show where the real atmosphere lies on this scale. The knob turns all influences together; a real place may have few that are strong. And a truth that is a smooth formula of towns and hills may flatter an encoder that
# knows towns. Nearest to a negative control for real air are vectors without geography, in {doc}`controls`: they test whether a gain needs geography, not whether it is real.
#
# ## Exercises
#
# ```{admonition} Exercise: how many worlds?
# :class: exercise tip
# How many independent ones without a single alarm are needed before the exact interval lies below 5 %?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With $n$ differences and no alarm, the upper end is $1 - 0.025^{1/n}$. It falls below 0.05 when $n > \ln 0.025 / \ln 0.95$, from 72 on. With a few alarms among them, many more are needed.
# ```
#
# ```{admonition} Exercise: a gain at placeness 0
# :class: exercise tip
# Suppose coordinates gained clearly at placeness 0, in all worlds and with all seeds. Name two ways in which that could happen.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Weather depends on the place: a model that knows the place knows its climate, and can guess predictors that are missing, such as the satellite's view on a cloudy day. And training is short: an input that goes along with a slow pattern of
# the target can speed up learning without adding anything that longer training would not find in the weather.
# ```
