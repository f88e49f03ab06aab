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
from IPython.display import Markdown
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.stats import spearmanr

from placeprior import evidence
from placeprior.arms import SPLITS, arm_order, with_arm
from placeprior.arms import arm as arm_name
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, NOTE, listed, minus, rule, said, signed
from placeprior.coords import great_circle_km, project
from placeprior.data.world.land import density
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import matched, who_is_served
from placeprior.runs import plan, store
from placeprior.scores import metrics
from placeprior.scores.fairness.geobias import sri
from placeprior.scores.fairness.unevenness import semivariogram

figures.style()
HEAD, GEOCLIP = "none+head", "geoclip-hadamard"
OUT, WITHIN = "checkerboard-16", "spatial"
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019"}
SAID = {"world": "the embedded world", "weather-2019": "the weather task"}
MAIN = [
    "idw",
    "none",
    HEAD,
    "random-vector-hadamard",
    "shuffled-hadamard",
    "urban-hadamard",
    "lonlat",
    "sincos",
    GEOCLIP,
    "geoclip-concat",
]
CONTROLS = MAIN[:6]
GAPS = [f"{one} − {two}" for one, two in who_is_served.PAIRS]
SCORES = {  # name, unit, digits
    "regions": ("spread over regions", figures.UNIT, 2),
    "moran": ("Moran's I of the bias", None, 2),
    "scale": ("by scale", "nats", 3),
    "distance": ("by distance", "nats", 3),
    "direction": ("by direction", "nats", 3),
    "ssi": ("self-information", "nats", 1),
    "ssi-density": ("self-information, by density", "nats", 1),
}
DRAWN = ("scale", "distance", "direction", "ssi")
IN_WORDS = {
    key: f"relative information {name}" if name.startswith("by") else name for key, (name, *_) in SCORES.items()
}


def zoo(name):
    """Arms of the page of all encoders, of which the best few are shown here too."""
    known = plan.profile(name)["matrices"]
    models = [
        m.split("/")
        for part in ("zoo", "handful", "upstream", "satclip")
        if part in known
        for m in known[part]["model"]
    ]
    return {arm_name(*model) for model in models}


def fits_of(s, split):
    """Maps of errors of all arms that were run in every fit in which the reference was: of all fits, and by seed."""
    part = s.scores[s.scores["split"] == split].drop_duplicates("run")
    wanted = set(part.loc[part["arm"] == HEAD, ["fold", "seed"]].itertuples(index=False, name=None))
    tables = dict(list(s.sums[s.sums["run"].isin(part["run"])].groupby("run")))
    maps, runs, seeds = {}, {}, {}
    for arm, own in part.groupby("arm"):
        own = own[[fit in wanted for fit in own[["fold", "seed"]].itertuples(index=False, name=None)]]
        if len(own) == len(wanted) and set(own["run"]) <= set(tables):
            runs[arm] = pd.concat([tables[run] for run in own["run"]])
            maps[arm] = who_is_served.by_station(runs[arm])
            seeds[arm] = {
                seed: who_is_served.by_station(pd.concat([tables[run] for run in folds["run"]]))
                for seed, folds in own.groupby("seed")
            }
    if HEAD not in maps:
        return SimpleNamespace(maps={}, masks={}, fits=0)
    known = who_is_served.known_km(runs[HEAD]) if split == OUT else None
    lonlat = maps[HEAD][["lon", "lat"]].to_numpy()
    masks = who_is_served.who(lonlat, None if known is None else known.to_numpy())
    return SimpleNamespace(maps=maps, seeds=seeds, masks=masks, fits=len(wanted), lonlat=lonlat, known=known)


def source(task):
    """Scores, sums and maps of errors of a task, and its scores of geographic bias where they were made."""
    name = profile if task == "world" else real
    scores, others = with_arm(store.scores(name)), zoo(name)
    seeds = plan.profile(name)["matrices"]["zoo"]["seed"]
    here = (scores["task"] == task) & scores["split"].isin([OUT, WITHIN]) & scores["seed"].isin(seeds)
    scores = scores[here & scores["arm"].isin({*MAIN, *others})]
    sums = store.sums(name)
    world = "embedded world" if task == "world" else "real measurements"
    s = SimpleNamespace(
        task=task,
        title=TASKS[task],
        scores=scores,
        sums=sums[sums["run"].isin(scores["run"])],
        profile=name,
        seeds=seeds,
        embedded=task == "world",
        origin=f"profile {name}, {world}",
        short=task.split("-")[0],
        bias=pd.DataFrame(),
    )
    s.out, s.within = fits_of(s, OUT), fits_of(s, WITHIN)
    rmse = {arm: float(np.sqrt(m["sum_e2"].sum() / m["n"].sum())) for arm, m in s.out.maps.items()}
    s.best = sorted((a for a in rmse if a in others and a not in MAIN), key=rmse.get)[:3]
    s.arms = [a for a in (*MAIN, *s.best) if a in rmse]
    try:
        bias = with_arm(evidence.read(name, "who_is_served"))
        bias = bias[(bias["task"] == task) & (bias["split"] == OUT) & bias["arm"].isin({*MAIN, *others})]
        s.bias = bias.assign(z=(bias["value"] - bias["chance"]) / bias["sd"])
    except (StoreError, UnknownName):
        pass
    return s


sources = {task: source(task) for task in TASKS}
if not sources["world"].out.maps:
    raise StoreError(
        f"results/{profile} has no runs of {HEAD} in the embedded world on the split {OUT}; `make demo-full` makes those of demo, "
        f"and `placeprior runs list {profile}` shows what is left to do"
    )
for s in sources.values():
    reach = matched.reach(s.profile, s.task)
    s.even = {
        split: {
            arm: who_is_served.evenness(part.seeds[arm], part.seeds[HEAD], part.masks, range_km=reach[split])
            for arm in s.arms
            if arm in part.maps
        }
        for split, part in ((OUT, s.out), (WITHIN, s.within))
    }


def title(s):
    return s.title[0].upper() + s.title[1:]


def short(arm):
    return figures.look(arm).name.removesuffix(", Hadamard").removesuffix(" (no model)")


def dashes(arm):
    """Line style: an encoder of the other page is dashed, as its colour may be that of an arm of this one."""
    return "-" if arm in MAIN else "--"


def plain(text):
    """A sentence without the word that all arms share."""
    return minus(text.replace(", Hadamard)", ")").replace(" (Hadamard)", "")).replace(" · ", "\u00a0·\u00a0")


def number(value, digits=2):
    return "–" if not np.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def both_label(fig, shown, n, of):
    """The line under a figure that shows one task or both, the embedded world on the left."""
    s, rest = shown[-1], shown[:-1]
    note = "".join(f"left: embedded world (simulated), profile {one.profile}" for one in rest)
    return figures.label(fig, s.profile, n=n, of=of, embedded=s.embedded, note=note)


# %% [markdown]
# # Who is served?
#
# A score is one number for a whole country. Behind it stand people at places, and the same RMSE can mean a fair service for all or a very good one for
# some. This page looks at errors station by station, and asks who bears them: which regions, city or country, West or East, those near a monitor
# or far from one. Then it asks whether **telling the model the place** makes errors more evenly spread, or less.
#
# The concern is not idle. The authors of TorchSpatial {cite:p}`wu2024torchspatial`, who collected many of the encoders of {doc}`zoo`, report
# that location encoders can raise a model's *geographic bias* together with its scores. They measure it with a quantity
# from information theory, which this page builds from scratch, tests on patterns made on purpose, and only then applies.
#
# All maps are **out of region** (checkerboard of 16°, {doc}`../concepts/splits`): both partitions together give every station an error from a model that
# has seen nothing within its cell. Errors are estimate minus measurement; a station's RMSE is the size of its errors, its *bias* their mean.

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    if not s.out.maps:
        lines.append(f"- **{title(s)}:** no runs of this kind are in `results/{s.profile}`.")
        continue
    best = listed([said(a) for a in s.best])
    lines.append(
        f"- **{title(s)}:** {len(s.out.lonlat)} stations, each with the errors of {s.out.fits // 2} {'seed' if s.out.fits == 2 else 'seeds'}. Beside the arms of {{doc}}`comparison` and "
        f"{{doc}}`controls`, {f'the page shows the encoders of {{doc}}`zoo` with the smallest RMSE here: {best}' if best else 'no other encoder was run yet'}."
        + (
            ""
            if len(s.bias)
            else f" The scores of geographic bias have not been made yet (`doit evidence:{s.profile}:who_is_served`)."
        )
    )
Markdown(plain("\n".join(lines)))

# %% [markdown]
# ## Errors on a map
#
# First the size of errors without a place, with the extra head (`none+head`, {doc}`controls`); then what telling the place changes, station by station.


# %% tags=["remove-cell"]
def draw_maps(s):
    """RMSE of the reference, and the change by three arms."""
    if not s.out.maps:
        return figures.nothing("maps of errors", s.profile, embedded=s.embedded, of="maps")
    shown = [a for a in ("lonlat", GEOCLIP, *s.best, "urban-hadamard") if a in s.out.maps][:3]
    base = s.out.maps[HEAD]["rmse"].to_numpy()
    fig, axes = figures.subplots(2, 2, size=(6.4, 5.4), maps=True)
    size = 9 if len(base) < 600 else 5
    drawn = figures.station_map(axes.flat[0], s.out.lonlat, base, "RMSE", size=size, bar=False)
    axes.flat[0].set_title("no location, extra head")
    figures.colourbar(axes.flat[0], drawn, "RMSE", extend="both", shrink=0.9)
    change = {a: s.out.maps[a]["rmse"].to_numpy() - base for a in shown}
    top = float(np.quantile(np.abs(np.concatenate(list(change.values()))), 0.95)) if change else 1.0
    for ax, (arm, values) in zip(axes.flat[1:], change.items(), strict=False):
        drawn = figures.station_map(
            ax, s.out.lonlat, values, "change", kind="difference", vmin=-top, vmax=top, size=size, bar=False
        )
        ax.set_title(f"change by {short(arm)}")
        figures.colourbar(ax, drawn, "change of RMSE", extend="both", shrink=0.9)
    for ax in axes.flat[1 + len(change) :]:
        ax.set_visible(False)
    return figures.label(fig, s.profile, n=len(base), of="stations", embedded=s.embedded)


# %% mystnb={"figure": {"caption": "Embedded world, out of region: RMSE at each station without a place (first map; colours end at the 2nd and 98th percentile), and how it changes when the model is told the place: blue smaller, red larger errors, one scale for all changes.", "name": "fig-served-map-world"}, "image": {"alt": "Four maps of the contiguous US with a dot a station. The first shows the RMSE without a place; the others, in blue and red, where lon/lat, GeoCLIP and another encoder make errors smaller or larger."}} tags=["hide-input"]
_ = draw_maps(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-map-weather"}, "image": {"alt": "Four maps of the contiguous US with a dot a monitor: RMSE without a place, and the change by lon/lat, GeoCLIP and another encoder in blue and red."}} tags=["hide-input"]
_ = draw_maps(sources["weather-2019"])

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    for arm in [a for a in ("lonlat", GEOCLIP, *s.best[:1]) if a in s.out.maps]:
        won = s.out.maps[arm]["rmse"].to_numpy() < s.out.maps[HEAD]["rmse"].to_numpy()
        parts = [
            f"{who} {100 * won[s.out.masks[who]].mean():.0f} %"
            for pair in who_is_served.PAIRS
            for who in pair
            if who in s.out.masks
        ]
        lines.append(
            f"- **{title(s)}, {said(arm)}:** errors become smaller at {100 * won.mean():.0f} % of the stations ({', '.join(parts)})."
        )
Markdown(
    plain("\n".join(lines))
    + "\n\nShares of stations whose RMSE falls against `none+head`; the groups are defined below."
)

# %% [markdown]
# ## In whose region?
#
# The plainest measure: add up the squared errors of a region's stations, and take the RMSE. The regions are the nine climate regions of the
# National Centers for Environmental Information, groups of whole states. Their **spread** is the standard deviation of the nine numbers; regions with
# fewer than five stations are shown but not counted.

# %% tags=["remove-input"]
shown = []
for s in sources.values():
    if not s.out.maps:
        continue
    arms = [a for a in ("idw", HEAD, "urban-hadamard", "lonlat", "sincos", GEOCLIP, *s.best) if a in s.even[OUT]]
    names = [n for n in who_is_served.CLIMATES if n in s.out.masks]
    rows = [
        (name, s.even[OUT][HEAD].loc[name, "stations"], *(number(s.even[OUT][a].loc[name, "value"]) for a in arms))
        for name in names
    ]
    rows.append(("**spread**", "", *(number(s.even[OUT][a].loc["spread", "value"]) for a in arms)))
    rows.append(("**all stations**", len(s.out.lonlat), *(number(s.even[OUT][a].loc["all", "value"]) for a in arms)))
    shown.append(
        captioned(
            pd.DataFrame(rows, columns=["region", "stations", *map(short, arms)]),
            f"{title(s)}, out of region: RMSE by climate region in {figures.UNIT}, all fits together; {s.origin}.",
            f"tab-served-regions-{s.short}",
        ).data
    )
Markdown("\n\n".join(shown))

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    worst = {}
    for arm in [a for a in s.arms if a in s.even[OUT] and a not in ("random-vector-hadamard", "shuffled-hadamard")]:
        of = s.even[OUT][arm]
        of = of.loc[
            [n for n in who_is_served.CLIMATES if n in of.index and of.loc[n, "stations"] >= who_is_served.LEAST],
            "value",
        ]
        if len(of):
            worst.setdefault(of.idxmax(), []).append(said(arm))
    if len(worst) == 1:
        lines.append(f"- **{title(s)}:** whatever the model is told, its RMSE is largest in the {next(iter(worst))}.")
    elif worst:
        lines.append(
            f"- **{title(s)}:** the RMSE is largest "
            + "; ".join(f"in the {name} with {listed(arms)}" for name, arms in worst.items())
            + "."
        )
Markdown(plain("\n".join(lines)))

# %% [markdown]
# A region is not served badly only because a model is bad there. Where smoke is frequent, PM2.5 itself varies more, and every model has a larger RMSE.
# That is why the question of this page is the *change* that telling the place brings: what is hard for both models cancels.
#
# ## City and country, West and East, far and near
#
# Three pairs of groups, each of which might be forgotten by a model that does well on average:
#
# - **city** and **country**: the thirds of the stations with the most and the fewest people around them, out to some tens of kilometres. Monitors
#   stand where people live; a model is trained mostly there.
# - **west** and **east** of 100° W, where the dry West with its mountains and fires begins.
# - **far** and **near**: the thirds farthest from a station that the model knew and nearest to one. These are the sparsely monitored places.
#
# The **gap** is the RMSE of the first group minus that of the second. Zero would be an even service.


# %% tags=["remove-cell"]
def compact(axes, tables, arms, quantities, names):
    """Small forests with one row an arm: each table has the columns arm, value, and perhaps low, high and seed."""
    for number_, (ax, key) in enumerate(zip(axes.flat, tables, strict=False)):
        for row, arm in enumerate(arms):
            own = tables[key][tables[key]["arm"] == arm]
            if own.empty or own["value"].isna().all():
                continue
            look = figures.look(arm)
            low, high = (
                (own["low"].iloc[0], own["high"].iloc[0]) if "low" in own else (own["value"].min(), own["value"].max())
            )
            ax.plot([low, high], [row, row], color=look.colour, lw=1.6, zorder=2)
            if len(own) > 1:
                ax.scatter(own["value"], [row] * len(own), s=10, color=look.colour, alpha=0.45, lw=0, zorder=3)
            ax.scatter(
                own["value"].mean(), row, s=36, marker=look.marker, color=look.colour, ec="white", lw=0.5, zorder=4
            )
        ax.set(title=names[key], xlabel=quantities[key], ylim=(len(arms) - 0.4, -0.6))
        ax.set_yticks(range(len(arms)), [short(a).replace("concatenated", "concat.") for a in arms], fontsize=8)
        if number_ % 2:
            ax.tick_params(labelleft=False)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.grid(axis="y", visible=False)


def draw_gaps(s):
    """Gaps between groups and the spread over regions, one row an arm."""
    if not s.out.maps:
        return figures.nothing("gaps between groups", s.profile, embedded=s.embedded, of="maps")
    keys = [*[g for g in GAPS if g in s.even[OUT][HEAD].index], "spread"]
    tables = {}
    for key in keys:
        rows = [(a, *s.even[OUT][a].loc[key, ["value", "value_low", "value_high"]]) for a in s.arms if a != "idw"]
        tables[key] = pd.DataFrame(rows, columns=["arm", "value", "low", "high"])
    arms = [a for a in s.arms if a != "idw"]
    fig, axes = figures.subplots(2, 2, size=(6.4, 2 * (0.2 * len(arms) + 0.75) + 0.6), squeeze=False)
    unit = {key: f"RMSE of the first minus the second [{figures.UNIT}]" for key in keys} | {
        "spread": f"SD of regional RMSE [{figures.UNIT}]"
    }
    compact(
        axes,
        tables,
        arms,
        {k: v if k == "spread" else f"gap [{figures.UNIT}]" for k, v in unit.items()},
        {k: k for k in keys} | {"spread": "spread over regions"},
    )
    for ax, key in zip(axes.flat, keys, strict=False):
        if key != "spread":
            ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    for ax in axes.flat[len(keys) :]:
        ax.set_visible(False)
    return figures.label(fig, s.profile, n=len(s.out.lonlat), of="stations", embedded=s.embedded, note=NOTE)


# %% mystnb={"figure": {"caption": "Embedded world, out of region: RMSE of the first group minus that of the second (marker) with its 95 % interval over places and trainings (bar), for every arm; right of the dashed line the first group is served worse. Last panel: standard deviation of RMSE over climate regions. Inverse distance is left out.", "name": "fig-served-gaps-world"}, "image": {"alt": "Four panels with one row an arm: the gaps country minus city, west minus east and far minus near with intervals around a dashed line at zero, and the spread over regions."}} tags=["hide-input"]
_ = draw_gaps(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-gaps-weather"}, "image": {"alt": "The same four panels for real measurements: gaps between groups with intervals around a dashed line at zero, and the spread over regions."}} tags=["hide-input"]
_ = draw_gaps(sources["weather-2019"])

# %% tags=["remove-input"]
Markdown(rule())

# %% [markdown]
# What does telling the place change? The table has the change of each gap against `none+head`, with the interval of the change. A positive change is at the expense of the group that is named first, and a negative change of a positive gap means a more even service. Within region the stations that are
# tested are few and near to known ones, so only the first two pairs are asked there.

# %% tags=["remove-input"]
shown = []
for s in sources.values():
    for split in (OUT, WITHIN):
        if HEAD not in s.even[split]:
            continue
        keys = [k for k in (*GAPS, "spread", "all") if k in s.even[split][HEAD].index]
        rows = []
        for arm in [a for a in s.arms if a not in (HEAD, "idw") and a in s.even[split]]:
            of = s.even[split][arm].loc[keys]
            cells = [
                "–"
                if not np.isfinite(one.change)
                else (f"**{number(one.change)}**" if one.clear else number(one.change))
                + f" ({signed(one.low, one.high, 2)})"
                for one in of.itertuples()
            ]
            rows.append((short(arm), *cells))
        stations = len(s.out.lonlat if split == OUT else s.within.lonlat)
        table = captioned(
            pd.DataFrame(
                rows,
                columns=[
                    "told about the place",
                    *({"spread": "spread over regions", "all": "RMSE"}.get(k, k) for k in keys),
                ],
            ),
            f"{title(s)}, {SPLITS[split]}: change against `none+head` in {figures.UNIT} at {stations} stations, {INTERVAL} over places and trainings, bold where it "
            f"is clear; {s.origin}.",
            f"tab-served-gaps-{s.short}-{'out' if split == OUT else 'within'}",
        ).data
        shown.append(
            table
            if split == OUT
            else f"::::{{admonition}} {title(s)}: within region\n:class: dropdown note\n\n{table}\n::::\n"
        )
Markdown("\n\n".join(shown))


# %% tags=["remove-input"]
WHOM = {
    "country": "the country",
    "city": "cities",
    "west": "the West",
    "east": "the East",
    "far": "far places",
    "near": "near places",
}


def change_words(of, key):
    """Whose loss a clear change of a gap is, or how the spread changed; None where nothing is clear."""
    one = of.loc[key]
    if not one["clear"]:
        return None
    if key == "spread":
        return "wider" if one["change"] > 0 else "narrower"
    return f"at the expense of {WHOM[key.split(' − ')[int(one['change'] < 0)]]}"


lines = []
for s in sources.values():
    if not s.out.maps:
        continue
    reference = s.even[OUT][HEAD]
    gaps = [g for g in GAPS if g in reference.index]
    levels = [
        f"{g} {number(reference.loc[g, 'value'])} ({signed(reference.loc[g, 'value_low'], reference.loc[g, 'value_high'], 2)})"
        for g in gaps
    ]
    text = f"**{title(s)}.** Without a place, the gaps are, in {figures.UNIT}: {listed(levels)}."
    told = [a for a in s.arms if a in s.even[OUT] and a not in (*CONTROLS[:3],)]
    for key in (*gaps, "spread"):
        sides = {}
        for arm in told:
            if word := change_words(s.even[OUT][arm], key):
                sides.setdefault(word, []).append(said(arm))
        what = "The spread over regions becomes" if key == "spread" else f"{key[0].upper() + key[1:]} changes"
        with_ = [f"{word} with {listed(arms)}" for word, arms in sides.items()]
        text += (
            f" {what} clearly {'; '.join(with_)}."
            if with_
            else f" No arm clearly changes {'the spread over regions' if key == 'spread' else key}."
        )
    lines.append("- " + text)
Markdown(plain("\n".join(lines)))

# %% [markdown]
# ## Do neighbours err alike?
#
# Groups must be named before one can look at them. The next measures need no names. **Moran's I** {cite:p}`moran1950` asks whether a station's bias
# resembles that of its eight nearest neighbours $\mathrm{NN}(i)$:
#
# $$
# I = \frac{\sum_i \sum_{j \in \mathrm{NN}(i)} (x_i - \bar x)(x_j - \bar x)}{8 \sum_i (x_i - \bar x)^2} ,
# $$ (eq-served-moran)
#
# near 0 when the biases $x$ lie anyhow, towards 1 when whole areas are over- or underestimated together. The **semivariogram** {cite:p}`matheron1963` asks how far that
# goes: half the mean squared difference of two stations' biases, against the distance between them. It rises as far as errors have something in common. Where
# it is flat from the start, neighbours share no error, and whatever is wrong is local.


# %% tags=["remove-cell"]
def draw_semivariograms():
    """Semivariograms of station biases of a few arms, one panel a task."""
    shown = [s for s in sources.values() if s.out.maps]
    fig, axes = figures.subplots(1, len(shown), size=(6.4, 3.4), squeeze=False)
    drawn = []
    for ax, s in zip(axes.flat, shown, strict=True):
        for arm in [a for a in (HEAD, "urban-hadamard", "lonlat", GEOCLIP, *s.best[:1]) if a in s.out.maps]:
            curve = semivariogram(s.out.lonlat, s.out.maps[arm]["bias"].to_numpy())
            curve = curve[curve["pairs"] >= 30]
            look = figures.look(arm)
            ax.plot(
                curve["km"], curve["semivariance"], color=look.colour, marker=look.marker, ls=dashes(arm), ms=4, lw=1.3
            )
            drawn.append(arm)
        ax.set(title=s.title, xlabel="distance [km]", ylim=(0, None))
    axes[0, 0].set_ylabel("semivariance of the bias\n[(µg m⁻³)²]")
    handles = [
        Line2D([], [], color=figures.look(a).colour, marker=figures.look(a).marker, ls=dashes(a), label=short(a))
        for a in arm_order(drawn)
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")
    return both_label(fig, shown, max(len(s.out.lonlat) for s in shown), "stations at most")


# %% mystnb={"figure": {"caption": "Semivariogram of the stations' bias, out of region: how much two stations' mean errors differ, against their distance; one panel a task, bins of at least thirty pairs. The level at large distances is the variance of the bias; a curve that begins far below it says that neighbours err alike. Dashed: the encoder with the smallest RMSE.", "name": "fig-served-semivariogram"}, "image": {"alt": "Two panels with rising curves, one an arm: semivariance of the bias against distance up to fifteen hundred kilometres, low for near stations and higher for far ones."}} tags=["hide-input"]
_ = draw_semivariograms()

# %% [markdown]
# ## Scores of geographic bias, from scratch
#
# ### How surprising?
#
# Information theory measures surprise. An event of probability $p$ carries the **self-information** $-\ln p$, in *nats*: a certain event none, one
# in a thousand about seven. So ask: if good and bad service were dealt to the places at random, how surprising would this arrangement be?
#
# **Spatial self-information** {cite:p}`wang2024information` does so within a radius around each station. Stations carry the mark $+1$ (here: among the better half, by
# RMSE) or $-1$ (the worse half), and a background of evenly spread points carries $0$. From the marks one computes an unscaled Moran's I, $U$. If the marks were
# dealt at random, $U$ would be about normal with a mean $\mu$ and a standard deviation $\sigma$ that can be worked out. The score is the surprise of a deviation as large as the
# one that was found,
#
# $$
# J = -\ln\, 2\,\Phi\!\left(-\frac{\lvert U - \mu \rvert}{\sigma + 1}\right),
# $$ (eq-served-ssi)
#
# averaged over stations. (This is the form of 2025. The older one takes the normal *density* at $U$ instead of the tail, and its numbers do not compare.) Half of the
# stations are marked $+1$ whatever the model, so what is scored is *where* they lie.
#
# Two things must be known before one reads it. It also scores where the *places* lie, good or bad: monitors crowd around cities, which is surprising by itself.
# And it does not know good from bad: all right and all wrong score the same.
#
# ### How unlike the whole?
#
# **Spatial relative information** {cite:p}`wang2025geobs` compares a part with the whole it belongs to. Around each station, take all stations
# within a radius, cut them into patches, and sort all RMSE into four equal classes, from the best to the worst quarter. With $q_b$ the share of class $b$ in the neighbourhood and $p_b$ that
# in a patch, the patch carries
#
# $$
# D = \sum_b p_b \ln \frac{p_b}{q_b}
# $$ (eq-served-sri)
#
# nats: nothing if the patch is like the whole, much if it holds only good or only bad stations. (So that three stations do not pass for a pattern, one
# station's worth of the whole is mixed into every patch.) The score is the mean over all patches. How one cuts decides what one sees:
#
# - **by scale**, into square cells: is one corner worse than another?
# - **by distance**, into rings: are stations near me served otherwise than those far off?
# - **by direction**, into sectors: is it worse to one side?
#
# ### What is "none"?
#
# None of these scores is 0 when there is no bias. Small patches differ by chance; and monitors are not spread evenly. So every score stands beside its **null
# distribution**: the same errors dealt to the same places at random, many times. The score minus the mean of the null, in standard deviations of the null, says how far beyond chance it is,
# and the share of dealings that score as high is a $p$-value {cite:p}`phipson2010`. As the scores look at ranks only, every model
# with the same stations has the same null.

# %% tags=["remove-input"]
lines = [
    f"Settings: self-information within {who_is_served.SSI_KM:.0f} km with {who_is_served.SSI_K} neighbours; relative information within {who_is_served.RADIUS_KM:.0f} km, in cells of "
    f"{who_is_served.STEPS['scale']:.0f} km, rings of {who_is_served.STEPS['distance']:.0f} km and sectors of {who_is_served.STEPS['direction']:.0f}°, patches of at least {who_is_served.LEAST} stations; "
    f"{who_is_served.PERMUTATIONS} dealings ({who_is_served.ARRANGEMENTS} for self-information)."
]
Markdown("\n".join(lines))

# %% [markdown]
# ### A test on patterns made on purpose
#
# Before trusting a score, plant a pattern and see whether it is found. The stations are those of the embedded world; the errors are invented: a RMSE
# between one and three for each station, with some noise. The last row deals the first pattern's errors at random.


# %% tags=["remove-cell"]
def standard(values):
    """Ranks from 0 to 1."""
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") / (len(values) - 1)


def invented(lonlat, pattern, rng):
    """A map of errors whose RMSE follows a pattern (0 to 1) with noise."""
    rmse = 1 + 2 * (0.75 * pattern + 0.25 * rng.uniform(size=len(lonlat)))
    table = pd.DataFrame({"lon": lonlat[:, 0], "lat": lonlat[:, 1], "rmse": rmse, "bias": rmse})
    return table.assign(**{name: 0.0 for name in metrics.SUMS}).assign(n=300.0, sum_e=300 * rmse, sum_e2=300 * rmse**2)


rng = np.random.default_rng(0)
base = sources["world"].out.lonlat
field = np.exp(-great_circle_km(base, base) / 200) @ rng.standard_normal(len(base))
patterns = {
    "worse to the west": standard(-base[:, 0]),
    "worse in the west half": (base[:, 0] < np.median(base[:, 0])).astype(float),
    "worse in the country": standard(-density(project(base), who_is_served.TOWN)),
    "patches of some 200 km": standard(field),
    "every other square of 1°": np.floor(base).sum(1) % 2,
}
patterns["dealt at random"] = rng.permutation(patterns["worse to the west"])
null = who_is_served.chance(base, permutations=99, arrangements=15)
planted = {}
for name, pattern in patterns.items():
    found = pd.DataFrame(
        who_is_served.score(invented(base, pattern, rng), null), columns=who_is_served.COLUMNS[5:]
    ).set_index("measure")
    planted[name] = (found["value"] - found["chance"]) / found["sd"]

# %% tags=["remove-input"]
kept = [key for key in SCORES if key != "ssi-density"]
rows = [
    (name, *("–" if not np.isfinite(z.get(key, np.nan)) else number(z[key], 1) for key in kept))
    for name, z in planted.items()
]
captioned(
    pd.DataFrame(rows, columns=["pattern", *(SCORES[key][0] for key in kept)]),
    f"Invented errors at {len(base)} stations: how far each score is above chance, in standard deviations of its null; profile {profile}, places of the embedded world.",
    "tab-served-planted",
)

# %% tags=["remove-input"]
seen = {name: [IN_WORDS[key] for key in kept if z.get(key, np.nan) > 3] for name, z in planted.items()}
blind = {name: [IN_WORDS[key] for key in kept if z.get(key, np.nan) <= 3] for name, z in planted.items()}
lines = [
    f"- *{name}*: "
    + (f"found by {listed(seen[name])}" if seen[name] else "found by none")
    + (f"; not by {listed(blind[name])}" if seen[name] and blind[name] else "")
    + "."
    for name in planted
]
Markdown("More than three standard deviations above chance counts as found:\n\n" + "\n".join(lines))

# %% [markdown]
# So no single score sees everything, and a rank of models by one of them is a rank by one kind of pattern. For one model, here is its observed score of direction
# beside the null.

# %% mystnb={"figure": {"caption": "Embedded world, no location with the extra head, out of region: relative information by direction of the stations' RMSE (orange line) and the same errors dealt to the places at random (grey bars). Chance alone does not score zero.", "name": "fig-served-null"}, "image": {"alt": "A histogram of scores under random dealing, in grey and well above zero, and an orange vertical line for the observed score."}} tags=["hide-input"]
s = sources["world"]
fig, ax = figures.subplots(size=(6.4, 2.4))
if "direction" in null:
    observed = sri(
        base,
        s.out.maps[HEAD]["rmse"].to_numpy(),
        kind="direction",
        radius_km=who_is_served.RADIUS_KM,
        step=who_is_served.STEPS["direction"],
        least=who_is_served.LEAST,
        permutations=199,
        rng=np.random.default_rng(1),
    )
    ax.hist(observed.null, bins=12, color="#b5b5b5")
    ax.axvline(observed.score, color="#d55e00", lw=2)
    ax.set(xlabel="relative information by direction [nats]", ylabel="dealings", xlim=(0, None))
else:
    ax.set_axis_off()
    ax.text(0, 0.5, "too few stations for a score by direction", va="center")
_ = figures.label(fig, s.profile, n=len(base), of="stations", embedded=True)

# %% [markdown]
# ## The scores of every variant


# %% tags=["remove-cell"]
def draw_scores(s):
    """Scores of each seed, with the band of chance."""
    if s.bias.empty:
        return figures.nothing("scores of geographic bias", s.profile, embedded=s.embedded, of="maps")
    arms = [a for a in s.arms if a in set(s.bias["arm"])]
    keys = [k for k in DRAWN if s.bias.loc[s.bias["measure"] == k, "value"].notna().any()]
    if not keys:
        return figures.nothing("scores of geographic bias", s.profile, embedded=s.embedded, of="maps")
    fig, axes = figures.subplots(2, 2, size=(6.4, 2 * (0.2 * len(arms) + 0.75) + 0.6), squeeze=False)
    tables = {k: s.bias[s.bias["measure"] == k] for k in keys}
    compact(axes, tables, arms, {k: "nats" for k in keys}, {k: SCORES[k][0] for k in keys})
    for ax, key in zip(axes.flat, keys, strict=False):
        of = tables[key].iloc[0]
        ax.axvspan(of["chance"] - 2 * of["sd"], of["chance"] + 2 * of["sd"], color="#dddddd", lw=0, zorder=0)
        ax.set_xlim(0, None)
    for ax in axes.flat[len(keys) :]:
        ax.set_visible(False)
    return figures.label(
        fig,
        s.profile,
        n=len(s.out.lonlat),
        of="stations",
        embedded=s.embedded,
        note="grey: chance, ± 2 standard deviations",
    )


# %% mystnb={"figure": {"caption": "Embedded world, out of region: relative information of the stations' RMSE by scale, distance and direction, and marked self-information of the better half; single seeds (pale dots), their mean (marker) and range (bar). Grey band: errors dealt at random, mean ± 2 standard deviations. Larger means more unevenly spread.", "name": "fig-served-scores-world"}, "image": {"alt": "Four panels with one row an arm and a grey band of chance at the left; markers lie to the right of the band by varying distances."}} tags=["hide-input"]
_ = draw_scores(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-scores-weather"}, "image": {"alt": "The same four panels for real measurements: one row an arm, markers for scores, and a grey band of chance."}} tags=["hide-input"]
_ = draw_scores(sources["weather-2019"])

# %% tags=["remove-input"]
shown = []
for s in sources.values():
    if s.bias.empty:
        continue
    arms = [a for a in s.arms if a in set(s.bias["arm"])]
    wide = s.bias.groupby(["arm", "measure"]).agg(mean=("value", "mean"), sd=("value", "std"), z=("z", "mean"))

    def text(arm, key, wide=wide):
        """Mean ± sd over seeds, and standard deviations above chance."""
        if (arm, key) not in wide.index or not np.isfinite(wide.loc[(arm, key), "mean"]):
            return "–"
        one, digits = wide.loc[(arm, key)], SCORES[key][2] if key in SCORES else 2
        sd = f" ± {one['sd']:.{digits}f}" if np.isfinite(one["sd"]) else ""
        z = f" ({one['z']:+.0f})" if np.isfinite(one["z"]) else ""
        return f"{one['mean']:.{digits}f}{sd}{z}".replace("-", "−")

    rows = [(short(a), *(text(a, key) for key in ("rmse", *SCORES))) for a in arms]
    heads = [f"RMSE, {figures.UNIT}", *(f"{n}, {u}" if u else n for n, u, _ in SCORES.values())]
    shown.append(
        captioned(
            pd.DataFrame(rows, columns=["told about the place", *heads]),
            f"{title(s)}, out of region: measures of geographic bias, mean ± standard deviation over {s.bias['seed'].nunique()} seeds, and in brackets how many standard deviations of "
            f"the null above chance; {s.origin}.",
            f"tab-served-scores-{s.short}",
        ).data
    )
Markdown("\n\n".join(shown) or "*The scores of geographic bias have not been made yet.*")

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    own = s.bias[s.bias["arm"].isin(s.arms) & s.bias["measure"].isin(DRAWN)] if len(s.bias) else s.bias
    own = own.dropna(subset=["z"]) if len(own) else own
    if own.empty:
        continue
    beyond = own.groupby("arm")["p"].max()
    all_in = beyond.index[beyond < 0.05]
    noise = own[own["arm"].isin([HEAD, "random-vector-hadamard"])].groupby(["measure", "arm"])["value"].mean().unstack()
    text = f"- **{title(s)}:** {len(all_in)} of {len(beyond)} arms are beyond chance (p < 0.05) by every score and in every seed"
    text += (
        ""
        if len(all_in) == len(beyond)
        else f"; not so: {listed([said(a) for a in arm_order(set(beyond.index) - set(all_in))])}"
    )
    if len(noise.columns) == 2:
        less = [IN_WORDS[k] for k in noise.index[noise["random-vector-hadamard"] < noise[HEAD]]]
        rmse = s.bias[s.bias["measure"] == "rmse"].groupby("arm")["value"].mean()
        if len(less) > len(noise) / 2 and rmse["random-vector-hadamard"] > rmse[HEAD]:
            text += (
                f". Mind what a low score rewards: random vectors have a larger RMSE than no place ({rmse['random-vector-hadamard']:.2f} against {rmse[HEAD]:.2f} {figures.UNIT}) "
                f"and yet less bias by {len(less)} of {len(noise)} scores ({listed(less)}), because noise is spread evenly"
            )
    lines.append(text + ".")
Markdown(plain("\n".join(lines)))

# %% [markdown]
# ### Which way is it worse?
#
# The score by direction says *that* errors have a direction. Which one, the mean RMSE of each sector minus that of its neighbourhood tells: the **rose**.


# %% tags=["remove-cell"]
def draw_rose():
    """Mean shift of RMSE by bearing, one panel a task."""
    shown = [s for s in sources.values() if len(s.bias) and s.bias["measure"].str.startswith("towards").any()]
    if not shown:
        return figures.nothing("the rose", sources["world"].profile, embedded=sources["world"].embedded, of="maps")
    fig, axes = figures.subplots(1, len(shown), size=(6.4, 3.9), subplot_kw={"projection": "polar"}, squeeze=False)
    drawn = []
    for ax, s in zip(axes.flat, shown, strict=True):
        rose = s.bias[s.bias["measure"].str.startswith("towards")]
        rose = rose.assign(bearing=rose["measure"].str.removeprefix("towards-").astype(float))
        for arm in [a for a in ("idw", HEAD, "lonlat", GEOCLIP, *s.best[:1]) if a in set(rose["arm"])]:
            of = rose[rose["arm"] == arm].groupby("bearing")["value"].mean()
            turn = np.radians([*of.index, of.index[0]])
            look = figures.look(arm)
            ax.plot(turn, [*of, of.iloc[0]], color=look.colour, marker=look.marker, ls=dashes(arm), ms=4, lw=1.4)
            drawn.append(arm)
        ax.plot(np.linspace(0, 2 * np.pi, 90), np.zeros(90), color=figures.INK, lw=1, ls="--")
        ax.set_theta_zero_location("N")
        ax.set_theta_direction(-1)
        ax.set_thetagrids(range(0, 360, 45), ["N", "NE", "E", "SE", "S", "SW", "W", "NW"])
        low, high = ax.get_ylim()
        reach = max(-low, high)
        ax.set_ylim(-1.6 * reach, 1.1 * reach)
        ax.set_rticks([-reach / 2, 0, reach / 2], ["", "", ""])
        for v in (-reach / 2, 0, reach / 2):
            ax.text(
                np.radians(22.5),
                v,
                f"{v:+.1f}".replace("-", "−") if v else "0",
                fontsize=8,
                ha="center",
                va="center",
                zorder=6,
                bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 0.5},
            )
        ax.set_title(s.title)
    handles = [
        Line2D([], [], color=figures.look(a).colour, marker=figures.look(a).marker, ls=dashes(a), label=short(a))
        for a in arm_order(drawn)
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")
    return both_label(
        fig,
        shown,
        max(len(s.out.lonlat) for s in shown),
        f"stations at most · radius: RMSE minus that of the neighbourhood [{figures.UNIT}]",
    )


# %% mystnb={"figure": {"caption": "The rose: mean RMSE of the stations in each direction minus that of all stations around, averaged over stations and seeds; black dashed circle zero, outside it errors grow that way. Dashed curves with marks: the encoder with the smallest RMSE. One panel a task, out of region.", "name": "fig-served-rose"}, "image": {"alt": "Two polar plots with compass directions. Closed curves, one an arm, around a dashed circle for zero; a curve outside the circle towards a direction means larger errors there."}} tags=["hide-input"]
_ = draw_rose()

# %% [markdown]
# ## Do encoders raise geographic bias?
#
# For every encoder of {doc}`zoo`, its score minus that of `none+head` in the same seed, against what it does to the error. If accuracy were bought with bias,
# the points would lie towards the upper left: smaller errors, more bias. The table below counts, and correlates the two changes by rank, with intervals after
# {cite:t}`bonett2000`.


# %% tags=["remove-cell"]
def changes(s):
    """Change of each measure against no place, by arm and seed."""
    if s.bias.empty:
        return pd.DataFrame(columns=["rmse", *SCORES])
    wide = s.bias[~s.bias["measure"].str.startswith("towards")].pivot_table(
        index=["arm", "seed"], columns="measure", values="value"
    )
    if HEAD not in wide.index.get_level_values("arm"):
        return pd.DataFrame(columns=["rmse", *SCORES])
    change = wide - wide.loc[HEAD].reindex(wide.index.get_level_values("seed")).set_axis(wide.index)
    return change.drop(index=[a for a in (HEAD, "none", "idw") if a in change.index.get_level_values("arm")]).reindex(
        columns=["rmse", *SCORES]
    )


for s in sources.values():
    s.change = changes(s)
    s.mean = s.change.groupby("arm").mean() if len(s.change) else s.change


def draw_trade():
    """Change of error against change of bias, one point an arm."""
    shown = [s for s in sources.values() if len(s.mean)]
    if not shown:
        return figures.nothing(
            "changes of bias", sources["world"].profile, embedded=sources["world"].embedded, of="maps"
        )
    fig, axes = figures.subplots(2, len(shown), size=(6.4, 5.4), squeeze=False)
    for column, s in enumerate(shown):
        for row, key in enumerate(("scale", "regions")):
            ax = axes[row, column]
            for arm, one in s.mean.iterrows():
                control = arm in CONTROLS
                ax.scatter(
                    one["rmse"],
                    one[key],
                    s=44 if control else 30,
                    marker="P" if control else "o",
                    zorder=3,
                    color=figures.INK if control else "#de8f05" if arm in ("lonlat", "sincos") else "#0173b2",
                    ec="white",
                    lw=0.5,
                )
            ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
            ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
            ax.xaxis.set_major_locator(MaxNLocator(4))
            if row == 0:
                ax.set_title(s.title)
            else:
                ax.set_xlabel(f"change of RMSE [{figures.UNIT}]")
    axes[0, 0].set_ylabel("change of the score\nby scale [nats]")
    axes[1, 0].set_ylabel(f"change of the spread\nover regions [{figures.UNIT}]")
    fig.legend(
        handles=[
            Line2D([], [], ls="", color=c, marker=m, label=w)
            for w, c, m in (("encoder", "#0173b2", "o"), ("coordinates", "#de8f05", "o"), ("control", figures.INK, "P"))
        ],
        loc="outside upper left",
        ncols=3,
        fontsize="small",
    )
    return both_label(fig, shown, max(len(s.mean) for s in shown), "arms at most, means over seeds")


# %% mystnb={"figure": {"caption": "Out of region, against the same network without a place: change of RMSE (across; left is better) and of geographic bias (up; down is more even), by relative information by scale (top) and by the spread of RMSE over climate regions (bottom); one point an arm, one column a task.", "name": "fig-served-trade"}, "image": {"alt": "Four scatter plots in two columns, one a task: change of RMSE across, change of a bias measure up, dashed lines at zero; blue dots for encoders, orange for coordinates, black crosses for controls."}} tags=["hide-input"]
_ = draw_trade()


# %% tags=["remove-input"]
def rank_correlation(x, y):
    """Spearman's correlation with a 95 % interval (Bonett & Wright 2000), as text."""
    keep = np.isfinite(x) & np.isfinite(y)
    if keep.sum() < 8:
        return "–"
    rho, n = float(spearmanr(x[keep], y[keep]).statistic), int(keep.sum())
    reach = 1.96 * np.sqrt((1 + rho**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.9999, 0.9999)) + np.array([-reach, reach]))
    return f"{rho:+.2f} ({signed(low, high, 2)})".replace("-", "−")


rows, counts = [], {}
for s in sources.values():
    arms = [a for a in s.mean.index if a not in CONTROLS]
    for key, (name, _, _) in SCORES.items():
        by_arm = [s.change.loc[a, key].dropna() for a in arms]
        by_arm = [v for v in by_arm if len(v)]
        if not by_arm:
            continue
        up, down = sum(bool((v > 0).all()) for v in by_arm), sum(bool((v < 0).all()) for v in by_arm)
        counts[s.task, key] = (up, down, len(by_arm))
        rows.append(
            (
                s.title,
                name,
                len(by_arm),
                up,
                down,
                len(by_arm) - up - down,
                rank_correlation(s.mean.loc[arms, "rmse"].to_numpy(), s.mean.loc[arms, key].to_numpy()),
            )
        )
if rows:
    shown = captioned(
        pd.DataFrame(
            rows,
            columns=[
                "task",
                "measure",
                "encoders",
                "raise it",
                "lower it",
                "seeds disagree",
                "rank correlation with the change of RMSE",
            ],
        ),
        f"Encoders and coordinates that raise or lower a measure against `none+head` in every seed, out of region; the correlation is Spearman's, over encoders, with a 95 % "
        f"interval. Profiles {profile} (embedded world) and {real} (real measurements).",
        "tab-served-raise",
    )
else:
    shown = Markdown("*The scores of geographic bias have not been made yet.*")
shown

# %% tags=["remove-input"]
n_seeds = max((s.change.index.get_level_values("seed").nunique() for s in sources.values() if len(s.change)), default=0)
Markdown(
    f"With {n_seeds} seeds, an encoder without any effect has all its changes above zero in one case of {2**n_seeds}; so {100 / 2**n_seeds:.0f} % of the encoders on each side is what "
    "chance alone would give, if seeds were all that varied and `none+head` were known exactly. It is not, and its luck is in the changes of all encoders alike: counts can stray far from that share together."
    if n_seeds > 1
    else "One seed cannot agree or disagree with itself: the counts are of signs, whatever their size."
    if n_seeds
    else ""
)

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    of = {key: counts[s.task, key] for key in SCORES if (s.task, key) in counts and key != "ssi-density"}
    if not of:
        continue
    more = [IN_WORDS[k] for k, (up, down, n) in of.items() if up > n / 2]
    less = [IN_WORDS[k] for k, (up, down, n) in of.items() if down > n / 2]
    few = next(iter(of.values()))[2] < 8
    verdict = (
        "too few encoders were run to judge the claim"
        if few
        else "by most of these measures, the claim that encoders raise geographic bias is borne out"
        if len(more) > len(of) / 2
        else "by most of these measures, the claim that encoders raise geographic bias is contradicted: most encoders lower it"
        if len(less) > len(of) / 2
        else "neither holds as a rule: it depends on the measure and on the encoder"
    )
    lines.append(
        f"- **{title(s)}:** {verdict}. Raised by more than half of the encoders in every seed: {listed(more) or 'no measure'}; lowered by more than half: "
        f"{listed(less) or 'none'}."
    )
Markdown(plain("\n".join(lines) or "*No scores, no verdict.*"))

# %% [markdown]
# ## The answer
#
# Does telling the place make errors more or less evenly spread? By the plain measures, with their intervals, and by the scores, in every seed:


# %% tags=["remove-input"]
def summed_up(s, arm):
    """One arm's changes in a sentence."""
    of = s.even[OUT][arm]
    words = {key: change_words(of, key) for key in (*GAPS, "spread") if key in of.index}
    parts = [w for key, w in words.items() if w and key != "spread"]
    text = f"With {said(arm)} the RMSE changes by {of.loc['all', 'change']:+.2f} {figures.UNIT} ({signed(of.loc['all', 'low'], of.loc['all', 'high'], 2)}). "
    text += f"Gaps change clearly {listed(parts)}" if parts else "No gap between groups clearly changes"
    text += (
        f", and regions are spread clearly {words['spread']}"
        if words.get("spread")
        else ", and the spread over regions does not clearly change"
    )
    if len(s.change) and arm in s.change.index.get_level_values("arm"):
        own = s.change.loc[arm, [k for k in SCORES if k != "ssi-density"][1:]]
        up = [IN_WORDS[k] for k in own if own[k].notna().any() and (own[k].dropna() > 0).all()]
        down = [IN_WORDS[k] for k in own if own[k].notna().any() and (own[k].dropna() < 0).all()]
        text += f". Scores that rise in every seed: {listed(up) or 'none'}; that fall: {listed(down) or 'none'}"
    return text + "."


lines = []
for s in sources.values():
    arms = [a for a in ("urban-hadamard", "lonlat", GEOCLIP, *s.best[:1]) if a in s.even[OUT]]
    lines += [f"- **{title(s)}.** {summed_up(s, arm)}" for arm in arms]
Markdown(plain("\n".join(lines)))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows where errors lie for the stations that exist. Nobody can be served worse *on this page* than at a station; the people without a
# monitor anywhere near them are in the group *far* only by proxy. And stations are not people: a third of the stations is not a third of the country.
#
# It shows that evenness and accuracy are two things. A model can become more even by becoming worse where it was good, and a score that reads ranks calls this
# progress. So read a score of geographic bias beside the RMSE of every group, never alone.
#
# It does not show that an uneven model is unjust. Air that varies more is harder to estimate, and an equal RMSE everywhere might mean that effort
# was spent where it was needed least. What one can demand is smaller: that a change of the model which helps most does not harm those who were served worst. The tables
# of this page are made to check just that.
#
# ```{admonition} Exercise: the ranking of two scores
# :class: exercise tip
# In {numref}`tab-served-planted`, find a pattern that one score sees and another does not. Explain from the definitions why.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example: where one half of the country is bad as a whole, most neighbourhoods contain only good or only bad stations. Relative information compares parts of a
# neighbourhood with that neighbourhood, and finds them alike except along the border. The spread over regions and Moran's I, which compare with the mean of the whole country, see
# it at once. Squares of one degree are the opposite case: far smaller than any region and than the circle of nearest monitors, they are invisible to most scores, and just as real to those who live there.
# ```
#
# ```{admonition} Exercise: a bias that is not the model's
# :class: exercise tip
# Suppose that the noise of a measurement is twice as large at rural monitors. What happens to the gap country − city of a perfect model? To its change against another perfect model?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The gap equals the difference of the two noises, although the model knows everything that can be known. The change is zero: noise in the measurements is common to both models and
# cancels. This is one more reason to read changes.
# ```
#
# ```{admonition} Exercise: your own groups
# :class: exercise tip
# `placeprior.evidence.who_is_served.evenness` takes masks of any groups. Define one that you care about, such as stations within 50 km of the Mexican border, or in a valley, and compute
# how GeoCLIP changes its RMSE. How many stations are in it, and how wide is the interval?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Build `own` and `other`, a map a seed, with `served.stations` from `ledger.sums`, `masks` as a dictionary with your boolean array, and read `change`, `low` and `high`. With a
# dozen stations the interval is usually wider than any change on this page: a small group's service is hard to assess, which is itself a finding on fairness.
# ```
