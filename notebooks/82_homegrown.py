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
import torch
from IPython.display import display

from placeprior.book import figures, results
from placeprior.book import homegrown as page
from placeprior.book.tables import captioned

figures.style()
torch.set_num_threads(1)  # as the runs do

# %% [markdown]
# # An encoder from nothing
#
# ```{goals}
# :needs: {doc}`place`, {doc}`gallery`, {doc}`baselines`, {doc}`controls`
# pretrain a location encoder by contrast, in fifty lines
# say which wrong pairs are hard, and how a weight makes a pair harder
# tell what a pretrained encoder knows from what its architecture gives
# ```
#
# ```{answer} homegrown-excess homegrown-deficit homegrown-both homegrown-control homegrown-nearest homegrown-stations homegrown-regions homegrown-training
# :question: Can we pretrain a location encoder ourselves, do semivariograms choose better negatives, and is the result worth anything?
# It can be pretrained in seconds, but whether it finds held-out places any better than looking up the most similar climate is open (the lookup's error differs by {val}`claims.homegrown-nearest.demo.difference:+.0f` km, {val}`claims.homegrown-nearest.demo.low:+.0f` to {val}`claims.homegrown-nearest.demo.high:+.0f`).
# Weights by both tails, the arm that validation chose, change the error by {val}`claims.homegrown-both.demo.difference:+.0f` km ({val}`claims.homegrown-both.demo.low:+.0f` to {val}`claims.homegrown-both.demo.high:+.0f`), which decides nothing; weights on near pairs do harm. Whether it helps the network is undecided throughout (real new stations: {val}`claims.homegrown-stations.aqs.difference:+.3f`, {val}`claims.homegrown-stations.aqs.low:+.3f` to {val}`claims.homegrown-stations.aqs.high:+.3f`).
# ```
#
# **Source**: {cite:t}`chen2025semivariogram`, read at second hand and in its public code. **Faithful**: contrast, the fitted semivariogram, the weights' shape, held-out places. **Smaller**: the climate of a *simulated* country instead of millions of
# photographs, 64 numbers instead of 512, batches without a queue. **At full scale** one would have to show the gain on real images, with the variogram fitted on training images alone.
#
# ## A place and its climate
#
# GeoCLIP learns by **contrast**: of the places of a batch, which one does this image come from? Our “image” is a cell's climate: means of weather, AOD and smoke in each season and their spread, without PM2.5. Blocks of 500 km are held out.

# %%
from placeprior.data.world import World
from placeprior.runs import pretraining
from placeprior.runs.climates import climates

# the encoder itself: 0.5 degrees
known = climates(World(days=365 if profile != "smoke" else 59), resolution=1.5)
print(
    known.climate.shape,
    {part: len(known.rows(part)) for part in ("train", "validation", "test")},
)

# %%
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from placeprior.coords import great_circle_km
from placeprior.encoders.geoclip import equal_earth
from placeprior.network.training import cycle

generator = torch.Generator().manual_seed(0)


class Place(nn.Module):
    """Longitude and latitude -> 64 numbers: projection, random Fourier features, two layers."""

    def __init__(self):
        super().__init__()
        waves = [
            scale * torch.randn(64, 2, generator=generator)
            for scale in (4, 16, 64)
        ]
        self.register_buffer("waves", torch.cat(waves))
        self.head = nn.Sequential(
            nn.Linear(384, 128), nn.ReLU(), nn.Linear(128, 64)
        )

    def forward(self, lonlat):
        angle = 2 * torch.pi * equal_earth(lonlat) @ self.waves.T
        return self.head(torch.cat([angle.cos(), angle.sin()], dim=1))


def info_nce(logits, log_weight):
    """Right pairs on the diagonal; the weight of a wrong pair enters its logit as log w."""
    logits, right = (
        logits + log_weight * (1 - torch.eye(len(logits))),
        torch.arange(len(logits)),
    )
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2


def off(part):
    """Mean distance, km, between a place and the one, of all the land, found for its climate."""
    rows = known.rows(part)
    with torch.no_grad():
        alike = normalize(world(environment[rows])) @ normalize(place(lonlat)).T
    return (
        great_circle_km(known.lonlat[rows], known.lonlat[alike.argmax(1)])
        .diagonal()
        .mean()
    )


torch.manual_seed(0)
lonlat = torch.tensor(known.lonlat, dtype=torch.float32)
environment = torch.tensor(known.environment, dtype=torch.float32)
train = torch.tensor(known.rows("train"))
log_weight = torch.tensor(
    pretraining.weighing(known, "deficit", mean=2.0), dtype=torch.float32
)
place = Place()
world = nn.Sequential(
    nn.Linear(environment.shape[1], 128), nn.ReLU(), nn.Linear(128, 64)
)
temperature, steps = nn.Parameter(torch.tensor(2.66)), 100
print(
    f"before: {off('train'):.0f} km off at training places, {off('test'):.0f} km at test places"
)
descent = cycle(
    [*place.parameters(), *world.parameters(), temperature],
    rate=1e-2,
    steps=steps,
)
for _step in range(steps):
    some = torch.randperm(len(train), generator=generator)[:128]
    rows = train[some]
    cosine = (
        normalize(world(environment[rows])) @ normalize(place(lonlat[rows])).T
    )
    loss = info_nce(temperature.exp() * cosine, log_weight[some][:, some])
    descent.step(loss)
print(
    f"after:  {off('train'):.0f} km off at training places, {off('test'):.0f} km at test places"
)

# %% [markdown]
# ## Which wrong pairs are hard?
#
# Let $D$ be the dissimilarity of two climates and $\gamma(t)$ its mean at distance $t$, a **semivariogram**. Two tails can weigh more:
#
# $$
# \begin{aligned}
# \text{excess} &= \max(0, D - \gamma), \\
# \text{deficit} &= \max(0, \gamma - D).
# \end{aligned}
# $$ (eq-homegrown-tails)
#
# The text of the source seeks negatives that are alike *though far*: a deficit. Its public code weighs near pairs that are *unlike*, an excess, and **multiplies** the logit: a negative logit times $w > 1$ sinks, so the pair gets easier. Here $w$ enters as $l + \log w$. The published range reaches beyond the country; near pairs are those that $\gamma$ was fitted to.

# %%
from placeprior.encoders import contrast

gamma = pretraining.expected(known.unlike, known.km)  # of training places alone
published = contrast.reach(
    gamma, 50, pretraining.LEVEL, pretraining.ANTIPODE_KM
)
print(
    f"range by the published rule {published:,.0f} km; near here: {pretraining.nearby(gamma):,.0f} km"
)

# %% mystnb={"figure": {"caption": "Pairs of training places: dissimilarity of their climates against distance, the fitted semivariogram, and the two tails. Right of the dashed line no pair counts as near.", "name": "fig-homegrown-tails"}, "image": {"alt": "A cloud of points rising with distance around a curve; points above the curve and left of a dashed line in one colour, points below the curve in another."}} tags=["hide-input"]
fig, pairs = page.draw_tails(known, gamma, pretraining.nearby(gamma))
_ = figures.label(
    fig, profile, n=len(pairs), of="pairs of places", embedded=True, data=pairs
)

# %% [markdown]
# ## Does it find places better?
#
# The climate of a held-out place is given; which cell of all the land has the most similar vector? The error is the distance to its own cell. Every arm has the same steps, five seeds and, but for *plain* and *multiplied*, the same mean weight of 2. Controls ask whether *any* weights would do: *even*
# (all pairs), *near* (distance alone), *flat* (a constant for $\gamma$), *shuffled* ($\gamma$ of shuffled places). *Nearest environment* learns nothing: it answers the training place with the most similar climate.

# %% tags=["hide-input"]
from placeprior import evidence

found = (
    evidence.read(profile, "contrast")
    if results.has(profile, "contrast")
    else None
)
if found is None:
    display(results.missing(profile, "contrast"))
else:
    display(
        captioned(
            page.retrieved(found),
            "Distance between a held-out test place and the one found for its climate: mean and standard deviation over five trainings, and difference to plain contrast with its 95 % interval over places and trainings; "
            f"profile {profile}, embedded world (simulated).",
            "tab-homegrown-retrieval",
        )
    )

# %% [markdown]
# What is clear at test places speaks of one thing: more weight on *near* pairs, which *near* gives by distance and *deficit, flat* by likeness, costs accuracy. Near pairs are the false negatives that the source warns of. Expecting more of them (the semivariogram) takes that harm away; it does not clearly gain.
#
# The encoder `homegrown` is the arm with the smallest error on *validation* places, seed 0, trained without the held-out blocks; its stamp:

# %%
from placeprior.encoders import homegrown

print(
    {
        key: told
        for key, told in homegrown.stamp().items()
        if key in ("arm", "seed", "recipe", "again")
    }
)

# %% [markdown]
# ## Is it worth anything downstream?
#
# `homegrown` joins the network like GeoCLIP, beside its twin with the weights *before* the first step. In the embedded world it was taught by the same sky the network sees, test regions included; no PM2.5 was among it. On real measurements it carries a simulated climate over to a real one: a stern transfer.

# %% mystnb={"figure": {"caption": "Test R² minus that of the same network without a place, on the same rows, with 95 % intervals over places and trainings; real measurements first, then the embedded world, as far as they were run.", "name": "fig-homegrown-downstream"}, "image": {"alt": "Panels for each task and split; rows for random waves, GeoCLIP, homegrown and its untrained twin, each a marker with an interval around a dashed line at zero."}} tags=["hide-input"]
from placeprior.evidence.gains import gains

ARMS = [
    "smooth-random-hadamard",
    "geoclip-hadamard",
    "homegrown-hadamard",
    "homegrown-untrained-hadamard",
]
tables = {}
for name, task in ((real, "weather-2019"), (profile, "world")):
    if results.has(name, "homegrown"):
        table = gains(name, task).query(
            "arm in @ARMS and split in ['spatial', 'checkerboard-16']"
        )
        tables |= {
            f"{task}, {split}": part.assign(value=part["difference"])
            for split, part in table.groupby("split", sort=False)
        }
if tables:
    fig = figures.forests(tables, "ΔR² to none+head", reference=0)
    data = (
        pd.concat(tables, names=["task", None])
        .reset_index("task")
        .drop(columns=["apart", "each"])
    )
    alone = (
        profile
        if all(title.startswith("world") for title in tables)
        else f"{real} and {profile}"
    )
    figures.label(
        fig,
        alone,
        n=data["fits"].max(),
        of="fits at most",
        embedded=alone == profile,
        note="world: simulated",
        data=data,
    )
else:
    display(results.missing(real, "homegrown"))

# %% tags=["remove-input"]
results.spent("homegrown", profiles=[real, profile])

# %% [markdown]
# ## Exercises
#
# ```{admonition} Exercise: a weight that works backwards
# :class: exercise tip
# A wrong pair has the logit $-2$ and weight 3. What is its share $e^l$ in the denominator plain, multiplied, and with $\log w$ added?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Plain $e^{-2} = 0.135$; multiplied $e^{-6} = 0.0025$, hardly there; added $3e^{-2} = 0.406$. Only the last is three times as heavy.
# ```
#
# ```{admonition} Exercise: why shuffled is flat
# :class: exercise tip
# Why do *flat* and *shuffled* give nearly the same weights?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Once places are shuffled, dissimilarity does not depend on distance: its semivariogram is a pure nugget at the mean of all pairs, which is what *flat* uses.
# ```
