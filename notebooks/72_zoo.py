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

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.families import KINDS, collapsed_fits, correlation, draw_both, draw_property, draw_ranked, short
from placeprior.book.tables import CELL, TABLE, captioned, cells, folded, gains
from placeprior.book.words import INTERVAL, NOTE, gain, rule
from placeprior.runs import configuration

figures.style()

# %% [markdown]
# # Every encoder in one table
#
# Many ways have been proposed to turn longitude and latitude into a vector. Here they all meet: the same network, the same days and stations,
# the same number of training steps, the same way of joining (a Hadamard product, {doc}`fusion`; GeoCLIP and the controls also concatenated). Only the vector differs. All are scored
# on the same fits; where an arm has more seeds than others, these are left out. Two
# splits are asked: new stations between known ones (WR, within region), and new stations in cells of 16° of which nothing was seen (OoR, out of
# region; {doc}`../concepts/splits`).
#
# A vector can come about in three ways, and the difference matters more than the formulas:
#
# | how | what is learned with the PM2.5 | what the vector knows beforehand |
# |---|---|---|
# | **formula with a head** | a small network, the *head*, turns the formula's numbers into a place vector of 256 | nothing but where places lie |
# | **frozen, trained elsewhere** | nothing of it | what satellite scenes or photographs at a place look like |
# | **frozen at random** | nothing of it | nothing: the head has the weights it was born with |
#
# The first kind are fifteen **bases** from the literature {cite:p}`wu2024torchspatial`, seven that take the globe for a plane and eight that take it
# for a sphere, and one of our own for this country, from Slepian functions. {doc}`gallery` draws them and {doc}`own` explains ours. The second kind
# are GeoCLIP {cite:p}`vivanco2023geoclip`, and bases whose heads others trained on satellite scenes (fMoW) or on Flickr photographs
# (YFCC); {doc}`upstream` takes these pairs apart. The third kind is their **twin**: the same formula and head, never trained. Plain coordinates enter as in
# {doc}`comparison`, on every day and without a head.

# %%
from placeprior.book import results
from placeprior.encoders.basis import BASES
from placeprior.evidence import families, matched
from placeprior.runs import store

within, beyond = "spatial", "checkerboard-16"


def read(profile, task):
    """Encoders and their references on two splits, with the seeds that every encoder has."""
    seeds = configuration.profile(profile)["matrices"]["zoo"]["seed"]
    return results.load(profile, task, arms=families.asked(profile), splits=(within, beyond), seeds=seeds)


world, weather = read(profile, "world"), read(real, "weather-2019")
sources = (world, weather)
reach = {s.task: matched.reach(s.profile, s.task) for s in sources}
found = {s.task: matched.differences(s.scores, s.sums, "none+head", reach=reach[s.task]) for s in sources}

# %% tags=["remove-cell"]
cases = [(s, split) for s in sources for split in (within, beyond)]
columns = [f"{s.title}: {'WR' if split == within else 'OoR'}" for s, split in cases]
profiles = f"profiles {profile} (embedded world) and {real} (real measurements)"

# %% [markdown]
# ## In ten seconds
#
# How far to the right: what the encoder adds to $R^2$ between known stations. How far up: what it adds in regions never seen. The zero of both is the
# same network without a place, `none+head` ({doc}`controls`).

# %% mystnb={"figure": {"caption": "Embedded world: what each encoder adds to test R² within region (across) and out of region (up), over the same network without a place (dashed). One point an encoder, shape and colour its kind, pale lines its 95 % intervals over places and trainings; black crosses are controls without geography or with the plainest one, the dotted line is population density out of region. A hollow point lies beyond the axes. Names are given to the extremes.", "name": "fig-zoo-both-world"}, "image": {"alt": "A scatter of about fifty points with crossed pale interval lines. Across: gain within region; up: gain out of region. Colours and shapes are families of encoders; dashed lines at zero and a dotted line at the height of population density."}}
_ = draw_both(found["world"], world)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-zoo-both-weather"}, "image": {"alt": "The same scatter for real measurements: gain within region across, gain out of region up, one point an encoder, families by colour and shape, dashed lines at zero."}}
_ = draw_both(found["weather-2019"], weather)

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# In the embedded world, emissions are made from populated places, so population density is close to the truth there; in reality it is not.
#
# ## The table

# %%
every = set().union(*(families.asked(s.profile) for s in sources), *(s.scores["arm"] for s in sources))
arms = [arm for word in KINDS for arm in arm_order(every) if families.kind(arm) == word]


def scored(s):
    """Test R² of every arm within and out of region, and how many fits of each there are."""
    r2 = cells(s.scores).replace("–", "not run here")
    r2 = r2.reindex([called(arm) for arm in arms], fill_value="not run here").set_axis(arms)
    table = r2.reindex(columns=[where(within), where(beyond)], fill_value="not run here")
    runs = s.scores.drop_duplicates("run")
    fits = pd.crosstab(runs["arm"], runs["split"]).reindex(index=arms, columns=[within, beyond], fill_value=0)
    table["fits"] = fits[within].astype(str) + " + " + fits[beyond].astype(str)
    return table.set_axis([f"{s.title}: {what}" for what in ("R² WR", "R² OoR", "fits")], axis=1)


table = pd.concat([scored(s) for s in sources], axis=1)

# %% tags=["hide-input"]
table.insert(0, "kind", [KINDS[families.kind(arm)][0] for arm in arms])
captioned(
    table.set_axis([short(arm) for arm in arms]).rename_axis("told about the place"),
    f"Every arm: test R², {TABLE}, and the number of fits, within + out of region. P{profiles[1:]}.",
    "tab-zoo-scores",
)

# %% [markdown]
# A fit can also fail to learn at all. That says something about training, not about what the formula could tell.

# %%
collapsed_fits({s.title: s.scores[s.scores["split"] == within] for s in sources}, "tab-zoo-collapsed")

# %% [markdown]
# Do not rank by this table: it contains what is hard for all arms alike. The *differences* below are paired.
#
# ## Ranked
#
# Every arm minus `none+head` on the same rows, the best out of region on top. Controls stand among the encoders, in bold. An encoder below
# `random vector` has done worse than noise, which any random vector is at a new station; one below `population density` worse than two plain numbers.


# %%
def draw(figure, s):
    """Gains of a task without inverse distance, which has no network; or a line where there are none."""
    table = found[s.task][found[s.task]["arm"] != "idw"]
    if table.empty:
        return figures.nothing("differences to none+head", s.profile, embedded=s.embedded)
    fig, most = figure(table), table["stations"].max()
    return figures.label(fig, s.profile, n=most, of="stations at most", embedded=s.embedded, note=NOTE)


# %% mystnb={"figure": {"caption": "Embedded world, ranked by the gain out of region: test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Grey rows and bold names: controls and the network without its extra head. Inverse distance is left out. Panels have their own scales; a number at an edge lies beyond it.", "name": "fig-zoo-ranked-world"}, "image": {"alt": "Two panels with one row an arm, about fifty rows: left out of region, sorted from the largest gain on top; right the same arms within region. Markers with bars around a dashed line at zero; controls in grey rows."}}
_ = draw(draw_ranked, world)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-zoo-ranked-weather"}, "image": {"alt": "The same two panels for real measurements: arms sorted by their gain out of region on the left, within region on the right, with bars around a dashed line at zero."}}
_ = draw(draw_ranked, weather)

# %% tags=["hide-input"]
shown = []
for s in sources:
    numbers = gains(found[s.task])
    table = captioned(
        numbers.set_axis(numbers.index.str.removesuffix(", Hadamard")).rename_axis("arm"),
        f"{s.heading}: test R² minus that of `none+head` on the same rows, {CELL}; {s.origin}.",
        f"tab-zoo-gains-{s.short}",
    )
    shown += [folded(f"{s.heading}: the numbers", table)] if len(numbers) else []
Markdown("\n\n".join(shown) or "*No differences can be formed yet.*")

# %% [markdown]
# ## So many looks
#
# The best of forty encoders looks good because it is the best of forty. {term}`Holm's rule` asks more of each difference the more of them there are, so
# that all clear ones hold *together*, and one may pick a winner after looking. Encoders are also compared with population density alone, two plain numbers.


# %%
def looked_at(s, reference, kinds):
    """How many of the differences to a reference are clear, one by one and together, split by split."""
    own = {arm: reference for arm in s.scores["arm"].unique() if families.kind(arm) in kinds}
    table = matched.differences(s.scores, s.sums, own, reach=reach[s.task])
    counts = [families.looks(table[table["split"] == split], "split") for split in splits_in(table)]
    return [part.assign(task=s.title, reference=short(reference)) for part in counts]


looks = [part for s in sources for part in looked_at(s, families.HEAD, set(KINDS) - {"baseline"})]
looks += [part for s in sources for part in looked_at(s, families.URBAN, families.ENCODERS)]

# %% tags=["hide-input"]
names = {"looks": "arms", "better_together": "better, all together", "worse_together": "worse, all together"}
table = pd.concat(looks or [pd.DataFrame(columns=["task", "split", "reference"])])
captioned(
    table.assign(split=table["split"].map(where))
    .set_index(["task", "reference", "split"])
    .rename(columns=names)
    .reset_index(),
    f"Arms that are clearly better or worse than a reference, one by one and by Holm's rule; {profiles}.",
    "tab-zoo-looks",
)

# %% [markdown]
# Two encoders whose intervals overlap widely have not been told apart, whatever their order.
#
# ## Does a good score at home promise one abroad?
#
# A split within region is cheap and common. If it ranked encoders as the split out of region does, nothing else would be needed. **Spearman's correlation**
# answers: replace each score by its rank and correlate the ranks,
#
# $$
# \rho = \operatorname{corr}\bigl(\operatorname{rank}(g^\text{WR}),\ \operatorname{rank}(g^\text{OoR})\bigr),
# $$ (eq-zoo-spearman)
#
# 1 for the same order, 0 for no relation, −1 for the reverse. Scores are noisy, so even a split would not rank encoders as *itself* does with another
# seed. That is the number to compare with: the correlation between two seeds of one split is about the most that two splits can reach. The interval
# resamples encoders, as if other encoders of these kinds could have been tried.


# %%
def two_seeds(gains):
    """How alike two seeds order encoders."""
    return families.spearman(gains["seed 0"], gains["seed 1"]) if "seed 1" in gains else None


rows, away = [], {s.task: families.by_seed(found[s.task], beyond) for s in sources}
worlds = families.spearman(away["world"]["gain"], away["weather-2019"]["gain"])
for s in sources:
    home, there = families.by_seed(found[s.task], within), away[s.task]
    ranks = [families.spearman(home["gain"], there["gain"]), two_seeds(home), two_seeds(there), worlds]
    rows.append((s.title, len(home.index.intersection(there.index)), *map(correlation, ranks)))

# %% tags=["hide-input"]
captioned(
    pd.DataFrame(
        rows, columns=["task", "encoders", "WR and OoR", "WR: two seeds", "OoR: two seeds", "OoR: both tasks"]
    ),
    f"Spearman's correlation of encoders' gains over `none+head`, 95 % interval over encoders; profiles {profile} (embedded world) and {real} (real).",
    "tab-zoo-ranks",
)

# %% [markdown]
# Where two seeds of one split hardly agree, a rank in it should not be quoted at all. Where they agree well and the two splits do not, the
# splits ask different questions, not the same one with more noise.
#
# ## What do winners have in common?
#
# Single encoders are hard to tell apart; groups are easier. Each row below is a difference of two group means, again on the same rows. Where the
# groups are **twins**, the members are paired: the same formula on both sides. (The published heads came with other settings than ours, such as the
# number of scales; {doc}`upstream` has the pairs that are exact.)

# %%
one_scale = ("wrap", "wrap-ffn", "rbf", "rff", "xyz", "tile", "siren-sh", "slepian")
several, single = [n for n in BASES if n not in one_scale], ["wrap-ffn", "rbf", "rff", "xyz"]
plane, sphere = families.of_kind("planar"), families.of_kind("spherical")
geoclip, slepian = families.GEOCLIP, families.trained("slepian")
groups = {
    "head trained here − frozen at random, twins": families.twins("", "-untrained"),
    "head trained on satellite scenes − frozen at random, twins": families.twins("-fmow", "-untrained"),
    "head trained on photographs − frozen at random, twins": families.twins("-yfcc", "-untrained"),
    "satellite scenes − photographs, twins": families.twins("-fmow", "-yfcc"),
    "formulas on a sphere − on a plane": families.Group(sphere, plane),
    "many scales − one scale": families.Group([*map(families.trained, several)], [*map(families.trained, single)]),
    "tiles, which jump − other formulas on a plane": families.Group(
        ["tile-hadamard"], families.of_kind("planar", "tile")
    ),
    "Slepian, for this country − formulas for the globe": families.Group([slepian], [*plane, *sphere]),
    "GeoCLIP and Slepian − GeoCLIP": families.Group([families.HYBRID], [geoclip], twins=True),
    "GeoCLIP − other heads trained on photographs": families.Group([geoclip], families.twins("-yfcc", "-yfcc").first),
}
contrasts = {s.task: families.group_differences(s.scores, s.sums, groups, reach=reach[s.task]) for s in sources}

# %% tags=["hide-input"]
cell = {(s.task, row.split, row.arm): gain(row) for s in sources for row in contrasts[s.task].itertuples()}
sizes = {
    row.arm: f"{row.first} and {row.second}" for s in reversed(sources) for row in contrasts[s.task][::-1].itertuples()
}
captioned(
    pd.DataFrame(
        [
            (name, sizes.get(name, "–"), *(cell.get((s.task, split, name), "not run here") for s, split in cases))
            for name in groups
        ],
        columns=["groups", "members", *columns],
    ),
    f"Difference of mean test R² between groups of encoders on the same rows, {INTERVAL} over places and trainings, bold where it is clear; {profiles}.",
    "tab-zoo-groups",
)

# %% [markdown]
# ### Smooth or rough, short or long
#
# Two properties of a vector can be measured without any model. Its **length** is how many numbers it has. Its **roughness** is how much of it has
# changed a hundred kilometres further on: with places $x$ over the land, places $x'$ at 100 km from them in a random direction, and $\Sigma$ the
# covariance of the vectors over the land,
#
# $$
# \text{roughness} = \frac{\tfrac12\, \overline{\lVert e(x) - e(x') \rVert^2}}{\operatorname{tr} \Sigma} .
# $$ (eq-zoo-roughness)
#
# It is 0 for a vector that does not change, and 1 when a place 100 km away is as different as one anywhere. A network
# can carry over to a new place only what is alike there, so a rough vector should be of little use in a region never seen. For a formula with a trained head,
# both are measured on the formula's numbers, before the head.

# %%
names = {families.variant(arm) for arm in every if families.kind(arm) in families.ENCODERS}
names &= {families.variant(arm) for s in sources for arm in s.scores["arm"]}
properties = families.properties(sorted(names))

# %% mystnb={"figure": {"caption": "Gain out of region (16° cells) against the roughness of the vector at 100 km (logarithmic), one point an encoder; left the embedded world, right real measurements where they were run. A hollow point lies beyond the axis.", "name": "fig-zoo-rough"}, "image": {"alt": "Two scatter plots, one a task. Across: roughness from a hundredth to one on a logarithmic axis; up: gain out of region around a dashed line at zero. Shapes and colours are kinds of encoder."}}
shown = [s for s in sources if len(families.by_seed(found[s.task], beyond))]
if shown:
    last, panels = shown[-1], {s.title: found[s.task] for s in shown}
    fig = draw_property(properties["roughness"], panels, "roughness at 100 km (0 to 1)")
    note = "".join(f"left: embedded world (simulated), profile {s.profile}" for s in shown[:-1])
    figures.label(fig, last.profile, n=len(names), of="encoders at most", embedded=last.embedded, note=note)
else:
    figures.nothing("out of region", world.profile, embedded=world.embedded)


# %%
def related(name, kinds, s, split):
    """How alike a property of the vector and the gain order the encoders of some kinds."""
    gain = families.by_seed(found[s.task], split)["gain"]
    gain = gain[gain.index.map(families.kind).isin(kinds)]
    return families.spearman(properties[name].reindex(gain.index.map(families.variant)).set_axis(gain.index), gain)


kinds = {
    "all encoders": families.ENCODERS,
    "formulas with a trained head": families.LEARNT,
    "frozen encoders": families.FROZEN,
}
rows = [
    (f"{name}, {label}", *(correlation(related(name, own, s, split)) for s, split in cases))
    for name in properties
    for label, own in kinds.items()
]

# %% tags=["hide-input"]
captioned(
    pd.DataFrame(rows, columns=["property", *columns]),
    f"Spearman's correlation of a property of the vector with the gain over `none+head`, 95 % interval over encoders; a dash where fewer than eight were run or most are equal. "
    f"P{profiles[1:]}.",
    "tab-zoo-properties",
)

# %% [markdown]
# A correlation over encoders is no cause: kinds differ in more than one property.
#
# ## What it costs
#
# How many numbers are trained, and how long one run took. A frozen encoder costs only the layer that reads it; a head costs its own weights.
# Seconds depend on the machine and on what else it was doing; compare them roughly.


# %%
def cost(s):
    """Trained numbers of the whole model and seconds of a run, by kind."""
    runs = s.scores.drop_duplicates("run").set_index("run")["arm"].map(families.kind)
    stamps = pd.DataFrame(store.stamps(s.profile)).T.reindex(runs.index).dropna(subset=["parameters", "seconds"])
    return stamps.groupby(runs.reindex(stamps.index))[["parameters", "seconds"]].agg(["min", "median", "max"])


costs = {s.title: cost(s) for s in sources}

# %% tags=["hide-input"]
table = pd.DataFrame(index=pd.Index(KINDS, name="kind"))
for title, own in costs.items():
    low, high = (own["parameters", end].map("{:,.0f}".format) for end in ("min", "max"))
    table[f"{title}: trained numbers"] = low.where(low == high, low + "–" + high)
    table[f"{title}: median seconds a run"] = own["seconds", "median"].map("{:,.0f}".format)
captioned(
    table.dropna(how="all").fillna("–").rename(index=lambda word: KINDS[word][0]),
    f"Trained numbers of the whole model, and seconds of a run with its data and tests on one core; profiles {profile} (embedded world) and {real} (real).",
    "tab-zoo-cost",
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how these encoders rank for one pollutant in one country, behind one small network with a small budget of steps, and how firmly they can
# be ranked at all. A head that is trained here must learn from a few hundred stations and in the same few thousand steps as everything else; with more of both it
# might overtake. Hyperparameters are each author's defaults, where there are such; nobody tuned them for this task, which is fair and not
# the best that each could do. One is ours, the same for all trained heads: they learn a hundredth as fast as the rest. At full rate the smoothest formulas
# (xyz, wrap, random Fourier features, radial bases) moved the vectors of all places together until every ReLU behind them was 0 and the network
# said the same everywhere. The share was chosen by validation loss of four of them, in the embedded world.
#
# It does not show why. The contrasts of groups are the nearest to a reason, and only those between twins keep the formula fixed. And most of these encoders
# were made for the whole globe, photographs and species: that one does little for daily PM2.5 in one country does not say that it is a bad encoder.
#
# ```{admonition} Exercise: the winner's curse
# :class: exercise tip
# Take forty encoders with the same true gain, and measure each with a standard error $s$. By how much does the best of them seem to exceed
# the truth? What would you do before quoting the gain of a winner?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The largest of forty standard normal numbers is about 2.2 on average: the winner seems better by $2.2\,s$ although nothing differs. Choose the winner on one seed or
# half of the stations, and quote its gain from the other.
# ```
#
# ```{admonition} Exercise: a twin that wins
# :class: exercise tip
# Suppose that a head frozen at random scores as high as one trained on satellite scenes. Name two explanations, and a run that would
# tell them apart.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Either what satellites see says nothing about PM2.5 at these stations, or it does and this head has not learned it at the scale that matters. Ask a probe ({doc}`gallery`) what each
# vector can tell about, say, terrain or population. Or train a head here, from the satellite weights and from random ones ({doc}`upstream`).
# ```
#
# ```{admonition} Exercise: ranks and noise
# :class: exercise tip
# Two splits measure the same true gain with independent noise, and each has a correlation of 0.6 between two seeds. What correlation between the splits should one
# expect, if they ask the same question?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Also about 0.6, for single seeds. For means of two seeds, noise variance halves: with a signal share of 0.6 in one seed it is
# $0.6 / (0.6 + 0.4/2) = 0.75$ in the mean, and that is what to expect.
# ```
