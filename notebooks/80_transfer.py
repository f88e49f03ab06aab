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
from IPython.display import Markdown, display

from placeprior.book import figures, results
from placeprior.book import transfer as page
from placeprior.book.tables import captioned

figures.style()
sources = page.load([real, profile])
origin = " and ".join(dict.fromkeys(own.profile for own in sources)) or profile

# %% [markdown]
# # Will it transfer?
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`prior`
# measure how far two sets of places are apart, by moving one onto the other
# tell whether a distance foretells a loss when pairs share regions
# ```
#
# ```{answer} transfer-foretold transfer-beyond transfer-chosen transfer-union transfer-union-nearest
# :question: Can one say in advance where a model will fail?
# Partly: what is learned in one region serves another the less, the farther apart they are. The loss goes with transport between GeoCLIP's vectors by a rank correlation of {val}`claims.transfer-foretold.aqs.difference:.2f` ({val}`claims.transfer-foretold.aqs.low:.2f` to {val}`claims.transfer-foretold.aqs.high:.2f`) on real measurements and {val}`claims.transfer-foretold.demo.difference:.2f` ({val}`claims.transfer-foretold.demo.low:.2f` to {val}`claims.transfer-foretold.demo.high:.2f`) in the embedded world; whether kilometres between centroids, which need no encoder, foretell it as well is undecided in both. One region chosen by it, not the nearest, is undecided ({val}`claims.transfer-chosen.aqs.difference:+.1f` % RMSE, {val}`claims.transfer-chosen.aqs.low:+.1f` to {val}`claims.transfer-chosen.aqs.high:+.1f`), and harm in the embedded world ({val}`claims.transfer-chosen.demo.difference:+.1f` %, {val}`claims.transfer-chosen.demo.low:+.1f` to {val}`claims.transfer-chosen.demo.high:+.1f`); four in one model are better than four lots ({val}`claims.transfer-union.aqs.difference:+.1f` %, {val}`claims.transfer-union.aqs.low:+.1f` to {val}`claims.transfer-union.aqs.high:+.1f`), and undecided against the four nearest.
# ```
#
# ```{admonition} Where this comes from
# :class: note
# *Source*: GeoSpOT {cite:p}`zhang2026geospot` compares countries of images and texts by optimal transport between location encoders' vectors, and finds that it goes with the loss of transfer. *Faithful here*: its distance, the Sinkhorn variant as published too, and its greedy choice of training regions. *Smaller*: sixteen regions of one
# country instead of dozens of countries, one quantity, networks of some thousand weights. *At full scale* one would have to show the same for many countries and tasks, with kilometres beside it.
# ```
#
# ## Moving one set of places onto another
#
# With a cost $C_{ij}$ of moving place $i$ to place $j$ (kilometres, or one minus the cosine of two vectors), the distance is that of the cheapest plan $P$ that moves all:
#
# $$
# \begin{gathered}
# d(A, B) = \min_{P \ge 0} \sum_{ij} P_{ij} C_{ij}, \\
# P\mathbf 1 = \tfrac1n \mathbf 1, \quad P^\top \mathbf 1 = \tfrac1m \mathbf 1 .
# \end{gathered}
# $$ (eq-transfer)
#
# For a few hundred places it is solved exactly {cite:p}`peyre2019`. The public code divides $C$ by its largest entry, pair by pair. Watch what that does to a box of one degree that moves east:

# %%
import numpy as np
import pandas as pd

from placeprior.space import transport

box = np.random.default_rng(0).uniform([-121, 35], [-120, 36], (200, 2))
moved = {
    degrees: transport.km(box, box + [degrees, 0]) for degrees in (1, 3, 10, 30)
}
scales = pd.DataFrame(
    [
        (
            f"{degrees}°",
            f"{transport.emd(c):.0f} km",
            f"{transport.emd(c) / c.max():.2f}",
        )
        for degrees, c in moved.items()
    ],
    columns=["moved by", "transport", "over own largest"],
)
captioned(
    scales,
    "The same box moved: largest entries that differ from pair to pair erase the distance. No measurements.",
    "tab-transfer-scale",
)

# %% [markdown]
# So costs keep one scale for all pairs here. Regions also have equally many stations, for two small samples of one law are farther apart than two large ones.
#
# ## Who teaches whom
#
# The stations, here of the embedded world ({doc}`world`), are halved across the longer side of the box around them, four times. A model learns in one region; a fifth of *every* region's stations is tested, whoever teaches, so each column of {numref}`fig-transfer-matrix` compares on the same rows.

# %% mystnb={"figure": {"caption": "Top: sixteen regions, and how much larger the RMSE of a network without a place is than that of the region's own model; neighbouring numbers are neighbours. Bottom: the same of one teacher at every tested station, foretold by a line in kilometres that never saw the station's region, and real.", "name": "fig-transfer-matrix"}, "image": {"alt": "A map of stations in sixteen numbered regions; a square of colours, dark near the diagonal; two maps of dots, whose colours change smoothly with distance on the left and roughly so on the right."}} tags=["hide-input"]
from placeprior import data
from placeprior.evidence import transfer
from placeprior.runs import configuration
from placeprior.space.splits import lonlat_of

cube = data.load(
    "world",
    **configuration.profile(profile)["tasks"]["world"].get("options", {}),
)
usable, region = transfer.stations(cube)
shown = next((own for own in sources if own.profile == profile), None)
if shown:
    fig, table = page.draw_matrix(shown, lonlat_of(cube)[usable], region)
    figures.label(
        fig, profile, n=len(usable), of="stations", embedded=True, data=table
    )
else:
    display(results.missing(profile, *page.NEEDED))

# %% [markdown]
# ## Does a distance foretell the loss?
#
# The loss is the logarithm of that ratio. 240 ordered pairs of sixteen regions are not 240 observations: a region that is hard to estimate is hard for all its teachers. So chance is what comes out when the regions' names are dealt again, in rows and columns together {cite:p}`mantel1967`, and intervals draw regions.

# %%
from placeprior.evidence import transferability

if shown:
    lost = transferability.losses(shown.pairs, "none+head")
    km, clip = (
        transferability.apart(shown.pairs, name)
        for name in ("centroids", "geoclip")
    )
    found = transferability.judge(lost, clip, km, np.random.default_rng(0))
    print(
        "rank correlation {spearman:.2f} ({low:.2f} to {high:.2f})".format(
            **found
        )
    )
    print(
        "its spread by chance {chance:.3f}, naive {naive:.3f}".format(**found)
    )

# %% tags=["hide-input"]
Markdown("\n\n".join(page.sentences(own) for own in sources))

# %% mystnb={"figure": {"caption": "Rank correlation of every distance with the loss, by model; 95 % interval over draws of regions for the network without a place (filled). Band: regions dealt again, mean ± 2 standard deviations.", "name": "fig-transfer-correlations"}, "image": {"alt": "Rows of distances grouped by what they read; markers of most distances lie around one half, those of random vectors, shuffled vectors and number of rows at zero."}} tags=["hide-input"]
if sources:
    fig, table = page.draw_correlations(sources)
    embedded = all(own.embedded for own in sources)
    note = "" if len(sources) == 1 else "embedded world: simulated"
    figures.label(
        fig,
        origin,
        n=240,
        of="pairs of regions",
        embedded=embedded,
        note=note,
        data=table,
    )
else:
    display(results.missing(profile, *page.NEEDED))

# %% [markdown]
# *MMD*, maximum mean discrepancy, compares without moving. *Random waves* know nothing but that near places are alike, and *shuffled GeoCLIP* has its vectors at wrong places: between the two lies what content may add to nearness.
#
# ## Whom to learn from
#
# With a budget of one, two or four regions: the nearest, those whose union is moved onto the target most cheaply (greedily), or drawn lots? Several regions are judged by the mean of their models' estimates; for every third target, also by one model of their union.

# %% mystnb={"figure": {"caption": "RMSE in a region that was not learned from, over its own model's, against the number of regions chosen; mean over targets and models. *One model*: trained on the union.", "name": "fig-transfer-choosing"}, "image": {"alt": "Lines that fall with the number of regions: lots far above nearest centroids and all transport distances, which lie close together above the best choice."}} tags=["hide-input"]
if sources:
    fig, table = page.draw_choices(sources)
    figures.label(
        fig,
        origin,
        n=16,
        of="targets",
        embedded=embedded,
        note=note,
        data=table,
    )
else:
    display(results.missing(profile, *page.NEEDED))

# %% tags=["hide-input"]
Markdown("\n\n".join(page.together(own) for own in sources))

# %% tags=["hide-input"]
display(
    captioned(
        page.compared(sources),
        "Change of RMSE, %, by choosing one or four regions one way instead of another; 95 % interval over targets (*one model*: every third, one arm, one training), bold where clear. "
        f"Profiles {origin}.",
        "tab-transfer-choosing",
    )
    if sources
    else results.missing(profile, *page.NEEDED)
)

# %% tags=["remove-input"]
results.spent("transfer", "together", profiles=[real, profile])

# %% [markdown]
# ## What this does not show
#
# Regions of one country differ in little that their distance does not tell. Between countries, an encoder may know what kilometres do not.
#
# ## Exercises
#
# ```{admonition} Exercise: your own network
# :class: exercise tip
# Write the places of two networks into tables with the columns `lon, lat`, and run `placeprior distance mine.csv theirs.csv`, then with `--encoder geoclip`. Which other pair of networks is as far apart by the first and not by the second?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example two cities, and a city and the countryside as many kilometres away: an encoder that knows cities finds the first pair more alike.
# ```
#
# ```{admonition} Exercise: too many pairs
# :class: exercise tip
# In the numbers printed above, compare *chance* and *naive*, the spread of correlations when names of regions and when single losses are shuffled. Which test would find more, and wrongly?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Single losses: their null is narrower, because shuffling destroys what pairs with a common region share, and that sharing alone can line up with a distance.
# ```
