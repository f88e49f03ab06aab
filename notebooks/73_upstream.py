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
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from scipy.stats import spearmanr

from placeprior import encoders
from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.style import BASES
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import NOTE, listed, looked, minus, rule, said, signed, written
from placeprior.encoders import pretrained
from placeprior.evidence import matched
from placeprior.runs import store
from placeprior.scores import metrics, paired, probes
from placeprior.scores.interval import surviving

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
HEAD, GEOCLIP = "none+head", "geoclip-hadamard"
CORPORA = {"untrained": "random weights", "fmow": "fMoW", "yfcc": "YFCC"}
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019"}
WR, OOR = "spatial", "checkerboard-16"
DRAWS = 1000
FLAT, LEARNT = 0.05, 0.2  # R2 of a network that says the same everywhere, and of one that has learned something


def in_order(names):
    return sorted(names, key=list(BASES).index)


BOTH = in_order(name for name, files in pretrained.names().items() if len(files) == 2)
DIFFER = {name: pretrained.unlike(name) for name in BOTH}
EXACT = [name for name in BOTH if not DIFFER[name]]
CONFOUNDED = [name for name in BOTH if DIFFER[name]]


def arm(name, *training):
    """The arm of an architecture (xyz) with a training (fmow, or fmow and tuned); by itself, trained with the task."""
    return "-".join([name, *training, "hadamard"])


def base(name):
    """An architecture's printed name."""
    return BASES[name][1]


#: What each arm is compared with, question by question.
HEADS = [GEOCLIP, *(arm(b, c) for b in EXACT for c in CORPORA)]
TUNED = [arm(b, c, "tuned") for b in pretrained.TUNABLE for c in CORPORA]
WHOLE = [arm(b) for b in pretrained.TUNABLE]
QUESTIONS = {
    "place": dict.fromkeys([*HEADS, *TUNED, *WHOLE], HEAD),
    "corpus": {arm(b, "yfcc"): arm(b, "fmow") for b in EXACT},
    "confounded": {arm(b, "yfcc"): arm(b, "fmow") for b in CONFOUNDED},
    "training": {arm(b, c): arm(b, "untrained") for b in EXACT for c in ("fmow", "yfcc")},
    "contrast": {arm(b, c): GEOCLIP for b in EXACT for c in ("fmow", "yfcc")},
    "going on": {arm(b, c, "tuned"): arm(b, c) for b in pretrained.TUNABLE for c in CORPORA},
    "start": {arm(b, c, "tuned"): arm(b, "untrained", "tuned") for b in pretrained.TUNABLE for c in ("fmow", "yfcc")},
    "end to end": {arm(b): arm(b, "yfcc") for b in pretrained.TUNABLE},
}
TABLED = ("corpus",)  # with a table in µg m-3 too
NEEDED = {HEAD, "none"} | {a for pairs in QUESTIONS.values() for pair in pairs.items() for a in pair}
#: Means over architectures: weighted sums of arms, +1 and -1 in all.
POOLED = {
    "corpus": {"mean of pairs": [(+1, "yfcc"), (-1, "fmow")]},
    "training": {
        "mean of pairs, fMoW": [(+1, "fmow"), (-1, "untrained")],
        "mean of pairs, YFCC": [(+1, "yfcc"), (-1, "untrained")],
    },
    "contrast": {"mean of pairs, fMoW": [(+1, "fmow"), (-1, None)], "mean of pairs, YFCC": [(+1, "yfcc"), (-1, None)]},
}


def collapsed(scores):
    """Runs whose network says nearly the same everywhere, in fits in which one without a place does not."""
    r2 = scores[scores["metric"] == "r2"]
    plain = r2[r2["arm"] == HEAD].set_index(["split", "fold", "seed"])["value"]
    beside = plain.reindex(pd.MultiIndex.from_frame(r2[["split", "fold", "seed"]])).to_numpy(float)
    return r2.loc[(r2["value"].to_numpy(float) < FLAT) & (beside > LEARNT), "run"]


def source(task):
    """Scores, station sums and labels of a task on the two splits."""
    name = profile if task == "world" else real
    scores = with_arm(store.scores(name))
    scores = scores[(scores["task"] == task) & scores["arm"].isin(NEEDED) & scores["split"].isin([WR, OOR])]
    made = scores.drop_duplicates("run")
    failed = made["run"].isin(collapsed(scores))
    counts = failed.groupby(made["arm"]).agg(["sum", "size"])
    scores = scores[~scores["run"].isin(made.loc[failed, "run"])]
    sums = store.sums(name)
    kind = "embedded world" if task == "world" else "real measurements"
    return SimpleNamespace(
        title=TASKS[task],
        scores=scores,
        sums=sums[sums["run"].isin(scores["run"])],
        profile=name,
        embedded=task == "world",
        origin=f"profile {name}, {kind}",
        short=task.split("-")[0],
        failed=counts[counts["sum"] > 0],
        reach=matched.reach(name, task),
    )


def terms(s, split, signs):
    """One signed term of a contrast for every architecture that has all of them, or none."""
    runs = {
        (b, c): paired.fits(s.scores, split=split, arm=GEOCLIP if c is None else arm(b, c))
        for b in EXACT
        for _, c in signs
    }
    whole = [b for b in EXACT if all(len(runs[b, c]) for _, c in signs)]
    return whole, [(sign / len(whole), runs[b, c]) for b in whole for sign, c in signs]


def pooled(s, question, metric):
    """Rows like those of matched.differences, for the means over architectures."""
    tables = []
    for name, signs in POOLED.get(question, {}).items():
        for split in splits_in(s.scores):
            whole, parts = terms(s, split, signs)
            if len(whole) > 1:
                tables.append(
                    paired.paired({name: parts}, s.sums, metric=metric, range_km=s.reach[split]).assign(
                        split=split, arm=name
                    )
                )
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True)[matched.FOUND] if filled else pd.DataFrame(columns=matched.FOUND)


def joined(tables):
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


sources = {task: source(task) for task in TASKS}
for s in sources.values():
    s.found = {
        (question, metric): joined(
            [matched.differences(s.scores, s.sums, pairs, metric=metric, reach=s.reach), pooled(s, question, metric)]
        )
        for question, pairs in QUESTIONS.items()
        for metric in (("r2", "rmse") if question in TABLED else ("r2",))
    }


def where(split):
    return SPLITS.get(split, split)


def title(s):
    return s.title[0].upper() + s.title[1:]


def short(text):
    """Without the way of joining, which is the same everywhere on this page."""
    for word in (", Hadamard", " (Hadamard)"):
        text = text.replace(word, "")
    return text.replace(" · ", "\u00a0·\u00a0")


def named(name):
    """An arm's printed name on this page."""
    return short(figures.look(name).name) + (", end to end" if name in WHOLE else "")


def one(s, question, split, name, metric="r2"):
    """One row of the answers, or None where the runs are not there."""
    found = s.found[question, metric]
    part = found[(found["split"] == split) & (found["arm"] == name)]
    return next(part.itertuples(), None)


def forest(s, question, quantity, arms=None):
    """Differences of one question, one panel a split; or a note where the results are not there."""
    table = s.found[question, "r2"]
    table = matched.by_fit(table[table["arm"].isin(arms or set(table["arm"]))])
    if table.empty:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    panels = {where(split): table[table["split"] == split] for split in splits_in(table)}
    fig = figures.forests(panels, quantity, reference=0)
    for ax, part in zip(fig.axes, panels.values(), strict=False):
        arms_ = arm_order(part["arm"])
        ax.set_yticks(range(len(arms_)), [named(a) for a in arms_])
    return figures.label(
        fig, s.profile, n=table["stations"].max(), of="stations at most", embedded=s.embedded, note=NOTE
    )


def tables(question, against, name, arms=None):
    """Differences in R2 of every task; of the main question those in RMSE too, folded below."""
    shown = []
    for s in sources.values():
        parts = []
        for metric, what in (("r2", "R²"), ("rmse", f"RMSE in {figures.UNIT}")):
            if (question, metric) not in s.found:
                continue
            found = s.found[question, metric]
            found = found[found["arm"].isin(arms or set(found["arm"]))]
            if len(found):
                cells = gains(found)
                cells.index = [short(text) for text in cells.index]
                parts.append(
                    captioned(
                        cells.rename_axis("arm"),
                        f"{title(s)}: test {what} minus that of {against} on the same rows, {CELL}; "
                        f"up to {found['fits'].max()} fits a cell, {s.origin}.",
                        f"tab-upstream-{name}-{s.short}-{metric}",
                    ).data
                )
        shown += parts[:1]
        if parts[1:]:
            shown.append(
                f"::::{{admonition}} {title(s)}: the same in {figures.UNIT}\n:class: dropdown note\n\n{parts[1]}\n::::\n"
            )
    return Markdown("\n\n".join(shown) or "*No such runs are in the results yet.*")


def sentences(lines, none="*No such runs are in the results yet.*"):
    return Markdown(short(minus("\n".join(lines or [none]))))


# %% [markdown]
# # Does the upstream corpus matter, or the basis, or only contrast?
#
# GeoCLIP and SatCLIP are both encoders of places, both **contrastive**: trained to match an image with the place where it was taken
# ({doc}`place`). GeoCLIP's images are photographs that people took, SatCLIP's are taken from orbit. In the study GeoCLIP did better, and its authors are reported
# (second-hand) to explain this by the **upstream corpus**, that is, by what the encoder was trained on: photographs show the places where people are, as people see them, and so do monitors {cite:p}`karimzadeh2025`.
#
# That may be so. But the two encoders differ in nearly everything: in the basis (random Fourier features against spherical harmonics), in the width, in the number of
# images, in the loss, in the resolution. A difference between two things that differ in everything cannot be put down to one of them.
#
# This page holds the rest fixed. There are published encoders of *one* architecture that were trained on two corpora {cite:p}`wu2024torchspatial`:
#
# | | fMoW | YFCC |
# |---|---|---|
# | name | Functional Map of the World {cite:p}`christie2018` | YFCC100M-GEO100 {cite:p}`tang2015` |
# | an image is | a satellite scene | a photograph on Flickr |
# | classes | 62 uses of land (airport, crop field, place of worship …) | 100 everyday things (from animals to snow) |
# | images | some 363,000 to train with | 88,986 in all |
# | from | all continents | the United States |
#
# Together with the same architecture with **random weights**, that makes three arms that share everything but what they were trained on.
#
# What were they trained for? To say which classes are likely at a place before the image is looked at, a **class prior** {cite:p}`macaodha2019`: with $e(x)$ the
# vector of place $x$ and one weight vector $w_c$ for each class,
#
# $$
# p(c \mid x) = \sigma\bigl(w_c \cdot e(x)\bigr).
# $$ (eq-upstream-prior)
#
# Nothing is contrasted: no image is compared with a place. So these are *no* stand-ins for SatCLIP, and SatCLIP itself is not part of this page; {doc}`zoo` says whether it was run.
#
# What the pairs can tell is the effect of the **corpus as a whole**. From the table: the corpora differ not only in looking from above or from the
# ground, but also in where they look, at what, and how often. One of them was even collected in the very country that is tested here. If YFCC wins, photographs
# may be the reason, or the United States may be.

# %% tags=["remove-input"]
settings = {
    "min_radius": "smallest radius",
    "max_radius": "largest radius",
    "map_range": "extent",
    "hidden_dim": "width",
    "frequency_num": "scales",
    "activation": "activation",
}
rows = [
    (
        base(b),
        "exact" if b in EXACT else "confounded",
        "nothing" if b in EXACT else "; ".join(f"{settings[k]} {a} and {c}" for k, (a, c) in DIFFER[b].items()),
    )
    for b in (*EXACT, *CONFOUNDED)
]
captioned(
    pd.DataFrame(rows, columns=["architecture", "pair", "what else differs (fMoW and YFCC)"]),
    "The architectures that were published for both corpora, and in which settings that the formula reads the two files differ.",
    "tab-upstream-pairs",
)

# %% tags=["remove-input"]
Markdown(
    f"The page rests on the {len(EXACT)} exact pairs: {listed([base(b) for b in EXACT])}. Even they may differ in their step size and number of epochs, which were "
    "tuned for each corpus by those who trained them. The other pairs are shown once, marked as confounded. All vectors are frozen unless it says otherwise, and all join by a Hadamard product."
)

# %% [markdown]
# ## All arms at a glance
#
# The reference is the same network without a place (`none+head`, see {doc}`controls`). WR stands for within region and OoR for out of region ({doc}`../concepts/splits`). First the **embedded
# world**, then real measurements.

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place, on the same rows, for three architectures with random weights, trained on satellite scenes (fMoW), and trained on photographs (YFCC); and GeoCLIP. Fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-upstream-world"}, "image": {"alt": "One panel a split with a row for each architecture and training and one for GeoCLIP, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], "place", "ΔR² to none+head", HEADS)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-weather"}, "image": {"alt": "One panel a split for the weather task with a row for each architecture and training and one for GeoCLIP, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "place", "ΔR² to none+head", HEADS)

# %% tags=["remove-input"]
tables("place", "`none+head`", "place", HEADS)

# %% tags=["remove-input"]
lines = [
    f"- **{title(s)}:** "
    + "; ".join(f"{named(name)}, {int(row['sum'])} of {int(row['size'])} fits" for name, row in s.failed.iterrows())
    + "."
    for s in sources.values()
    if len(s.failed)
]
if lines:
    lines = [
        f"Some fits **collapsed**: the network estimates nearly the same at every place and day (R² below {FLAT:g}), although the one without a place learns from the same rows (R² above {LEARNT:g}). That "
        "is a failure of training, not a verdict on a vector. These fits are left out of all differences on this page, which flatters their arms; here they are counted:\n",
        *lines,
    ]
sentences(lines, "In no fit of these arms did the training collapse.")

# %% [markdown]
# ## 1. Photographs or satellite scenes?
#
# The difference that the study's explanation is about, with the architecture held fixed: YFCC minus fMoW on the same rows, for each exact pair, and their mean.

# %% tags=["remove-input"]
Markdown(rule())

# %% mystnb={"figure": {"caption": "Embedded world: test R² of an architecture trained on photographs (YFCC) minus that of the same architecture trained on satellite scenes (fMoW), on the same rows, for the exact pairs and their mean; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-corpus-world"}, "image": {"alt": "One panel a split; a row for each exact pair and one for their mean, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], "corpus", "ΔR², YFCC − fMoW")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-corpus-weather"}, "image": {"alt": "One panel a split for the weather task; a row for each exact pair and one for their mean, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "corpus", "ΔR², YFCC − fMoW")

# %% tags=["remove-input"]
tables("corpus", "the same architecture trained on fMoW", "corpus")


# %% tags=["remove-input"]
def verdict(row, more, less, equal):
    return {1: more, -1: less, 0: equal}[row.clear]


def by_arm(s, question, split):
    """Single arms of a question, without their means."""
    found = s.found[question, "r2"]
    return found[(found["split"] == split) & found["arm"].isin(QUESTIONS[question])]


lines = []
for s in sources.values():
    for split in splits_in(s.found["corpus", "r2"]):
        part = by_arm(s, "corpus", split)
        up, down = (part.loc[part["clear"] == sign, "arm"].tolist() for sign in (1, -1))
        text = f"- **{title(s)}, {where(split)}.** "
        mean = one(s, "corpus", split, "mean of pairs")
        if mean is not None:
            text += (
                verdict(
                    mean,
                    "Photographs are clearly better than satellite scenes",
                    "Photographs are clearly worse than satellite scenes",
                    "Photographs and satellite scenes cannot be told apart",
                )
                + f" in the mean of the pairs: {written(mean)} in R². "
            )
        singles = [
            f"{base(b)} {written(row)}" for b in EXACT if (row := one(s, "corpus", split, arm(b, "yfcc"))) is not None
        ]
        text += f"Pair by pair: {'; '.join(singles)}. Clearly up: {len(up)} of {len(part)}; clearly down: {len(down)}."
        lines.append(text)
sentences(lines)

# %% [markdown]
# The **confounded** pairs are below: read them with the table of what else differs in mind. They have fewer seeds.

# %% tags=["remove-input"]
tables("confounded", "the encoder's fMoW version (other settings differ too)", "confounded")

# %% [markdown]
# ## 2. Does any training add something?
#
# Perhaps neither corpus matters, because the basis does it all. The arms with random weights say: they have the same formula and width, and have seen nothing.

# %% mystnb={"figure": {"caption": "Embedded world: test R² of trained weights minus that of random weights in the same architecture, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-training-world"}, "image": {"alt": "One panel a split; rows for each exact architecture trained on satellite scenes and on photographs, and for the means over architectures, around a dashed line at zero, the score of random weights."}} tags=["hide-input"]
_ = forest(sources["world"], "training", "ΔR² to random weights")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-training-weather"}, "image": {"alt": "One panel a split for the weather task; rows for each exact architecture trained on satellite scenes and on photographs, and for the means over architectures, around a dashed line at zero, the score of random weights."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "training", "ΔR² to random weights")

# %% tags=["remove-input"]
tables("training", "random weights in the same architecture", "training")

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    for split in splits_in(s.found["training", "r2"]):
        text = f"- **{title(s)}, {where(split)}.** "
        for corpus in ("fmow", "yfcc"):
            mean = one(s, "training", split, f"mean of pairs, {CORPORA[corpus]}")
            part = by_arm(s, "training", split)
            part = part[part["arm"].str.contains(f"-{corpus}-")]
            if mean is not None:
                text += (
                    f"{CORPORA[corpus]} "
                    + verdict(mean, "adds to", "takes from", "does not clearly change")
                    + f" what random weights give, {written(mean)}. "
                )
            elif len(part):
                text += f"{CORPORA[corpus]}: {'; '.join(written(row) for row in part.itertuples())}. "
        plain = by_arm(s, "place", split)
        plain = plain[plain["arm"].isin([arm(b, "untrained") for b in EXACT])]
        if len(plain):
            text += (
                "Random weights themselves change R² against no place by "
                + listed([f"{row.difference:+.3f}" for row in plain.itertuples()])
                + f" ({', '.join(base(row.arm.split('-untrained')[0]) for row in plain.itertuples())})."
            )
        lines.append(text)
sentences(lines)

# %% [markdown]
# ## 3. Corpus or basis?
#
# Which choice matters more: what to train on, or which basis to train? Let $m_{bc}$ be the mean score of basis $b$ trained on corpus $c$. It can be
# written as
#
# $$
# m_{bc} = \mu + \beta_b + \gamma_c + \delta_{bc}, \qquad \textstyle\sum_b \beta_b = \sum_c \gamma_c = \sum_b \delta_{bc} = \sum_c \delta_{bc} = 0,
# $$ (eq-upstream-twoway)
#
# a **two-way decomposition** {cite:p}`fisher1925`: $\beta_b$ is what basis $b$ adds whatever the corpus, $\gamma_c$ what corpus $c$ adds whatever the basis, and $\delta_{bc}$ is what
# only the two together explain. The **spread** of each part is its root mean square over the cells, in units of R². If corpora matter, the lines below lie far apart in height from left to right; if bases
# matter, they lie far apart from each other; if it depends, they cross.


# %% mystnb={"figure": {"caption": "Embedded world: mean test R² of every basis with every training, minus that of the same network without a place. Parallel lines: training adds the same to every basis. Bars: 95 % intervals over places and trainings; symbols are set a little apart. Panels have their own scales.", "name": "fig-upstream-cells-world"}, "image": {"alt": "One panel a split; three lines, one a basis, from random weights over satellite scenes to photographs, with vertical bars around a dashed line at zero."}} tags=["hide-input"]
def draw_cells(s):
    """Gain over no place against training, one line a basis, one panel a split."""
    cells = {
        (split, b): [(x, row) for x, c in enumerate(CORPORA) if (row := one(s, "place", split, arm(b, c))) is not None]
        for split in (WR, OOR)
        for b in EXACT
    }
    splits = [split for split in (WR, OOR) if any(cells[split, b] for b in EXACT)]
    if not splits:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    fig, axes = figures.subplots(
        1, len(splits), size=(3.2 * len(splits) + (0 if len(splits) > 1 else 1.6), 3.3), squeeze=False
    )
    for ax, split in zip(axes.flat, splits, strict=True):
        for number, b in enumerate(EXACT):
            at = [x + 0.09 * (number - 1) for x, _ in cells[split, b]]
            rows = [row for _, row in cells[split, b]]
            colour, marker = figures.look(arm(b)).colour, ("o", "s", "^", "D")[number % 4]
            ax.plot(at, [row.difference for row in rows], color=colour, marker=marker, label=base(b), zorder=3)
            ax.vlines(at, [row.low for row in rows], [row.high for row in rows], color=colour, lw=1.4, alpha=0.7)
        ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set_title(where(split))
        ax.set_xticks(range(len(CORPORA)), ["random", "fMoW", "YFCC"])
        ax.set_xlim(-0.3, len(CORPORA) - 0.7)
    axes[0, 0].set_ylabel("ΔR² to none+head")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
    stations = max(row.stations for rows in cells.values() for _, row in rows)
    return figures.label(fig, s.profile, n=stations, of="stations at most", embedded=s.embedded, note=NOTE)


_ = draw_cells(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-cells-weather"}, "image": {"alt": "One panel a split for the weather task; three lines, one a basis, from random weights over satellite scenes to photographs, with vertical bars around a dashed line at zero."}} tags=["hide-input"]
_ = draw_cells(sources["weather-2019"])


# %% tags=["remove-cell"]
def cells_of(s, split):
    """R2 of basis x corpus in the fits that all have: (B, C, fit), the bases, and how many stations; None for too few."""
    names = ("fmow", "yfcc")
    runs = {(b, c): paired.fits(s.scores, split=split, arm=arm(b, c)) for b in EXACT for c in names}
    whole = [b for b in EXACT if all(len(runs[b, c]) for c in names)]
    if len(whole) < 2:
        return None
    found = {key: paired.paired({"": [(1.0, runs[key])]}, s.sums).iloc[0] for key in runs if key[0] in whole}
    shared = set.intersection(*(set(one["each"].index) for one in found.values()))
    points = np.array([[found[b, c]["each"][sorted(shared)].to_numpy() for c in names] for b in whole])
    return points, whole, max(one["stations"] for one in found.values())


def spreads(m):
    """Root mean square of the three parts of means (B, C): basis, corpus, and what only both together explain."""
    grand = m.mean()
    of_basis, of_corpus = m.mean(1, keepdims=True) - grand, m.mean(0, keepdims=True) - grand
    rest = m - grand - of_basis - of_corpus
    return np.array([np.sqrt((part**2).mean()) for part in (of_basis, of_corpus, rest)])


def by_chance(points):
    """The spreads that training noise alone would give, from how single fits of a cell scatter: shape (3,)."""
    b, c, k = points.shape
    if k < 2:
        return np.full(3, np.nan)
    left = points - points.mean(2, keepdims=True) - points.mean((0, 1), keepdims=True) + points.mean()
    noise = (left**2).sum() / ((b * c - 1) * (k - 1)) / k  # variance of a cell's mean
    return np.sqrt(noise * np.array([b - 1, c - 1, (b - 1) * (c - 1)]) / (b * c))


PARTS = ("basis", "corpus", "both together")
rows = []
for s in sources.values():
    for split in splits_in(s.scores):
        if (cells := cells_of(s, split)) is None:
            continue
        points, whole, stations = cells
        here, chance = spreads(points.mean(2)), by_chance(points)
        for i, part in enumerate(PARTS):
            rows.append([s.title, split, part, here[i], chance[i], points.shape[-1], len(whole), stations])
twoway = pd.DataFrame(rows, columns=["task", "split", "part", "spread", "chance", "fits", "bases", "stations"])

# %% mystnb={"figure": {"caption": "Embedded world: spread of test R² between bases with the corpus fixed, between corpora (fMoW, YFCC) with the basis fixed, and of what only both together explain; marker: as measured. Grey tick: the spread that differences between single fits would give by themselves. A spread is never negative, so compare with the tick, not with zero.", "name": "fig-upstream-twoway"}, "image": {"alt": "One panel a split, three rows: basis, corpus and both together, each with a marker and a grey tick on an axis that starts at zero."}} tags=["hide-input"]
COLOURS = {"basis": ("#d55e00", "o"), "corpus": ("#0173b2", "^"), "both together": ("#7a7a7a", "s")}


def draw_spreads(s):
    """The three spreads beside those of training alone, one panel a split."""
    own = twoway[twoway["task"] == s.title]
    if own.empty:
        return figures.nothing(f"{s.title}, taken apart", s.profile, embedded=s.embedded)
    splits = splits_in(own)
    fig, axes = figures.subplots(
        1, len(splits), size=(3.2 * len(splits) + (0 if len(splits) > 1 else 1.6), 2.3), squeeze=False, sharey=True
    )
    for ax, split in zip(axes.flat, splits, strict=True):
        for at, row in enumerate(own[own["split"] == split].itertuples()):
            colour, marker = COLOURS[row.part]
            ax.scatter(row.spread, at, s=52, color=colour, marker=marker, ec="white", zorder=3)
            ax.plot([row.chance] * 2, [at - 0.32, at + 0.32], color="#888888", lw=2, zorder=2)
        ax.set_yticks(range(len(PARTS)), PARTS)
        ax.set(title=where(split), xlabel="spread of R²", ylim=(len(PARTS) - 0.5, -0.5))
        ax.set_xlim(0, None)
        ax.grid(axis="y", visible=False)
    cells = f"{2 * int(own['bases'].max())} cells"
    return figures.label(
        fig, s.profile, n=own["stations"].max(), of="stations at most", embedded=s.embedded, note=cells
    )


_ = draw_spreads(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-twoway-weather"}, "image": {"alt": "One panel a split for the weather task, three rows: basis, corpus and both together, each with a marker and a grey tick on an axis that starts at zero."}} tags=["hide-input"]
_ = draw_spreads(sources["weather-2019"])

# %% tags=["remove-input"]
lines = []
for (name, split), part in twoway.groupby(["task", "split"], sort=False):
    value, first = part.set_index("part"), part.iloc[0]
    beyond = [p for p in PARTS if value.loc[p, "spread"] > value.loc[p, "chance"]]
    lines.append(
        f"- **{name[0].upper() + name[1:]}, {where(split)}.** Spread between bases {value.loc['basis', 'spread']:.3f}, between corpora {value.loc['corpus', 'spread']:.3f}, "
        f"of both together {value.loc['both together', 'spread']:.3f}, in R². "
        + (
            f"Larger than what single fits would give by themselves: {listed(beyond)}."
            if beyond
            else "None is larger than what single fits would give by themselves."
            if np.isfinite(first["chance"])
            else "With one fit a cell, chance cannot be estimated."
        )
        + f" {int(first['bases'])} bases, two corpora, {int(first['fits'])} fits."
    )
sentences(lines, "*The results do not have two exact pairs yet, so nothing can be taken apart.*")

# %% [markdown]
# ## 4. Only contrast?
#
# GeoCLIP is contrastive and the class priors are not. The comparison is easily made:

# %% mystnb={"figure": {"caption": "Embedded world: test R² of the class priors minus that of GeoCLIP, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Left of the line GeoCLIP is better.", "name": "fig-upstream-contrast-world"}, "image": {"alt": "One panel a split; rows for each exact architecture trained on satellite scenes and on photographs, and for their means, around a dashed line at zero, the score of GeoCLIP."}} tags=["hide-input"]
_ = forest(sources["world"], "contrast", "ΔR² to GeoCLIP")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-contrast-weather"}, "image": {"alt": "One panel a split for the weather task; rows for each exact architecture trained on satellite scenes and on photographs, and for their means, around a dashed line at zero, the score of GeoCLIP."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "contrast", "ΔR² to GeoCLIP")

# %% tags=["remove-input"]
tables("contrast", "GeoCLIP", "contrast")

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    for split in splits_in(s.found["contrast", "r2"]):
        part = by_arm(s, "contrast", split)
        best = part.loc[part["difference"].idxmax()]
        text = f"- **{title(s)}, {where(split)}.** The best of {len(part)} class priors here, {said(best['arm'])}, is "
        text += {1: "clearly better than GeoCLIP", -1: "clearly worse than GeoCLIP", 0: "not told apart from GeoCLIP"}[
            best["clear"]
        ]
        text += (
            f" ({best['difference']:+.3f}, {signed(best['low'], best['high'])}; to be picked as the best flatters it). "
        )
        for corpus in ("yfcc", "fmow"):
            mean = one(s, "contrast", split, f"mean of pairs, {CORPORA[corpus]}")
            if mean is not None:
                text += f"{CORPORA[corpus]} in the mean of the pairs: {written(mean)}. "
        lines.append(text)
sentences(lines)

# %% tags=["remove-input"]
width = {name: encoders.load(name).dim for name in ("geoclip", *(f"{b}-yfcc" for b in EXACT))}
captioned(
    pd.DataFrame(
        [
            (
                "basis",
                "random Fourier features at three scales, on an equal-area map",
                ", ".join(base(b) for b in EXACT),
            ),
            (
                "numbers a place",
                f"{width['geoclip']}, positive and negative",
                f"{max(width[f'{b}-yfcc'] for b in EXACT)}, many of them zero",
            ),
            ("network", "three branches of four layers", "one of two layers"),
            (
                "images",
                "millions of photographs on Flickr, worldwide (MP-16)",
                "tens of thousands, United States (YFCC), or hundreds of thousands, worldwide (fMoW)",
            ),
            (
                "what is learned",
                "which place belongs to which photograph, through a large image model",
                "which of some tens of classes is likely",
            ),
        ],
        columns=["", "GeoCLIP", "class priors"],
    )
    .set_index("")
    .rename_axis("differs in"),
    "GeoCLIP and the class priors differ in five things at once.",
    "tab-upstream-differs",
)

# %% [markdown]
# So this comparison says how far class priors get, *not* what contrast is worth. A contrast has no corpus of class names to learn from: it must tell places apart by everything that
# shows in an image, which leaves more in the vector. That is a reason to expect more of it. But the basis, the width and the number of images point the same way,
# and no published encoder lets them be separated. To do so, one would train one basis, on one corpus, twice: once to name classes and once to
# match images. The corpus is the smaller problem: MP-16 and YFCC100M-GEO100 are both parts of one collection of Flickr photographs.
#
# ## 5. Frozen, or trained on?
#
# The vectors were frozen. Two other ways are open for the small architectures: to let the published weights go on learning with the network (`tuned`), and to start from nothing and learn all with the
# task (**end to end**). If a prior is only a good place to start, what it is worth must show here; if it holds something that monitors cannot teach, freezing should be better in new regions.

# %% mystnb={"figure": {"caption": "Embedded world: one basis, seven ways, test R² minus that of the same network without a place: frozen with random, fMoW or YFCC weights; going on learning from each of these; and trained from the start. Fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-tuned-world"}, "image": {"alt": "One panel a split; for each of two bases seven rows, frozen, tuned and end to end, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
WAYS = [*(arm(b, c) for b in pretrained.TUNABLE for c in CORPORA), *TUNED, *WHOLE]
_ = forest(sources["world"], "place", "ΔR² to none+head", WAYS)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-tuned-weather"}, "image": {"alt": "One panel a split for the weather task; for each of two bases seven rows, frozen, tuned and end to end, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "place", "ΔR² to none+head", WAYS)

# %% tags=["remove-input"]
ASKED = {
    "going on": "going on from these weights minus the same weights frozen",
    "start": "going on from trained weights minus going on from random ones",
    "end to end": "end to end minus frozen YFCC weights",
}
rows = []
for s in sources.values():
    for question, what in ASKED.items():
        for row in s.found[question, "r2"].itertuples():
            mean = f"**{row.difference:+.3f}**" if row.clear else f"{row.difference:+.3f}"
            rows.append(
                [s.title, where(row.split), what, named(row.arm), f"{mean} ({signed(row.low, row.high)})", row.fits]
            )
captioned(
    pd.DataFrame(rows, columns=["task", "split", "difference", "arm", "R²", "fits"]).map(lambda v: minus(str(v))),
    "What going on learning changes, and what the start is worth then; 95 % intervals over places and trainings, bold where clear.",
    "tab-upstream-tuned",
) if rows else Markdown("*No runs in which the weights go on learning are in the results yet.*")

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    for split in splits_in(s.found["going on", "r2"]):
        text = f"- **{title(s)}, {where(split)}.** "
        for question, told in (
            ("going on", "Going on learning"),
            ("start", "Then the start from trained weights instead of random ones"),
            ("end to end", "Training end to end instead of freezing YFCC weights"),
        ):
            part = by_arm(s, question, split)
            if len(part):
                text += f"{told}: clearly better in {int((part['clear'] > 0).sum())} of {len(part)}, clearly worse in {int((part['clear'] < 0).sum())}, {part['difference'].mean():+.3f} in the mean. "
        lines.append(text)
sentences(lines)

# %% [markdown]
# Fits that collapsed are not in these numbers; they are counted under the first table of this page. One detail keeps the last comparison from being exact: the published heads end in a ReLU, and those
# that are trained from the start do not ({doc}`gallery`).
#
# ## 6. What the vectors know
#
# {doc}`prior` asks vectors for facts about places by a ridge regression, without any network of PM2.5. Here are the same questions for the exact pairs. Random weights are drawn three times and their scores averaged.

# %% tags=["remove-cell"]
places = probes.monitors(store.scores(real), store.sums(real), "weather-2019")
TARGETS = {
    "density": "population density",
    "elevation": "stylised terrain",
    "city": "closeness to a city",
    "pm25": "mean PM2.5",
}
DRAWN = 3  # of random weights
if profile == "smoke":
    places, DRAWN = places.iloc[::3].reset_index(drop=True), 1
lonlat = places[["lon", "lat"]].to_numpy(float)
asked, probed, probes_at = [], {}, {}
if len(places):
    known = probes.truth(lonlat).assign(pm25=places["pm25"])
    asked, y = list(known), known.to_numpy(np.float64)
    for split in (WR, OOR):
        fold, unit = probes.deal(split, lonlat, np.random.default_rng(0))
        for name in [*(f"{b}-{c}" for b in EXACT for c in CORPORA), "geoclip"]:
            seeds = range(DRAWN) if name.endswith("untrained") else (0,)
            tables_ = []
            for seed in seeds:
                vectors = encoders.fit(name, lonlat, np.ones(len(lonlat), bool), seed)(lonlat)
                tables_.append(probes.block_sums(lonlat, y, probes.held_out(vectors, y, fold, unit)))
            probes_at[name, split] = np.mean([metrics.from_sums(t.sum(1))["r2"] for t in tables_], axis=0)
            probed[name, split] = np.mean([metrics.bootstrap(t, DRAWS)["r2"] for t in tables_], axis=0)


def gap(first, second, split, among):
    """Difference in R2 of probes, mean over architectures: a value, low and high a target."""
    drawn = np.mean([probed[f"{b}-{first}", split] - probed[f"{b}-{second}", split] for b in among], axis=0)
    point = np.mean([probes_at[f"{b}-{first}", split] - probes_at[f"{b}-{second}", split] for b in among], axis=0)
    return point, *np.percentile(drawn, [2.5, 97.5], axis=1)


# %% mystnb={"figure": {"caption": "Probes at the monitors: R² of a fact read from an architecture trained on photographs (YFCC) minus R² from the same architecture trained on satellite scenes (fMoW): the exact pairs (pale), their mean (diamond) and its 95 % bootstrap interval over blocks of 500 km. Left: test places at random among the training places; right: held-out cells of 16°.", "name": "fig-upstream-probes"}, "image": {"alt": "Two panels with one row a fact: population density, stylised terrain, closeness to a city, mean PM2.5; three pale marks, a diamond and a bar each, around a dashed line at zero."}} tags=["hide-input"]
if not asked:
    _ = figures.nothing("measured places", sources["weather-2019"].profile, embedded=sources["weather-2019"].embedded)
else:
    fig, axes = figures.subplots(1, 2, size=(6.4, 3.2), sharey=True)
    for ax, (split, name) in zip(axes, ((WR, "places at random"), (OOR, "cells of 16°")), strict=True):
        point, low, high = gap("yfcc", "fmow", split, EXACT)
        for number, b in enumerate(EXACT):
            ax.scatter(
                gap("yfcc", "fmow", split, [b])[0],
                range(len(asked)),
                s=38,
                alpha=0.65,
                color=figures.look(arm(b)).colour,
                marker=("o", "s", "^", "v")[number % 4],
                lw=0,
                label=base(b),
                zorder=3,
            )
        ax.hlines(range(len(asked)), low, high, color=figures.INK, lw=2, zorder=2)
        ax.scatter(
            point, range(len(asked)), s=62, color=figures.INK, marker="D", ec="white", zorder=4, label="mean of pairs"
        )
        ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set(title=name, xlabel="ΔR², YFCC − fMoW", ylim=(len(asked) - 0.5, -0.5))
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(asked)), [TARGETS[target] for target in asked])
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize="small")
    _ = figures.label(fig, real, n=len(places), of="monitors", embedded=False, note="terrain: the embedded world's")

# %% tags=["remove-input"]
lines = []
for first, second in (("yfcc", "fmow"), ("fmow", "untrained"), ("yfcc", "untrained")) if asked else ():
    for split, name in ((WR, "among the training places"), (OOR, "in held-out cells of 16°")):
        told = [
            f"{TARGETS[target]} {p:+.2f} ({signed(a, z, 2)})"
            for target, p, a, z in zip(asked, *gap(first, second, split, EXACT), strict=True)
        ]
        lines.append(f"- **{CORPORA[first]} minus {CORPORA[second]}, {name}:** {'; '.join(told)}.")
if asked:
    held = {
        name: round(probes_at[name, OOR][asked.index("density")], 2) + 0.0 for name, split in probes_at if split == OOR
    }
    lines.append(
        "\nPopulation density in held-out cells, R²: "
        + "; ".join(f"{base(b)} " + ", ".join(f"{CORPORA[c]} {held[f'{b}-{c}']:.2f}" for c in CORPORA) for b in EXACT)
        + f"; GeoCLIP {held['geoclip']:.2f}."
    )
sentences(lines, "*No measured places are in the committed results.*")

# %% [markdown]
# Does what a probe reads foretell what a network gains? Each vector is one point below: across, what the probe reads of the measured mean PM2.5; upwards, what the network of the weather task gains
# by that vector over no place. Both are about the same monitors and the same year, so this is the fairest chance that a probe can have.


# %% tags=["remove-cell"]
s = sources["weather-2019"]
names = [*(f"{b}-{c}" for b in EXACT for c in CORPORA), "geoclip"]
both = {}
for split in (WR, OOR):
    rows = [
        (name, probes_at[name, split][-1], row.difference)
        for name in names
        if (name, split) in probes_at and (row := one(s, "place", split, f"{name}-hadamard")) is not None
    ]
    if len(rows) >= 4:
        both[split] = pd.DataFrame(rows, columns=["vector", "probe", "gain"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: gain of the network in test R² over no place against what a ridge probe reads of the mean PM2.5 from the same vector, within the region and out of it. One mark a vector: random weights (cross), fMoW (square), YFCC (triangle), GeoCLIP (star).", "name": "fig-upstream-foretold"}, "image": {"alt": "Two scatter plots of gain in R² against probe R² with ten marks each, labelled by kind of training."}} tags=["hide-input"]
if not both:
    _ = figures.nothing("gains of the weather task", s.profile, embedded=s.embedded)
else:
    MARKS = {
        "untrained": ("X", "#7a7a7a", "random weights"),
        "fmow": ("s", "#de8f05", "fMoW"),
        "yfcc": ("^", "#0173b2", "YFCC"),
        "geoclip": ("*", "#cc78bc", "GeoCLIP"),
    }
    fig, axes = figures.subplots(1, len(both), size=(6.4, 3.3), squeeze=False)
    for ax, (split, table) in zip(axes.flat, both.items(), strict=True):
        for key, (marker, colour, word) in MARKS.items():
            part = table[table["vector"].str.endswith(key)]
            ax.scatter(
                part["probe"],
                part["gain"],
                s=110 if marker == "*" else 48,
                marker=marker,
                color=colour,
                ec="white",
                lw=0.6,
                label=word,
                zorder=3,
            )
        ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set(title=where(split), xlabel="R² of the probe, mean PM2.5")
    axes[0, 0].set_ylabel("ΔR² of the network")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize="small")
    _ = figures.label(fig, s.profile, n=len(names), of="vectors", embedded=False)

# %% tags=["remove-input"]
lines = []
for split, table in both.items():
    rank = spearmanr(table["probe"], table["gain"])
    lines.append(
        f"- **{where(split)}.** Rank correlation of probe and gain over {len(table)} vectors {rank.statistic:+.2f} ({'p < 0.01' if rank.pvalue < 0.01 else f'p = {rank.pvalue:.2f}'}); "
        + (
            "the probe foretells the order."
            if rank.statistic > 0 and rank.pvalue < 0.05
            else "the probe foretells the opposite order."
            if rank.statistic < 0 and rank.pvalue < 0.05
            else "with so few vectors that is compatible with no relation."
        )
    )
sentences(lines, "*The weather task has too few of these runs yet.*")

# %% [markdown]
# ## The answer, as far as the runs go


# %% tags=["remove-input"]
def verdicts(question, name):
    """For each task and split: the sign of a mean over the pairs, where it was run."""
    return [
        row.clear for s in sources.values() for split in (WR, OOR) if (row := one(s, question, split, name)) is not None
    ]


def count(signs, what, base_):
    if not signs:
        return f"{what} has not been compared yet"
    return f"{what} is clearly better than {base_} in {sum(v > 0 for v in signs)} of {len(signs)} comparisons (task and split), clearly worse in {sum(v < 0 for v in signs)}"


corpus = verdicts("corpus", "mean of pairs")
singles = joined([by_arm(s, "corpus", split) for s in sources.values() for split in (WR, OOR)])
trained = {c: verdicts("training", f"mean of pairs, {CORPORA[c]}") for c in ("fmow", "yfcc")}
contrasted = {c: verdicts("contrast", f"mean of pairs, {CORPORA[c]}") for c in ("fmow", "yfcc")}
lines = [
    f"- **The corpus.** In the mean of the exact pairs {count(corpus, 'YFCC', 'fMoW')}."
    + (
        ""
        if singles.empty
        else f" Of the single pairs ({len(singles)} in all, by architecture, task and split) {int((singles['clear'] > 0).sum())} point clearly to YFCC and "
        f"{int((singles['clear'] < 0).sum())} clearly to fMoW."
    )
    + (
        ""
        if not corpus
        else " That agrees with the explanation that photographs make the difference, and does not prove it: the corpora differ in more than that."
        if all(v > 0 for v in corpus)
        else " With the architecture held fixed, photographs are then not reliably better for PM2.5: the explanation is not borne out by these encoders."
        if not any(v > 0 for v in corpus)
        else " So what there is of an effect depends on the task and on whether the region is known."
    ),
    f"- **Any training.** {count(trained['fmow'], 'fMoW', 'random weights')}; {count(trained['yfcc'], 'YFCC', 'random weights')}.",
]
if len(twoway):
    wide = twoway.pivot(index=["task", "split"], columns="part", values="spread")
    lines.append(
        f"- **Corpus or basis.** In {int((wide['corpus'] > wide['basis']).sum())} of {len(wide)} comparisons the spread between corpora is larger than that between bases; no interval is given for a spread."
    )
else:
    lines.append("- **Corpus or basis.** Not run yet.")
lines.append(
    f"- **GeoCLIP.** {count(contrasted['fmow'], 'The mean of the fMoW priors', 'GeoCLIP')}; {count(contrasted['yfcc'], 'that of the YFCC priors', 'GeoCLIP')}. "
    "Whether contrast is the reason cannot be said from these encoders."
)
if asked:
    point, low, high = gap("yfcc", "fmow", OOR, EXACT)
    clear = [TARGETS[t] for t, a in zip(asked, low, strict=True) if a > 0]
    lines.append(
        "- **What the vectors hold.** In held-out regions a straight line reads "
        + (
            f"more about {listed(clear)} from YFCC's vectors than from fMoW's (interval over blocks of places above zero)."
            if clear
            else "no fact better from YFCC's vectors than from fMoW's, by an interval over blocks of places."
        )
    )
sentences(lines)

# %% [markdown]
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck.

# %% tags=["remove-input"]
AGAINST = {"corpus": "fMoW", "training": "random weights", "contrast": "GeoCLIP"}
lines = []
for s in sources.values():
    tables = [
        found.assign(question=question)
        for (question, metric), found in s.found.items()
        if metric == "r2" and len(found)
    ]
    if not tables:
        continue
    every = pd.concat(tables, ignore_index=True)
    means = {name for names in POOLED.values() for name in names}
    kept = surviving(every)
    kept, asked_ = kept[kept["arm"].isin(means)], int(every["arm"].isin(means).sum())
    words = [
        f"{row.arm.removeprefix('mean of pairs').removeprefix(', ') or 'YFCC'} {'better' if row.clear > 0 else 'worse'} than {AGAINST[row.question]} on {where(row.split)}"
        for row in kept.itertuples()
    ]
    lines.append(
        f"- **{title(s)}.** {looked(every)} "
        + (
            f"Of the {asked_} means over the pairs, on which the answers rest, there "
            + (f"stay: {listed(words)}." if words else "stays none.")
            if asked_
            else "There is no mean over the pairs yet."
        )
    )
sentences(lines)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what exchanging the upstream corpus does when the architecture stays the same, what training does at all, and how both compare with exchanging the basis: for class priors of a small size, on two tasks,
# with a small network and few seeds.
#
# It does not show what *photographs* do, as against *satellite images*. The two corpora differ in their classes, in how many images they have, and in where these come from: the photographs are from the
# country that is tested. To separate the view from the rest, one would need photographs and satellite scenes of the same places with the same classes. Nor does it show what contrast does.
#
# And it is silent about SatCLIP. A contrastive encoder of satellite images may hold more than a prior over land uses does, and a prior that says little may say so because naming
# classes asks little of it. In the tables of those who published the encoders, knowing the place helps both corpora's classifiers by about a percentage point {cite:p}`wu2024torchspatial`: there was not much
# about places that these two tasks could teach.
#
# ```{admonition} Exercise: a fair pair
# :class: exercise tip
# You may train two encoders of your own. Which two would tell what *contrast* is worth, and what must be equal between them? Which two would tell what the *view* is worth?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For contrast: one basis, width, corpus and number of steps; one encoder learns to name the classes of the images, the other to match places with vectors of the same images from one frozen image
# model. For the view: one basis, width and loss; photographs and satellite scenes at the *same* places, as many of each, with labels that mean the same or with none. In both cases several seeds
# of the upstream training, because one training is one draw.
# ```
#
# ```{admonition} Exercise: one training is one draw
# :class: exercise tip
# The seeds of the runs repeat the training of the PM2.5 network. What do they *not* repeat, and which way does this err in the intervals of section 1?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Each published encoder was trained once. Another training on the same corpus would give another vector, and all runs here would share that change. So the intervals hold for *these* encoders; as statements on
# the corpora they are too narrow. The three pairs are the only repetition: three draws of each corpus, in different architectures. If they disagree in sign, the corpus effect is not established, however narrow each interval is.
# ```
#
# ```{admonition} Exercise: why the tick is not zero
# :class: exercise tip
# In the decomposition, let all cells have the same true score and let each measured mean have an independent error with variance $\sigma^2$. What is the expected mean square of $\gamma_c$, with $B$ bases and $C$ corpora?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The mean over $B$ cells of one corpus has variance $\sigma^2/B$. Subtracting the grand mean leaves $\frac{\sigma^2}{B}\bigl(1 - \frac1C\bigr)$, that is $\sigma^2 \frac{C-1}{BC}$. It is above zero, so a
# spread is never zero in practice, and the tick in {numref}`fig-upstream-twoway` is its square root.
# ```
