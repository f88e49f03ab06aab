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
import numpy as np
import pandas as pd
from IPython.display import Markdown
from scipy import stats

from placeprior import evidence
from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, NOTE, gain, listed, looked, minus, rule, said, signed, who
from placeprior.errors import StoreError
from placeprior.evidence import map_error, matched
from placeprior.runs import plan, store
from placeprior.scores import metrics

figures.style()
HEAD = "none+head"
tasks = {
    name: spec.get("options", {}) for name, spec in plan.profile(profile)["tasks"].items() if spec["load"] == "world"
}


def other_knobs(options):
    return {name: value for name, value in options.items() if name != "placeness"}


def knob(task):
    """The task's placeness; 1 where the world is left as it is."""
    return float(tasks[task].get("placeness", 1.0))


line = [name for name in tasks if other_knobs(tasks[name]) == other_knobs(tasks.get("world", {}))]
scores = with_arm(store.scores(profile))
scores = scores[scores["task"].isin(tasks) & (scores["variant"] != "idw")]
sums = store.sums(profile)
turned = scores[scores["task"].isin(line) & (scores["task"].map(lambda t: knob(t) if t in tasks else 1.0) != 1)]
if turned.empty:
    raise StoreError(
        f"results/{profile} has no runs on worlds of other placeness; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )
splits = splits_in(turned)
values = sorted({knob(task) for task in set(scores["task"]) & set(line)})
asked = arm_order(turned["arm"])
scores = scores[scores["arm"].isin({*asked, "none", HEAD})]
fusions = scores.drop_duplicates("arm").set_index("arm")["fusion"]
#: What each arm is compared with: the same network without a place.
REFERENCE = {arm: "none" if fusions[arm] == "channels" else HEAD for arm in asked if arm not in ("none", HEAD)}
REFERENCE |= {"none": HEAD} if "none" in asked and HEAD in asked else {}
arms = [arm for arm in asked if arm in REFERENCE and arm != "none"]


reach = matched.reach(profile, "world")


def differences(tables, metric):
    """Differences to the matched reference, task by task."""
    found = []
    for task in tables:
        part = scores[(scores["task"] == task) & scores["split"].isin(splits)]
        table = matched.differences(part, sums, REFERENCE, metric=metric, reach=reach)
        found.append(table.assign(task=task, placeness=knob(task)))
    filled = [table for table in found if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else found[0]


found = {metric: differences([t for t in line if t in set(scores["task"])], metric) for metric in ("r2", "rmse")}
origin = f"profile {profile}, embedded world"


def where(split):
    return SPLITS.get(split, split)


def name(arm):
    return figures.look(arm).name


def wide(table, digits):
    """Arms by placeness, for each split."""
    rows = []
    for split in splits:
        for arm in arm_order(table["arm"]):
            part = table[(table["split"] == split) & (table["arm"] == arm)].set_index("placeness")
            cells = [gain(part.loc[v], digits) if v in part.index else "–" for v in values]
            rows.append([where(split), name(arm), name(REFERENCE[arm]), *cells])
    return pd.DataFrame(rows, columns=["split", "arm", "against", *(f"placeness {v:g}" for v in values)])


# %% [markdown]
# # Negative and positive controls
#
# Suppose that a method finds a gain from place. Would it also have found one where there is none? And if there is one, how large must it
# be before the method sees it? Real measurements cannot answer either question, since nobody knows how much place matters there. The
# **embedded world** can: it is simulated, and how much place matters is a knob.
#
# The knob is called **placeness**, $p$. In the world ({doc}`world`) the same weather makes more PM2.5 at one place than at another,
# because of its people, its basin, its climate. Each such influence is a factor $f_j(s)$ of the place $s$, and
# the world raises it to the power $p$ and divides by the mean over places, so that the level stays:
#
# $$
# y(s, t) = h(s, t) \sum_i g_i\bigl(\text{weather}(s, t)\bigr) \prod_j \frac{f_{ij}(s)^{\,p}}{\overline{f_{ij}^{\,p}}} + \text{smoke}(s, t)
# $$ (eq-placeness-knob)
#
# - At $p = 0$ every factor is one. Two places with the same weather, the same smoke and the same hidden air $h$ have the same PM2.5. What a model is told about
#   the place has no effect of its own: a **negative control**.
# - At $p = 1$ the world is the one of the other chapters.
# - At $p = 2$ the factors are squared: a **positive control**, where telling the place should pay.
#
# Nothing else changes: same weather, same smoke, same hidden variation, same stations, same random numbers. The project's tests compare
# them number by number.
#
# ## The gain as the knob is turned
#
# Each arm is compared with the same network without a place. For GeoCLIP and the random vectors, whose network has an extra head, that is
# `none+head`; for coordinates, which join as channels, it is `none` ({doc}`controls` says why). Both arms of a pair are scored on the same
# test rows.

# %% tags=["remove-input"]
Markdown(rule())


# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place, on the same rows, against placeness. Markers: mean over fits; bars: 95 % interval over places and trainings; pale dots: single fits. Arms are set a little apart so that bars can be told from each other. Left of one place matters less than in the other chapters, right of it more.", "name": "fig-placeness-gain"}, "image": {"alt": "Gain in R² on the vertical axis against placeness on the horizontal axis, one line with markers and intervals for each way of telling the place, around a dashed line at zero."}} tags=["hide-input"]
def lines_over(table, quantity, unit, panels, of="arm", label=None, pale=None):
    """One line an arm against placeness, one panel each of `panels` (title to rows)."""
    fig, axes = figures.subplots(1, len(panels), size=(6.4, 3.9), squeeze=False, sharey=True)
    shown = arm_order(table["arm"])
    apart = 0.022 * max(np.ptp(values), 0.5)
    for ax, (title, part) in zip(axes.flat, panels.items(), strict=True):
        for number, arm in enumerate(shown):
            drawn, own = figures.look(arm), part[part["arm"] == arm].sort_values("placeness")
            x = own["placeness"] + (number - (len(shown) - 1) / 2) * apart
            ax.plot(x, own["difference"], color=drawn.colour, lw=1, alpha=0.7, zorder=2)
            ax.vlines(x, own["low"], own["high"], color=drawn.colour, lw=2, zorder=3)
            ax.scatter(
                x, own["difference"], color=drawn.colour, marker=drawn.marker, s=42, ec="white", lw=0.6, zorder=4
            )
            if pale is not None:
                fits = pale[(pale["arm"] == arm) & pale["split"].isin(part["split"])]
                ax.scatter(
                    fits["placeness"] + (number - (len(shown) - 1) / 2) * apart,
                    fits["value"],
                    color=drawn.colour,
                    s=10,
                    alpha=0.35,
                    lw=0,
                    zorder=1,
                )
        ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set(xlabel="placeness", title=title, xticks=values)
    axes[0, 0].set_ylabel(f"{quantity} [{unit}]" if unit else quantity)
    figures.legend(
        axes[0, 0], shown, fontsize="small", loc="upper left" if table["difference"].mean() > 0 else "lower left"
    )
    return fig


shown = found["r2"][found["r2"]["arm"].isin(arms)]
fig = lines_over(
    shown,
    "ΔR² to the network without a place",
    None,
    {where(s): shown[shown["split"] == s] for s in splits},
    pale=matched.by_fit(shown),
)
_ = figures.label(fig, profile, n=int(shown["stations"].max()), of="stations at most", embedded=True, note=NOTE)

# %% tags=["remove-input"]
parts = []
for metric, what, digits in (("r2", "R²", 3), ("rmse", f"RMSE in {figures.UNIT}", 2)):
    part = found[metric]
    parts.append(
        captioned(
            wide(part[part["arm"].isin([*arms, "none"])], digits),
            f"Test {what} minus that of the arm named under “against”, on the same rows, {INTERVAL} over places and trainings, bold where it is "
            f"clear. Up to {part['fits'].max()} fits a cell; {origin}.",
            f"tab-placeness-{metric}",
        ).data
    )
Markdown(
    f"{parts[0]}\n\n::::{{admonition}} The same in {figures.UNIT}\n:class: dropdown note\n\nBelow zero means a smaller error.\n\n{parts[1]}\n::::\n"
)

# %% tags=["remove-input"]
levels = scores[(scores["metric"] == "r2") & scores["task"].isin(line) & scores["split"].isin(splits)]
rows = []
for split in splits:
    for arm in arm_order(levels["arm"]):
        own = levels[(levels["split"] == split) & (levels["arm"] == arm)].assign(
            placeness=lambda f: f["task"].map(knob)
        )
        cells = [own[own["placeness"] == v] for v in values]
        sds = [metrics.between_seeds(c) for c in cells]
        texts = [
            minus(f"{c.groupby('fold')['value'].mean().mean():.2f}" + (f" ± {sd:.2f}" if np.isfinite(sd) else ""))
            if len(c)
            else "–"
            for c, sd in zip(cells, sds, strict=True)
        ]
        rows.append([where(split), name(arm), *texts])
captioned(
    pd.DataFrame(rows, columns=["split", "arm", *(f"placeness {v:g}" for v in values)]),
    f"Test R² itself, mean over seeds ± their standard deviation; {levels['run'].nunique()} runs, {origin}. Do not compare columns: another placeness is another "
    "truth, with another spread.",
    "tab-placeness-levels",
)

# %% [markdown]
# ### Where does each arm start to win?
#
# *Start* means: the smallest placeness that was run at which the gain is clear, here and at every larger one.

# %% tags=["remove-input"]
lines = []
for split in splits:
    lines.append(f"**{where(split)}.**\n")
    for arm in arms:
        part = found["r2"][(found["r2"]["split"] == split) & (found["r2"]["arm"] == arm)].sort_values("placeness")
        if part.empty:
            continue
        clear = part.set_index("placeness")["clear"]
        start = next((v for v in clear.index if (clear[clear.index >= v] > 0).all()), None)
        worse = [f"{v:g}" for v in clear.index[clear < 0]]
        early = [f"{v:g}" for v in clear.index[clear > 0] if start is None or v < start]
        effect = found["rmse"]
        effect = effect[(effect["split"] == split) & (effect["arm"] == arm)].set_index("placeness")
        text = f"- {said(arm)}, against {said(REFERENCE[arm])}: " + (
            "never clearly better, at any placeness that was run"
            if start is None
            else f"clearly better from placeness {start:g} on"
        )
        if start is not None:
            row = effect.loc[start]
            text += f" (there the RMSE changes by {row['difference']:+.2f} {figures.UNIT}, {signed(row['low'], row['high'], 2)})"
        if start == 0:
            text += ". At 0 there is no role of place to find, so this gain has another cause, or is a false alarm: see the negative control"
        text += f"; clearly better also at {listed(early)}, but not throughout" if early else ""
        text += f"; clearly worse at {listed(worse)}" if worse else ""
        lines.append(text + ".")
    lines.append("")
lines.append(
    f"{looked(found['r2'][found['r2']['arm'].isin(arms)])} The knob was turned "
    f"to {listed([f'{v:g}' for v in values])}; where between two of these an arm begins to win was not looked for."
)
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## The negative control: nothing to find
#
# At $p = 0$ no arm may win. But one world is one draw of weather and stations. So the control uses several worlds without a role for place, which differ in
# weather, fires and stations, and several seeds in each. Every world gives each arm one difference with its interval. If the intervals are right and nothing is there,
# about one in forty lies wholly above zero, and as many below. That they do so where an arm is compared with *itself* is tested in {doc}`intervals`.


# %% tags=["remove-cell"]
still = [task for task in tasks if knob(task) == 0 and task in set(scores["task"])]
nulls = differences(still, "r2") if still else pd.DataFrame({"arm": []})
if nulls.empty:
    raise StoreError(f"results/{profile} has no pairs of runs at placeness 0; `make demo-full` makes those of demo")


def clears(table):
    """How many worlds' differences are clear, with an exact binomial interval for the share above zero, for each arm."""
    rows = []
    for arm in arm_order(table["arm"]):
        own = table[(table["arm"] == arm) & table["low"].notna()]
        if own.empty:
            continue
        above, below = int((own["clear"] > 0).sum()), int((own["clear"] < 0).sum())
        share = stats.binomtest(above, len(own)).proportion_ci(method="exact")
        values_ = own["difference"]
        half = stats.t.ppf(0.975, len(own) - 1) * values_.std() / np.sqrt(len(own)) if len(own) > 1 else np.nan
        rows.append([arm, len(own), above, below, share.low, share.high, values_.mean(), half])
    return pd.DataFrame(rows, columns=["arm", "worlds", "above", "below", "low", "high", "mean", "half"])


shares = clears(nulls)
judged = shares[shares["arm"] != "none"]

# %% mystnb={"figure": {"caption": "The negative control, embedded world at placeness 0: R² minus that of the same network without a place in each world (marker) with its 95 % interval over places and trainings (bar), sorted, one panel an arm. Strong colour: clear. Panels have their own scales.", "name": "fig-placeness-null"}, "image": {"alt": "One panel an arm: a few short horizontal intervals stacked by size around a dashed line at zero; those that do not touch the line are drawn in a strong colour."}} tags=["hide-input"]
panels = [arm for arm in arm_order(nulls["arm"]) if arm != "none"]
columns = min(2, len(panels))
deep = -(-len(panels) // columns)
fig, axes = figures.subplots(deep, columns, size=(6.4, 0.5 + deep * 1.9), squeeze=False)
for ax, arm in zip(axes.flat, panels, strict=False):
    own = nulls[nulls["arm"] == arm].sort_values("difference").reset_index(drop=True)
    drawn, clear = figures.look(arm), own["clear"] != 0
    for mask, alpha in ((~clear, 0.35), (clear, 1.0)):
        ax.hlines(own.index[mask], own["low"][mask], own["high"][mask], color=drawn.colour, alpha=alpha, lw=2)
        ax.scatter(
            own["difference"][mask], own.index[mask], color=drawn.colour, marker=drawn.marker, s=30, alpha=alpha, lw=0
        )
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set(title=name(arm), yticks=[])
    ax.set_ylim(-0.6, len(own) - 0.4)
    ax.grid(axis="y", visible=False)
for number, ax in enumerate(axes.flat):
    ax.set_visible(number < len(panels))
    ax.locator_params(axis="x", nbins=4)
    if number + columns >= len(panels):  # the lowest of its column
        ax.set_xlabel("ΔR² of one world")
_ = figures.label(
    fig, profile, n=len(nulls[nulls["arm"] != "none"]), of="differences", embedded=True, note=f"placeness 0; {NOTE}"
)

# %% tags=["remove-input"]
rows = [
    (
        name(r.arm),
        name(REFERENCE[r.arm]),
        str(r.worlds),
        str(r.above),
        f"{100 * r.low:.0f} to {100 * r.high:.0f} %",
        str(r.below),
        minus(f"{r.mean:+.4f}") + (f" ({signed(r.mean - r.half, r.mean + r.half, 4)})" if np.isfinite(r.half) else ""),
    )
    for r in shares.itertuples()
]
captioned(
    pd.DataFrame(
        rows,
        columns=[
            "arm",
            "against",
            "worlds and splits",
            "clearly better",
            "binomial interval",
            "clearly worse",
            "mean ΔR²",
        ],
    ),
    "Worlds at placeness 0 in which the difference to the network without a place is clear. Binomial interval: exact, 95 %, for the share above (Clopper and Pearson, 1934). Mean: over "
    f"worlds, with a 95 % interval from the spread between them (Student's t). {origin}.",
    "tab-placeness-null",
)

# %% tags=["remove-input"]
lines = []
for r in judged.itertuples():
    verdict = (
        "That is more often than luck allows: **the control fails for this arm**"
        if r.low > 0.05
        else "The interval of that share includes one in twenty, so the control is passed, as far as so few worlds can tell"
    )
    lines.append(f"- {said(r.arm)}: clearly better in {r.above} of {r.worlds}, clearly worse in {r.below}. {verdict}.")
    if np.isfinite(r.half) and r.mean + r.half < 0:
        lines[-1] += (
            " Its mean over worlds lies below zero: where a place has nothing to tell, being told it **harms**."
        )
    elif np.isfinite(r.half) and r.mean - r.half > 0:
        lines[-1] += " Its mean over worlds lies above zero, which it should not."
lines.append(
    f"\n{looked(nulls[nulls['arm'] != 'none'])}"
    if len(judged)
    else "*One seed alone has no interval, so nothing can be judged here.*"
)
if "none" in set(shares["arm"]):
    r = shares[shares["arm"] == "none"].iloc[0]
    lines.append(
        f"\nThe same for `none` against `none+head`, two networks that both know no place: clearly better in {r['above']} of {r['worlds']}, clearly worse in {r['below']}. Here they differ by the head alone."
    )
Markdown("\n".join(lines))

# %% [markdown]
# ## The positive control
#
# The reverse question: when there *is* something to find, is it found?

# %% tags=["remove-input"]
top = max(values)
rows = []
for split in splits:
    for arm in arms:
        own = found["r2"][(found["r2"]["split"] == split) & (found["r2"]["arm"] == arm)].set_index("placeness")["clear"]
        rows.append(
            [
                where(split),
                name(arm),
                *({1: "better", -1: "worse", 0: "not told apart"}[own[v]] if v in own.index else "–" for v in values),
            ]
        )
captioned(
    pd.DataFrame(rows, columns=["split", "arm", *(f"placeness {v:g}" for v in values)]),
    f"What is said of an arm against the same network without a place, by R²; {origin}.",
    "tab-placeness-power",
)

# %% tags=["remove-input"]
strong = found["r2"][(found["r2"]["placeness"] == top) & found["r2"]["arm"].isin(arms)]
Markdown(f"At placeness {top:g}, found: {who(strong[strong['clear'] > 0], len(strong), 'every arm')}.")

# %% [markdown]
# ## Against the truth, between the stations
#
# All of the above is scored at test stations, where people live more than elsewhere, and against readings with the noise of an instrument. In the
# embedded world the truth is known at every cell. So the maps themselves are scored: every land cell of half a degree, weighed by its area, on every fifteenth
# day and the last. Write $e(c, t)$ for the error at cell $c$ and day $t$, and $\bar e(c)$ for its mean over the days. Then
#
# $$
# \overline{e^2} = \underbrace{\overline{\bar e^2}}_{\text{between places}} + \underbrace{\overline{(e - \bar e)^2}}_{\text{days}},
# $$ (eq-placeness-parts)
#
# a part that is wrong about the mean of a place and a part that is wrong about its days. Cells are also told apart by whether a training station is
# near. Blocks of the map are left out in turn, as everywhere.

# %% tags=["remove-cell"]
known = evidence.read(profile, "map_error")
known = known[known["split"].isin(splits)].astype({"run": str})
if known.empty:
    raise StoreError(
        f"{evidence.path(profile, 'map_error')} has no runs of the splits {splits}; make it again with `doit evidence:{profile}:map_error`"
    )
mapped = with_arm(known)
pairs = {arm: base for arm, base in REFERENCE.items() if arm in set(mapped["arm"])}
pairs |= {"sincos": "none"} if "sincos" in set(mapped["arm"]) else {}
on_maps = []
for (value, world), part in mapped.groupby(["placeness", "world"]):
    for piece in map_error.PARTS:
        table = matched.differences(part, map_error.part(part, piece), pairs, metric="rmse")
        if len(table):
            on_maps.append(table.assign(piece=piece, placeness=value, world=world))
on_maps = pd.concat(on_maps, ignore_index=True) if on_maps else pd.DataFrame()
if on_maps.empty:
    raise StoreError(
        f"{evidence.path(profile, 'map_error')} has no pair of an arm and its reference; make it again with `doit evidence:{profile}:map_error`"
    )
home = 1.0 if 1.0 in set(on_maps["placeness"]) else float(on_maps["placeness"].max())
mapped_scores = with_arm(map_error.by_part(known))
there = on_maps[(on_maps["placeness"] == home) & (on_maps["world"] == on_maps["world"].min())]
ORDER = ("stations", "map", "near", "far", "mean", "days")
PIECES = {
    "stations": "test stations",
    "map": "all land",
    "near": f"within {map_error.NEAR_KM:.0f} km",
    "far": "farther away",
    "mean": "mean of a place",
    "days": "days of a place",
}

# %% mystnb={"figure": {"caption": "Embedded world: RMSE against the truth minus that of the same network without a place, on different parts of the map. Markers: mean over fits; bars: 95 % interval over places and trainings. Left of the dashed line telling the place makes the map better. “Within” and “farther away” are distances to the nearest training station; the last two rows split the error of all land into the mean of a place and its days.", "name": "fig-placeness-truth"}, "image": {"alt": "For each way of telling the place, six rows of markers with intervals around a dashed line at zero: test stations, all land, near and far cells, the mean of a place and its days."}} tags=["hide-input"]
shown_arms = [a for a in arm_order(there["arm"]) if a != "none"]
fig, axes = figures.subplots(1, len(splits), size=(6.4, 4.6), squeeze=False, sharey=True)
for ax, split in zip(axes.flat, splits, strict=True):
    part = there[there["split"] == split]
    for number, arm in enumerate(shown_arms):
        own, drawn = part[part["arm"] == arm].set_index("piece"), figures.look(arm)
        y = [
            i + (number - (len(shown_arms) - 1) / 2) * 0.8 / len(shown_arms)
            for i, piece in enumerate(ORDER)
            if piece in own.index
        ]
        own = own.reindex([piece for piece in ORDER if piece in own.index])
        ax.hlines(y, own["low"], own["high"], color=drawn.colour, lw=2)
        ax.scatter(own["difference"], y, color=drawn.colour, marker=drawn.marker, s=36, ec="white", lw=0.6, zorder=4)
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set(title=f"{where(split)}, placeness {home:g}", xlabel=f"ΔRMSE [{figures.UNIT}]")
    ax.grid(axis="y", visible=False)
axes[0, 0].set_yticks(range(len(ORDER)), [PIECES[piece] for piece in ORDER])
axes[0, 0].set_ylim(len(ORDER) - 0.5, -0.5)
fig.legend(
    handles=figures.legend(axes[0, 0], shown_arms).legend_handles, loc="outside upper center", ncols=2, fontsize="small"
)
axes[0, 0].get_legend().remove()
_ = figures.label(
    fig, profile, n=int(there["stations"].max()), of="squares of the map at most", embedded=True, note=NOTE
)

# %% tags=["remove-input"]
here = mapped_scores[(mapped_scores["placeness"] == home) & (mapped_scores["world"] == there["world"].min())]
rows = []
for split in splits:
    for arm in arm_order(here["arm"]):
        own = here[(here["split"] == split) & (here["arm"] == arm)]
        cells = [own.loc[own["part"] == piece, "rmse"] for piece in ORDER]
        if len(own):
            r2 = own.loc[own["part"] == "map", "r2"].mean()
            rows.append([where(split), name(arm), *(f"{c.mean():.2f}" if len(c) else "–" for c in cells), f"{r2:.2f}"])
counted = here[here["part"] == "near"]["share"].mean()
captioned(
    pd.DataFrame(rows, columns=["split", "arm", *(PIECES[piece] for piece in ORDER), "R², all land"]).pipe(
        lambda t: t.apply(lambda c: c.str.replace("-", "−") if c.name == "R², all land" else c)
    ),
    f"RMSE against the truth in {figures.UNIT}, and R² over all land; means over {here['run'].nunique()} runs at placeness {home:g}. Cells within "
    f"{map_error.NEAR_KM:.0f} km of a training station are {100 * counted:.0f} % of the land; {origin}.",
    "tab-placeness-truth",
)

# %% tags=["remove-input"]
lines = []
for split in splits:
    part = there[there["split"] == split]
    for arm in shown_arms:
        own = part[part["arm"] == arm].set_index("piece")
        if not {"stations", "map", "mean", "days"} <= set(own.index):
            continue
        at, over = own.loc["stations"], own.loc["map"]
        verb = {1: "larger", -1: "smaller", 0: "not clearly different"}
        text = f"- {where(split)}, {said(arm)}: at test stations the error is {verb[at['clear']]}, over all land {verb[over['clear']]}"
        text += f" ({over['difference']:+.2f} {figures.UNIT}, {signed(over['low'], over['high'], 2)})"
        what = [
            words
            for piece, words in (("mean", "the mean of a place"), ("days", "its days"))
            if own.loc[piece, "clear"] < 0
        ]
        text += (
            f"; clearly better about {listed(what)}"
            if what
            else "; clearly better about neither the mean of a place nor its days"
        )
        if {"near", "far"} <= set(own.index):
            text += f". Near stations {own.loc['near', 'difference']:+.2f}, farther away {own.loc['far', 'difference']:+.2f} {figures.UNIT}"
        lines.append(text + ".")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ### As the knob is turned

# %% tags=["remove-input"]
several = sorted(on_maps["placeness"].unique())
rows = []
for split in splits:
    for arm in [a for a in arm_order(on_maps["arm"]) if a != "none"]:
        own = on_maps[(on_maps["split"] == split) & (on_maps["arm"] == arm) & (on_maps["piece"] == "map")]
        own = own[own["world"] == on_maps["world"].min()].set_index("placeness")
        rows.append([where(split), name(arm), *(gain(own.loc[v], 2) if v in own.index else "–" for v in several)])
first = captioned(
    pd.DataFrame(rows, columns=["split", "arm", *(f"placeness {v:g}" for v in several)]),
    f"RMSE against the truth over all land, minus that of the same network without a place, in {figures.UNIT}, {INTERVAL} over places and trainings, bold "
    f"where it is clear; {origin}.",
    "tab-placeness-knob",
).data
totals = []
for (value, world), part in known.groupby(["placeness", "world"]):
    one = part[part["run"] == part["run"].iloc[0]]
    if world != known["world"].min():
        continue
    spread = {}
    for piece in ("map", "mean"):
        s = map_error.part(one, piece)[["n", "sum_y", "sum_y2"]].sum()
        spread[piece] = s["sum_y2"] / s["n"] - (s["sum_y"] / s["n"]) ** 2
    totals.append((value, spread["mean"] / spread["map"]))
Markdown(
    first
    + "\n\nHow much of the truth's variance is between places, rather than between days: "
    + listed([f"{100 * share:.0f} % at placeness {value:g}" for value, share in totals])
    + "."
    + (" What is left at placeness 0 is weather, which differs from place to place too." if 0 in dict(totals) else "")
    + ("" if len(several) > 1 else " The maps of other settings of the knob have not been scored.")
)

# %% [markdown]
# ## Real measurements
#
# There is no such knob for the real atmosphere, and no truth between its monitors. What comes nearest to a negative control there are vectors without
# geography: `random-vector` and `shuffled`, in {doc}`controls`. They test whether a gain needs geography; they cannot test whether a gain that is
# found is real.
#
# ## What this shows, what it does not
#
# It shows how the method of this book behaves where the right answer is known: how often it sees something where nothing is, and how strong place must be before
# each arm gains from it. It shows whether a gain at stations is a gain of the map between them.
#
# It does not show where the real atmosphere lies on this scale. The knob turns all influences of place together, as this world has them; a real
# one may have few that are strong. And a world whose truth is a smooth formula of towns and hills may flatter an encoder that
# knows towns.
#
# ```{admonition} Exercise: how many worlds?
# :class: exercise tip
# Suppose that the true share of false alarms is 2.5 %. How many independent differences without a single one are needed before the exact binomial interval lies below 5 %?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With $n$ differences and no false alarm, the upper end of the two-sided interval is $1 - 0.025^{1/n}$. It falls below 0.05 when
# $n > \ln 0.025 / \ln 0.95$, that is from 72 on. With a few false alarms among them, many more are needed.
# ```
#
# ```{admonition} Exercise: a gain at placeness 0
# :class: exercise tip
# Suppose coordinates gained clearly at placeness 0, in all worlds and with all seeds. Name two ways in which that could happen although place has no role.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The weather depends on the place: a model that knows the place knows its climate, and can guess predictors that are missing, such as the satellite's view on a
# cloudy day, or how thick the smoke of a class is where fires burn ({doc}`world` says how much that is). And the budget of training is small: an input that goes along with a slow pattern of the target can speed up learning
# without adding anything that a longer training would not find in the weather itself.
# ```
