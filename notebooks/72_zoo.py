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

from placeprior.book import families as page
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, gain

figures.style()

# %% [markdown]
# # Every encoder
#
# ```{goals}
# :needs: {doc}`gallery`, {doc}`splits`, {doc}`scores`
# say in which three ways a place vector comes about, and what each knows beforehand
# read a ranking of forty arms without falling for its winner
# compare groups of encoders that differ in one thing
# ```
#
# ```{answer} zoo-new-regions zoo-density zoo-raise zoo-sphere
# :question: Does it matter which encoder tells the place?
# All encoders meet the same network, days, stations and steps; only the vector differs. Whether any helps in new regions, or more than population density does, is asked of all of them at once; each claim stands here with its verdict, and where that is “not run” their runs are not complete.
# ```
#
# ## Three ways to make a vector
#
# - **A formula with a head.** A small network, the *head*, turns the formula's numbers into 256 and is trained with the PM2.5. It knows beforehand nothing but where places lie. Fifteen **bases** are from the literature {cite:p}`wu2024torchspatial`, seven that take the globe for
#   a plane and eight that take it for a sphere; one of our own, from Slepian functions, is made for this country ({doc}`gallery`, {doc}`own`).
# - **Frozen, trained elsewhere.** The vector knows what satellite scenes (fMoW) or photographs (YFCC) at a place look like: GeoCLIP {cite:p}`vivanco2023geoclip`, and bases whose heads others trained ({doc}`upstream`).
# - **Frozen at random.** The **twin** of such a basis: the same formula and head, never trained.
#
# All join by a Hadamard product; coordinates join as channels.
#
# ## All of them

# %%
from placeprior.arms import where
from placeprior.book import results
from placeprior.evidence import families
from placeprior.evidence.gains import matched_gains

# new regions, and new stations between known ones
SPLITS = ["checkerboard-16", "spatial"]


def encoders(profile, task):
    """What each encoder and control adds to the R² of the same network without a place, on both splits."""
    found = matched_gains(profile, task)
    return found[
        found["arm"].isin(families.asked(profile))
        & (found["arm"] != "idw")
        & found["split"].isin(SPLITS)
    ]


asked = {
    name: task
    for name, task in ((real, "weather-2019"), (profile, "world"))
    if results.has(name, "zoo")
}
found = {
    results.TASKS[task]: encoders(name, task) for name, task in asked.items()
}

# %% mystnb={"figure": {"caption": "Every encoder: test R² minus that of the same network without a place, in new regions (left) and at new stations between known ones (right), ranked by the gain in new regions. Filled, with 95 % intervals over places and trainings: the first task of the legend; hollow: the embedded world, where both were run. Bold rows on grey: controls. A number at an edge lies beyond it.", "name": "fig-zoo-every"}, "image": {"alt": "Two panels with one named row an encoder, about fifty rows, ranked from the largest gain in new regions on top; filled markers with intervals and hollow markers around a dashed line at zero; colour and shape tell what the vector is made of."}} tags=["hide-input"]
if found:
    fig = page.draw_every(found)
    figures.label(
        fig,
        " and ".join(asked),
        n=max(table["stations"].max() for table in found.values()),
        of="stations at most",
        embedded=set(asked.values()) == {"world"},
        note="hollow: embedded world (simulated)" if len(found) > 1 else "",
        data=page.handed(found),
    )

# %% tags=["remove-input"]
results.missing(real, "zoo")

# %% [markdown]
# An encoder below `random vector` has done worse than noise, which any random vector is at a new station; one below `population density` worse than two plain numbers. Two encoders whose intervals overlap widely have not been told apart, whatever their order.

# %% tags=["hide-input"]
loaded = {
    results.TASKS[task]: results.load(
        name, task, arms=families.asked(name), splits=SPLITS
    )
    for name, task in asked.items()
}
Markdown(
    page.together(found, {title: own.scores for title, own in loaded.items()})
)

# %% [markdown]
# ## Does a good score at home promise one abroad?
#
# A split within region is cheap. If it ranked encoders as the split out of region does, nothing else would be needed; how far two seeds of one split agree is about the most that two splits can. *Roughness* is how much of a vector has changed a hundred kilometres on.

# %% tags=["hide-input"]
display(
    captioned(
        page.ranks(found, SPLITS),
        f"Spearman's correlation of encoders' gains, {INTERVAL} over encoders: between splits (WR: new stations, OoR: new regions), between two seeds of one, and of the gain in new regions with a vector's roughness; "
        f"profiles {' and '.join(asked)}.",
        "tab-zoo-ranks",
    )
    if found
    else results.missing(real, "zoo")
)

# %% [markdown]
# Where two seeds of a split hardly agree, no rank in it should be quoted. Where they agree and the two splits do not, the splits ask different questions.
#
# ## What do winners have in common?
#
# Groups are easier to tell apart than single encoders. Each row is a difference of group means on the same rows; of **twins** the members are paired, the same formula on both sides.

# %%
plane, sphere = families.of_kind("planar"), families.of_kind("spherical")
geoclip = families.GEOCLIP
groups = {
    "formulas on a sphere − on a plane": families.Group(sphere, plane),
    "trained here − frozen at random, twins": families.twins("", "-untrained"),
    "satellite scenes − frozen at random, twins": families.twins(
        "-fmow", "-untrained"
    ),
    "photographs − frozen at random, twins": families.twins(
        "-yfcc", "-untrained"
    ),
    "photographs − satellite scenes, twins": families.twins("-yfcc", "-fmow"),
    "Slepian, for this country − formulas for the globe": families.Group(
        [families.trained("slepian")], [*plane, *sphere]
    ),
    "GeoCLIP and Slepian − GeoCLIP": families.Group(
        [families.HYBRID], [geoclip], twins=True
    ),
    "GeoCLIP − heads trained on photographs": families.Group(
        [geoclip], families.twins("-yfcc", "-yfcc").first
    ),
}
contrasts = {
    title: families.group_differences(own.scores, own.sums, groups)
    for title, own in loaded.items()
}

# %% tags=["hide-input"]
cells = {
    (
        f"{title.split(',')[0]}: {where(row.split)}",
        f"{row.arm} ({row.first}, {row.second})",
    ): gain(row)
    for title, table in contrasts.items()
    for row in table.itertuples()
}
display(
    captioned(
        page.grid(cells, "groups (members)"),
        f"Difference of mean test R² between groups, {INTERVAL} over places and trainings, bold where clear; profiles {' and '.join(asked)}; embedded world: simulated.",
        "tab-zoo-groups",
    )
    if cells
    else results.missing(real, "zoo", "upstream")
)

# %% [markdown]
# ## What this shows, what it does not
#
# It ranks these encoders for one pollutant in one country, behind one small network. Settings are each author's defaults, tuned by nobody for this task, except one of ours: trained heads learn a hundredth as fast as the rest, because at full
# rate the smoothest formulas moved all places together until every ReLU behind them was 0. That share was chosen by validation loss in the embedded world. Most of these encoders were made for the whole globe, photographs and species: that one does little
# here does not say that it is a bad encoder.
#
# ## Exercises
#
# ```{admonition} Exercise: the winner's curse
# :class: exercise tip
# Forty encoders have the same true gain, each measured with standard error $s$. By how much does the best seem to exceed the truth? What would you do before quoting it?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The largest of forty standard normal numbers is about 2.2 on average: by $2.2\,s$, although nothing differs. Choose the winner on one seed or half of the stations, and quote its gain from the other.
# ```
#
# ```{admonition} Exercise: a twin that wins
# :class: exercise tip
# A head frozen at random scores as high as one trained on satellite scenes. Name two explanations, and a run that would tell them apart.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Either what satellites see says nothing about PM2.5 at these stations, or it does and this head has not learned it at the scale that matters. Ask a probe ({doc}`prior`) what each vector tells about terrain or population, or
# train a head here from the satellite weights and from random ones ({doc}`upstream`).
# ```
