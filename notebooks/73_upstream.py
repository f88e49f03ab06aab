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
import torch
from IPython.display import display

from placeprior.book import figures, results
from placeprior.book import upstream as page
from placeprior.book.tables import captioned

figures.style()
# as the runs do; more threads only wait for each other while runs are being made
torch.set_num_threads(1)

# %% [markdown]
# # Photographs or satellite scenes?
#
# ```{goals}
# :needs: {doc}`place`, {doc}`prior`, {doc}`scores`
# say why a difference between GeoCLIP and SatCLIP cannot be put down to one thing
# design a pair of encoders that differ in one thing only
# take scores apart into what a basis and what a corpus adds
# ```
#
# ```{answer} upstream-read upstream-photographs upstream-training upstream-satclip
# :question: Would photographs teach an encoder more about a place than satellite scenes?
# In three pairs of one architecture each, every encoder trained once, vectors trained on photographs tell more about mean PM2.5 in unseen regions: the R² of a probe is higher by {val}`claims.upstream-read.aqs.difference:.2f` ({val}`claims.upstream-read.aqs.low:+.2f` to {val}`claims.upstream-read.aqs.high:+.2f`). These photographs come from the United States, so the view and the country are not told apart. Whether the network gains has not been run.
# ```
#
# ## Two encoders that differ in everything
#
# GeoCLIP and SatCLIP are both **contrastive**: trained to match an image with its place ({doc}`place`). GeoCLIP's images are photographs, SatCLIP's are taken from orbit. In the study GeoCLIP did better, and its authors are reported
# (second-hand) to explain this by the **upstream corpus**: photographs show places where people are, as people see them, and so do monitors {cite:p}`karimzadeh2025`. But the two differ in basis, width, number of images, loss and resolution too.
#
# This page holds the rest fixed: published encoders of *one* architecture, trained on two corpora {cite:p}`wu2024torchspatial`, and the same architecture with **random weights**.
#
# :::{table} The two corpora.
# :name: tab-upstream-corpora
#
# | | fMoW | YFCC |
# |---|---|---|
# | name | Functional Map of the World {cite:p}`christie2018` | YFCC100M-GEO100 {cite:p}`tang2015` |
# | an image is | a satellite scene | a photograph on Flickr |
# | classes | 62 uses of land | 100 everyday things |
# | images | some 363,000 to train with | 88,986 in all |
# | from | all continents | the United States |
# :::
#
# They were trained as **class priors** {cite:p}`macaodha2019`, to say which classes are likely at a place before the image is looked at: with $e(x)$ the vector of place $x$ and $w_c$ one for each class,
#
# $$
# p(c \mid x) = \mathrm{logistic}\bigl(w_c \cdot e(x)\bigr).
# $$ (eq-upstream-prior)
#
# Nothing is contrasted, so these are no stand-ins for SatCLIP. A pair is exact where its two files differ in nothing but the corpus:

# %%
from placeprior.evidence import facts, families, upstream

pairs = facts.pairs()  # architecture: settings in which its two files differ
exact = facts.exact()
print("exact:", ", ".join(exact))
print(
    "confounded:",
    "; ".join(
        f"{base} ({', '.join(unlike)})"
        for base, unlike in pairs.items()
        if unlike
    ),
)

# %% [markdown]
# ## What the vectors know
#
# A ridge regression reads facts about held-out monitors from the vectors ({doc}`prior`); random weights are drawn three times.

# %%
places = facts.measured(real, "weather-2019")
places = (
    places.iloc[::3].reset_index(drop=True) if profile == "smoke" else places
)
vectors = [f"{base}-{how}" for base in exact for how in facts.TRAINED]
read = upstream.probed(
    places, vectors, (facts.OOR, facts.WR), seeds=1 if profile == "smoke" else 3
)

# %% mystnb={"figure": {"caption": "Real monitors: R² of a fact read from vectors trained on photographs (YFCC) minus R² from the same architecture trained on satellite scenes (fMoW) or on nothing; the exact pairs (pale), their mean (diamond) and its 95 % bootstrap interval over blocks of 500 km. Test places lie in held-out cells of 16°. Terrain is the embedded world's.", "name": "fig-upstream-probes"}, "image": {"alt": "Two panels with one row a fact: population density, stylised terrain, closeness to a city, mean PM2.5; three pale marks named in the legend, a diamond and a bar each, around a dashed line at zero."}} tags=["hide-input"]
if read.targets:
    fig, table = page.draw_probes(read, exact, facts.OOR)
    figures.label(
        fig, real, n=len(places), of="monitors", embedded=False, data=table
    )
else:
    display(results.missing(real, "core"))

# %% [markdown]
# ## What the network gains
#
# The same pairs behind the network, joined by a Hadamard product: the differences that the explanation is about, pair by pair and
# their mean. The weights are frozen; in the last figure they also go on learning with the network. If a prior is only a good place to start, what it is worth must show there.
#
# Let $m_{bc}$ be the mean score of basis $b$ trained on corpus $c$. A **two-way decomposition** {cite:p}`fisher1925` writes it as
#
# $$
# \begin{gathered}
# m_{bc} = \mu + \beta_b + \gamma_c + \delta_{bc}, \\
# \textstyle\sum_b \beta_b = \sum_c \gamma_c = \sum_b \delta_{bc} = \sum_c \delta_{bc} = 0.
# \end{gathered}
# $$ (eq-upstream-twoway)
#
# The **spread** of a part is its root mean square over the cells. It is never negative, so compare it with what differences between single fits would give by themselves.

# %%
from placeprior.evidence.gains import gains

SPLITS = [facts.OOR, facts.WR]
asked = {
    name: task
    for name, task in ((real, "weather-2019"), (profile, "world"))
    if results.has(name, "upstream")
}
found = {
    results.TASKS[task]: gains(name, task).query("split in @SPLITS")
    for name, task in asked.items()
}
loaded = {
    results.TASKS[task]: results.load(name, task, splits=SPLITS)
    for name, task in asked.items()
}

# %% tags=["remove-cell"]
told = {
    "profile": " and ".join(asked),
    "embedded": set(asked.values()) == {"world"},
}
told |= {"note": "embedded world: simulated"} if len(asked) > 1 else {}

# %% tags=["remove-input"]
results.missing(real, "upstream", "upstream-tuned")

# %%
untrained, fmow, yfcc = (
    [families.trained(base, how) for base in exact]
    for how in ("untrained", "fmow", "yfcc")
)
geoclip = [families.GEOCLIP] * len(exact)
questions = {
    "photographs − satellite scenes": (yfcc, fmow),
    "satellite scenes − random": (fmow, untrained),
    "photographs − random": (yfcc, untrained),
    # what class priors reach, not what contrast is worth: all else differs
    "photographs − GeoCLIP": (yfcc, geoclip),
}
answers = {
    title: upstream.answers(own.scores, own.sums, questions)
    for title, own in loaded.items()
}

# %% mystnb={"figure": {"caption": "Differences in test R² between trainings of one architecture: the exact pairs (pale) and their mean (diamond) with its 95 % interval over places and trainings; real measurements first, then the embedded world.", "name": "fig-upstream-questions"}, "image": {"alt": "A panel for each task and split; a row for each difference between trainings with three pale marks, a diamond and an interval around a dashed line at zero."}} tags=["hide-input"]
if answers:
    fig = page.draw_questions(answers, exact)
    figures.label(fig, **told, data=page.handed(answers))

# %% tags=["hide-input"]
spread = {
    title: upstream.two_way(own.scores, own.sums, exact)
    for title, own in loaded.items()
}
table = page.spreads(spread)
if len(table):
    display(
        captioned(
            table,
            "Spread of test R² between bases, between corpora and of both together, and what single fits would give by "
            f"chance; profiles {told['profile']}; embedded world: simulated.",
            "tab-upstream-twoway",
        )
    )

# %% mystnb={"figure": {"caption": "One basis, seven ways, against the network without a place: frozen with random, fMoW or YFCC weights; going on learning from each; and trained with the task. Real measurements first, then the embedded world.", "name": "fig-upstream-ways"}, "image": {"alt": "A grid with a row for each basis and way of training and two columns a task; triangles up are clearly better than the network without a place, triangles down clearly worse, dots undecided."}} tags=["hide-input"]
ways = {
    title: table[table["arm"].isin(upstream.ways())]
    for title, table in found.items()
}
if asked and any(results.has(name, "upstream-tuned") for name in asked):
    fig = figures.signs(ways, "R²")
    figures.label(fig, **told, data=page.handed(ways))
elif asked:
    display(results.missing(real, "upstream-tuned"))

# %% [markdown]
# ## What this does not show
#
# It does not show what *photographs* do as against *satellite scenes*: the corpora differ in classes, number and country too. It does not show what contrast does. And it says nothing of SatCLIP, which may hold more than a prior over uses of land. In the tables of those who
# published the encoders, knowing the place helps both corpora's classifiers by about a percentage point {cite:p}`wu2024torchspatial`: there was not much about places to be learned.
#
# ## Exercises
#
# ```{admonition} Exercise: a fair pair
# :class: exercise tip
# You may train two encoders of your own. Which two would tell what *contrast* is worth, and what must be equal between them? Which two what the *view* is worth?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For contrast: one basis, width, corpus and number of steps; one learns to name the classes of the images, the other to match places with vectors of the same images. For the view: one basis, width and loss; photographs and satellite scenes of the *same*
# places, as many of each, with labels that mean the same or none. In both, several seeds of the upstream training.
# ```
#
# ```{admonition} Exercise: one training is one draw
# :class: exercise tip
# The seeds of the runs repeat the training of the PM2.5 network. What do they *not* repeat, and which way does this err in the intervals?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Each published encoder was trained once; all runs share its luck. So the intervals hold for *these* encoders and are too narrow for the corpora. Three pairs are the only repetition: if they disagree in sign, no effect of the corpus is established.
# ```
