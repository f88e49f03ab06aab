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
import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.ticker import FixedLocator, NullLocator
from scipy import stats

from placeprior import coords, evidence
from placeprior.arms import SPLITS, arm_order, with_arm
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus, signed
from placeprior.book.words import said as arm_said
from placeprior.errors import StoreError
from placeprior.evidence import artefacts, national_maps
from placeprior.runs import store
from placeprior.scores import spectra

figures.style()
ENCODERS = ("geoclip-hadamard", "geoclip-concat")
KINDS = {"clean": "clean day", "winter": "stagnant winter day", "smoke": "smoke day"}


def table_of(name, evidence_name):
    """Evidence of a profile; an empty table where real measurements have none yet."""
    try:
        return evidence.read(name, evidence_name)
    except StoreError:
        if name == profile:
            raise
        return pd.DataFrame()


class Source:
    """Everything about one task, on one split and seed."""

    def __init__(self, name, embedded):
        self.profile, self.embedded = name, embedded
        self.maps, self.table = table_of(name, "national_maps"), table_of(name, "artefacts")
        if len(self.maps):
            self.maps = with_arm(self.maps)
        self.ready = len(self.maps) > 0 and len(self.table) > 0
        self.kinds = [kind for kind in KINDS if self.ready and kind in set(self.maps["kind"])]
        self.arms = arm_order(set(self.maps["arm"]) - {"truth"}) if self.ready else []
        self.task = self.maps["task"].iloc[0] if self.ready else ""
        self.title = "embedded world" if embedded else "real measurements"
        self.origin = f"profile {name}, {self.title}"
        self.step = f"the arms' fits on the `spatial` split, seed {self.maps['seed'].max()}" if self.ready else ""

    def layer(self, kind, arm):
        """One map as a field."""
        return national_maps.layer(self.maps[(self.maps["kind"] == kind) & (self.maps["arm"] == arm)])

    def layers(self, kind):
        """The truth, where it is known, and every arm's map."""
        known = ["truth"] if "truth" in set(self.maps["arm"]) else []
        return {name(arm): self.layer(kind, arm) for arm in [*known, *self.arms]}

    def date(self, kind):
        return pd.Timestamp(self.maps.loc[self.maps["kind"] == kind, "day"].iloc[0])

    def rows(self, what, source=None):
        """Rows of the evidence about this task."""
        own = self.table[(self.table["what"] == what) & (self.table["task"] == self.task)]
        return own if source is None else own[own["source"] == source]


def name(arm):
    return "truth" if arm == "truth" else figures.look(arm).name


def said(arm):
    return "the truth" if arm == "truth" else arm_said(arm)


world, measured = Source(profile, True), Source(real, False)
if not world.ready:
    raise StoreError(
        f"results/{profile} has no maps; make them with `doit evidence:{profile}:national_maps evidence:{profile}:artefacts`"
    )
sources = [world, measured]
present = [s for s in sources if s.ready]


def draw_day(s, kind):
    """Every arm's map of a day, on one colour scale."""
    if kind not in s.kinds:
        return figures.nothing(KINDS[kind], s.profile, embedded=s.embedded, of="maps")
    layers = s.layers(kind)
    top = float(np.nanpercentile(layers["truth"] if "truth" in layers else np.stack(list(layers.values())), 99))
    rows = -(-len(layers) // 2)
    fig, axes = figures.subplots(rows, 2, size=(6.4, 1.95 * rows + 0.6), maps=True, squeeze=False)
    for ax, (title, layer) in zip(axes.flat, layers.items(), strict=False):
        mesh = figures.grid_map(ax, layer["lon"], layer["lat"], layer.values, "PM2.5", vmin=0, vmax=top, bar=False)
        ax.set_title(title)
    for ax in axes.flat[len(layers) :]:
        ax.set_visible(False)
    figures.colourbar(axes, mesh, f"PM2.5 on {s.date(kind):%d %B %Y}", extend="max")
    cells = int(np.isfinite(next(iter(layers.values()))).sum())
    return figures.label(fig, s.profile, n=cells, of=f"cells of {national_maps.RESOLUTION}° a map", embedded=s.embedded)


# %% [markdown]
# # Artefacts: what a map shows of its encoder
#
# A score at stations cannot see what a map does *between* them. A map can look rich in detail, and the detail can be false: it can come from
# the encoder instead of the air. Such a false detail is called an **artefact**.
#
# There is a reason to expect them. GeoCLIP describes a place by waves over the map, some of them only tens of kilometres long ({doc}`place`). A
# model that reads these waves can draw them. The study reports such patterns for an encoder with many fine waves {cite:p}`karimzadeh2025`, as a matter of looking. Here they are
# measured:
#
# 1. How much of a map varies over **short distances**, compared with the same model without a place, and with the truth where it is known?
# 2. **Where** is this fine structure: where the encoder has seen many photographs, or few?
# 3. Does it go along with **error**?
#
# ## National maps
#
# Three days, found by a rule from the network's own measurements, not by eye. Only days with a full window of history count, and at least a third as many
# monitors as on the fullest day.
#
# - The **clean day** has the lowest median over all monitors.
# - The **stagnant winter day** has the highest median from December to February.
# - The **smoke day** has the highest 95th percentile from June to September.
#
# Every arm draws every day, on all land. All maps of a day share one colour scale. First the **embedded world**, which is simulated and whose truth is known.

# %% tags=["remove-input"]
rows = []
for s in present:
    for kind in s.kinds:
        layers = s.layers(kind)
        first = layers.get("truth", next(iter(layers.values())))
        spread = [float(np.nanpercentile(layer, 99)) for title, layer in layers.items() if title != "truth"]
        middle = [float(np.nanmedian(layer)) for title, layer in layers.items() if title != "truth"]
        known = (
            f"{np.nanmedian(layers['truth']):.1f}, {np.nanpercentile(layers['truth'], 99):.1f}"
            if "truth" in layers
            else "–"
        )
        rows.append(
            (
                s.title,
                KINDS[kind],
                f"{s.date(kind):%d %B %Y}",
                known,
                f"{min(middle):.1f} to {max(middle):.1f}",
                f"{min(spread):.1f} to {max(spread):.1f}",
            )
        )
captioned(
    pd.DataFrame(
        rows, columns=["", "day", "date", "truth: median, 99 %", "medians of the arms' maps", "their 99th percentiles"]
    ).rename(columns={"": "maps of"}),
    f"The chosen days and the maps' levels over land, {figures.UNIT}. The embedded world's year is nominal: nothing in it happened. Profiles "
    f"{listed([s.profile for s in present])}.",
    "tab-artefacts-days",
)

# %% mystnb={"figure": {"caption": "Embedded world, clean day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-clean"}, "image": {"alt": "Small maps of the contiguous US on a clean day: the truth first, then inverse distance and each model; those told a place by GeoCLIP show more small speckle."}} tags=["hide-input"]
_ = draw_day(world, "clean")

# %% mystnb={"figure": {"caption": "Embedded world, stagnant winter day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-winter"}, "image": {"alt": "Small maps of the contiguous US on a stagnant winter day, the truth first, then inverse distance and each model."}} tags=["hide-input"]
_ = draw_day(world, "winter")

# %% mystnb={"figure": {"caption": "Embedded world, smoke day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-smoke"}, "image": {"alt": "Small maps of the contiguous US on a smoke day, the truth first, then inverse distance and each model; plumes stand out."}} tags=["hide-input"]
_ = draw_day(world, "smoke")

# %% [markdown]
# Now real measurements: the neighbours task ({doc}`aqs`), whose only inputs are the neighbouring training monitors and the day of the year. These are known everywhere, so a map needs no
# further data. Its truth is not known.

# %% mystnb={"figure": {"caption": "Real measurements of 2021, clean day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-clean"}, "image": {"alt": "Small maps of the contiguous US on a clean day, inverse distance first, then each model."}} tags=["hide-input"]
_ = draw_day(measured, "clean")

# %% mystnb={"figure": {"caption": "Real measurements of 2021, stagnant winter day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-winter"}, "image": {"alt": "Small maps of the contiguous US on a stagnant winter day, inverse distance first, then each model."}} tags=["hide-input"]
_ = draw_day(measured, "winter")

# %% mystnb={"figure": {"caption": "Real measurements of 2021, smoke day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-smoke"}, "image": {"alt": "Small maps of the contiguous US on a smoke day, inverse distance first, then each model."}} tags=["hide-input"]
_ = draw_day(measured, "smoke")

# %% [markdown]
# ## Only the fine part
#
# Large patterns hide small ones. So take off from each map its Gaussian mean over the surroundings and look at what is left. The Gaussian is chosen such that a wave of
# 200 km passes by half; shorter ones pass nearly whole, longer ones hardly.


# %% mystnb={"figure": {"caption": "Embedded world, the fine part of the maps of the stagnant winter day (of the first day there is, where the record has no winter): each map minus its Gaussian mean over the surroundings, on one colour scale. The truth's fine part is what a perfect map would show.", "name": "fig-artefacts-world-fine"}, "image": {"alt": "Small maps in red and blue of the fine part of the truth and of each arm's map; towns stand out as red dots in the truth."}} tags=["hide-input"]
def draw_fine(s, kind):
    """The high-pass part of every arm's map of a day."""
    if not s.kinds:
        return figures.nothing("fine parts", s.profile, embedded=s.embedded, of="maps")
    kind = kind if kind in s.kinds else s.kinds[0]
    layers = s.layers(kind)
    # A cell of the plain grid, by the mean of its two sides in the middle of the country.
    cell = national_maps.RESOLUTION * np.pi / 180 * coords.EARTH_RADIUS_KM * (1 + np.cos(spectra.PARALLEL)) / 2
    fine = {title: spectra.highpass(layer.values, np.isfinite(layer.values), cell) for title, layer in layers.items()}
    top = float(np.nanpercentile(np.abs(np.stack(list(fine.values()))), 98))
    rows = -(-len(layers) // 2)
    fig, axes = figures.subplots(rows, 2, size=(6.4, 1.95 * rows + 0.6), maps=True, squeeze=False)
    for ax, (title, values) in zip(axes.flat, fine.items(), strict=False):
        mesh = figures.grid_map(
            ax,
            layers[title]["lon"],
            layers[title]["lat"],
            values,
            "fine part",
            kind="difference",
            vmin=-top,
            vmax=top,
            bar=False,
        )
        ax.set_title(title)
    for ax in axes.flat[len(fine) :]:
        ax.set_visible(False)
    figures.colourbar(axes, mesh, f"fine part of PM2.5, {s.date(kind):%d %B %Y}", extend="both")
    return figures.label(fig, s.profile, n=len(fine), of="maps", embedded=s.embedded)


_ = draw_fine(world, "winter")

# %% mystnb={"figure": {"caption": "Real measurements, the fine part of the maps of the stagnant winter day, on one colour scale.", "name": "fig-artefacts-aqs-fine"}, "image": {"alt": "Small maps in red and blue of the fine part of each arm's map of real measurements; without a place only rings around monitors remain."}} tags=["hide-input"]
_ = draw_fine(measured, "winter")

# %% [markdown]
# ## Power spectra
#
# A **power spectrum** says how the variance of a map is shared out among waves of different length. Maps are drawn on cells of equal area, 25 km wide, in the largest box that
# is all land. A plane is taken off {cite:p}`errico1985`, a Hann window makes the edges fade {cite:p}`harris1978`, and the power of the two-dimensional Fourier transform,
#
# $$
# P(k) = \Bigl\langle \bigl| \mathcal F\{w \cdot z\}(k_x, k_y) \bigr|^2 \Bigr\rangle_{k_x^2 + k_y^2 \approx k^2},
# $$ (eq-artefacts-spectrum)
#
# is averaged over rings of equal wavelength $1/k$. Every spectrum is divided by its map's variance, so that only the *shape* counts. The maps are one every sixty days.
#
# ### The encoder itself
#
# First the source of all suspicion. Each of GeoCLIP's three networks reads waves whose frequencies were drawn from a normal distribution with standard deviation
# $\sigma = 1$, 16 or 256 a unit of its map. The length of such a frequency vector has a Rayleigh distribution, so a share $q$ of the waves is
# shorter than
#
# $$
# \ell_q = \frac{U}{\sigma \sqrt{-2 \ln q}}, \qquad U = \frac{180\,R}{66.50336},
# $$ (eq-artefacts-wavelength)
#
# where $U$ is the length, on an Earth of radius $R$, of a unit of GeoCLIP's map, which keeps areas; the number is the scale in its code. ({doc}`place` measures the same waves at the equator, where the map is stretched the other way.)

# %% tags=["remove-input"]
rows = []
encoder = world.table[world.table["variant"].eq("geoclip") & world.table["task"].eq("-")]
share = encoder[encoder["what"] == "share"].set_index("source")["value"]
for sigma in spectra.SIGMAS.values():
    low, middle, high = spectra.wavelengths(sigma)
    rows.append((f"{sigma}", f"{low:,.0f} to {high:,.0f}", f"{middle:,.0f}", f"{100 * share[f'scale {sigma}']:.1f} %"))
rows.append(("all three added", "", "", f"{100 * share['encoder']:.1f} %"))
captioned(
    pd.DataFrame(
        rows, columns=["σ", "80 % of the waves [km]", "median [km]", f"variance below {spectra.LOCAL_KM:.0f} km"]
    ),
    f"Wavelengths that the scales imply, and the share of the variance of the {int(encoder['n'].max())} numbers of the vectors (over the box) that is at wavelengths "
    f"below {spectra.LOCAL_KM:.0f} km. No measurements.",
    "tab-artefacts-scales",
)

# %% mystnb={"figure": {"caption": "Radially averaged power spectra of GeoCLIP's vectors over the box, mean over their numbers, each divided by its variance: the embedding and its three networks by themselves. Shaded: the wavelengths of the middle 80 % of the waves that a network of scale 16 and 256 reads; those of scale 1 are longer than the axis. Dotted: the limit below which this page calls a wave local. Grey dash: equal power at all wavelengths.", "name": "fig-artefacts-encoder"}, "image": {"alt": "Lines of power against wavelength on logarithmic axes, long waves left: scale 1 falls steeply, scale 16 falls from a few hundred kilometres on, scale 256 is nearly flat, and the sum of all lies between."}} tags=["hide-input"]
SCALES = {
    "encoder": ("all three added", figures.INK, "-"),
    "scale 1": ("σ = 1", "#029e73", "-"),
    "scale 16": ("σ = 16", "#de8f05", "-"),
    "scale 256": ("σ = 256", "#0173b2", "-"),
}
TICKS = [1500, 500, 200, 100, 50]


def wavelength_axis(ax, longest, shortest):
    """Long waves left, short right, on a logarithmic axis."""
    ax.set(xscale="log", yscale="log", xlabel="wavelength [km]")
    ax.set_xlim(longest * 1.05, shortest * 0.95)
    ax.xaxis.set_major_locator(FixedLocator([t for t in TICKS if t <= longest * 1.05]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    ax.axvline(spectra.LOCAL_KM, color="#777777", lw=1, ls=":", zorder=1)


fig, ax = figures.subplots(size=(6.4, 3.9))
lines = encoder[encoder["what"] == "spectrum"]
for source, (text, colour, dash) in SCALES.items():
    own = lines[lines["source"] == source].sort_values("x")
    ax.plot(own["x"], own["value"], color=colour, ls=dash, label=text, lw=2)
for sigma, colour in ((16, "#de8f05"), (256, "#0173b2")):
    low, _, high = spectra.wavelengths(sigma)
    ax.axvspan(max(low, lines["x"].min() * 0.95), min(high, lines["x"].max() * 1.05), color=colour, alpha=0.1, lw=0)
ax.axhline(spectra.CELL_KM**2, color="#aaaaaa", ls="--", lw=1, zorder=1)
wavelength_axis(ax, lines["x"].max(), lines["x"].min())
ax.set_ylabel("power / variance [km²]")
ax.legend(fontsize="small")
_ = figures.label(fig, profile, n=int(lines["n"].max()), of="numbers a vector", embedded=None)

# %% [markdown]
# ### The maps


# %% mystnb={"figure": {"caption": "Radially averaged power spectra of the maps, each divided by its variance, mean over the maps of a year. Left: embedded world, with the truth in black. Right: real measurements. Above the truth at short wavelengths means detail that is not there; below it, detail that is missing. Dotted: the limit below which a wave counts as local.", "name": "fig-artefacts-spectra"}, "image": {"alt": "Two panels of lines of power against wavelength on logarithmic axes, long waves left. Inverse distance falls most steeply; the lines of GeoCLIP lie above that of no location at short wavelengths."}} tags=["hide-input"]
def draw_spectra():
    """Spectra of all arms, one panel a task."""
    fig, axes = figures.subplots(1, len(present), size=(6.4, 4.2), squeeze=False, sharey=True)
    for ax, s in zip(axes.flat, present, strict=True):
        table = s.rows("spectrum")
        for arm in ["truth", *s.arms]:
            own = table[table["source"] == arm].sort_values("x")
            if len(own):
                drawn = figures.look(arm)
                colour = "black" if arm == "truth" else drawn.colour
                ax.plot(
                    own["x"],
                    own["value"],
                    color=colour,
                    lw=2.4 if arm == "truth" else 1.4,
                    label=name(arm),
                    ls="--" if arm == "idw" else "-",
                    marker=None if arm == "truth" else drawn.marker,
                    markevery=5,
                    ms=4,
                )
        wavelength_axis(ax, table["x"].max(), table["x"].min())
        ax.set_title(s.title)
    axes[0, 0].set_ylabel("power / variance [km²]")
    handles = {text: handle for ax in axes.flat for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, fontsize="small")
    note = "embedded world and real measurements" if len(present) > 1 else ""
    return figures.label(
        fig, profile, n=int(world.rows("share")["n"].max()), of="maps an arm", embedded=True, note=note
    )


_ = draw_spectra()


# %% tags=["remove-cell"]
def against(s, arm, base):
    """Local share of an arm's maps minus that of another source's, map by map, with a 95 % interval of Student's t."""
    one, other = (s.rows("map", source).set_index("x")["value"] for source in (arm, base))
    gap = (one - other).dropna()
    if gap.empty:
        return None
    half = stats.t.ppf(0.975, len(gap) - 1) * gap.std() / np.sqrt(len(gap)) if len(gap) > 1 else np.nan
    clear = int(gap.mean() - half > 0) - int(gap.mean() + half < 0) if np.isfinite(half) else 0
    return {"gap": gap.mean(), "half": half, "clear": clear, "maps": len(gap)}


def percent(found):
    """A difference of shares in percentage points, with its interval."""
    if found is None:
        return "–"
    mean, half = 100 * found["gap"], 100 * found["half"]
    text = f"{mean:+.1f}".replace("-", "−")
    text = f"**{text}**" if found["clear"] else text
    return text + (f" ({signed(mean - half, mean + half, 1)})" if np.isfinite(half) else "")


# %% tags=["remove-input"]
rows = []
for s in present:
    shares, amplitudes = (s.rows(what).set_index("source") for what in ("share", "amplitude"))
    for arm in [a for a in ["truth", *s.arms] if a in shares.index]:
        row = shares.loc[arm]
        rows.append(
            (
                s.title,
                name(arm),
                f"{100 * row['value']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
                f"{amplitudes.loc[arm, 'value']:.2f}",
                percent(against(s, arm, "none")) if arm not in ("none", "truth") else "–",
                percent(against(s, arm, "truth")) if "truth" in shares.index and arm != "truth" else "–",
            )
        )
captioned(
    pd.DataFrame(
        rows,
        columns=[
            "maps of",
            "arm",
            f"% of variance below {spectra.LOCAL_KM:.0f} km",
            f"its size [{figures.UNIT}]",
            "minus no location [points]",
            "minus truth [points]",
        ],
    ),
    "Local energy of the maps in the box: share of the variance, mean over the maps and (smallest to largest map); root mean square of that part. Differences of the share are "
    f"paired map by map, with 95 % intervals of Student's t over {int(world.rows('share')['n'].max())} maps sixty days apart (embedded world); bold where they exclude zero. One fit an arm.",
    "tab-artefacts-share",
)

# %% tags=["remove-input"]
lines = []
for s in present:
    found = {arm: against(s, arm, "none") for arm in s.arms if arm not in ("none", "idw")}
    found = {arm: f for arm, f in found.items() if f}
    groups = {
        words: [said(a) for a, f in found.items() if f["clear"] == sign]
        for sign, words in (
            (1, "a larger share of local variance than no location"),
            (-1, "a smaller share than no location"),
            (0, "no clear difference to it"),
        )
    }
    text = f"- **{s.title[0].upper()}{s.title[1:]}.** "
    said_so = "; ".join(f"{words}: {listed(arms)}" for words, arms in groups.items() if arms)
    text += f"{said_so[:1].upper()}{said_so[1:]}." if said_so else "No other arm has maps here."
    size = s.rows("amplitude").set_index("source")["value"]
    grown = [f"{said(a)} {size[a]:.2f}" for a in s.arms if a in ENCODERS and a in size.index]
    if grown and "none" in size.index:
        text += f" In {figures.UNIT} the fine part has a size of {size['none']:.2f} without a place; {listed(grown)}."
    beyond = {arm: against(s, arm, "truth") for arm in s.arms}
    beyond = {arm: f for arm, f in beyond.items() if f}
    if beyond:
        more, less = ([said(a) for a, f in beyond.items() if f["clear"] == sign] for sign in (1, -1))
        text += (
            f" Against the truth, more: {listed(more) if more else 'none'}; less: {listed(less) if less else 'none'}."
        )
    lines.append(text)
lines.append(
    "\nA share is relative: it can also rise because a map varies less in the large. And it can be like the truth's for the wrong reason: the amount of detail may be right and its place wrong. Part of the embedded world's truth is speckle that belongs to no "
    "neighbourhood ({doc}`world`) and that no map can have. And a map without any place is not free of detail either, where its predictors have some."
)
Markdown("\n".join(lines))

# %% [markdown]
# ## Where the encoder has seen photographs
#
# GeoCLIP learned from 4.7 million photographs that people had put on the web. Where they were taken is not published with it. The `geoclip` package ships a **gallery** of a hundred thousand coordinates; how it was drawn
# from the photographs is not documented. It is used here as a **proxy** for the training set, and all that follows is about the proxy. Density means: photographs of the gallery within 100 km of
# a cell, per $10^4$ km².

# %% mystnb={"figure": {"caption": "Coordinates of the gallery that the geoclip package ships, within 100 km of each place, per 10,000 km²: a proxy for where GeoCLIP's training photographs were taken. The colours are logarithmic.", "name": "fig-artefacts-photos"}, "image": {"alt": "Map of the contiguous US: dense around the coasts and the large cities, sparse over the Great Plains and the inner West."}} tags=["hide-input"]
lon, lat = coords.grid(0.5)
cells = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
on_land = coords.inside(cells)
density = np.full(len(cells), np.nan)
density[on_land] = artefacts.photo_density(cells[on_land])
fig, ax = figures.subplots(size="map", maps=True)
figures.grid_map(
    ax,
    lon,
    lat,
    np.log10(1 + density).reshape(len(lat), len(lon)),
    "log₁₀ (1 + photographs per 10,000 km²)",
    unit=None,
    kind="count",
)
inside = int(coords.inside(artefacts.gallery()).sum())
_ = figures.label(fig, profile, n=inside, of="coordinates of the gallery in the country", embedded=None)

# %% tags=["remove-input"]
ranked = np.sort(density[on_land])
Markdown(
    f"Of the gallery's coordinates, {inside:,} are in the country. Half of the land has at most {np.median(ranked):.1f} per 10,000 km², a tenth has more than {np.percentile(ranked, 90):.0f}; "
    f"{100 * np.mean(ranked == 0):.1f} % of the cells have none within 100 km."
)

# %% [markdown]
# ### Fine structure against photographs
#
# For every cell, take the fine part of a map, square it, and average over the maps: the **local energy** of the cell. Then take off the local energy of `none`, the model without a place. What
# is left is fine structure that came with the place. If the encoder made up detail where it has seen little, it would be largest at low densities.


# %% mystnb={"figure": {"caption": "Local energy of an arm's maps minus that of no location, in ten classes of cells by density of photographs (from few to many); mean over the cells of a class and 95 % bootstrap interval over squares of the map. Left: embedded world, right: real measurements. Each panel has its own scale.", "name": "fig-artefacts-deciles"}, "image": {"alt": "Two panels: difference of local energy against density of photographs on a logarithmic axis, one line with intervals for each way of telling the place, around a dashed line at zero."}} tags=["hide-input"]
def draw_deciles():
    """Local energy by class of density, one panel a task."""
    fig, axes = figures.subplots(1, len(present), size=(6.4, 4.0), squeeze=False)
    for ax, s in zip(axes.flat, present, strict=True):
        table = s.rows("decile")
        arms = [a for a in s.arms if a in set(table["source"]) and a != "idw"]
        for number, arm in enumerate(arms):
            own, drawn = table[table["source"] == arm].sort_values("x"), figures.look(arm)
            x = (own["x"] + 0.3) * 1.05 ** (number - (len(arms) - 1) / 2)
            ax.vlines(x, own["low"], own["high"], color=drawn.colour, lw=1.6, alpha=0.8)
            ax.plot(x, own["value"], color=drawn.colour, marker=drawn.marker, ms=5, lw=1, label=drawn.name)
        ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set(xscale="log", xlabel="photographs per 10,000 km²", title=s.title)
    axes[0, 0].set_ylabel("local energy minus no location\n[µg² m⁻⁶]")
    handles = {text: handle for ax in axes.flat for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, fontsize="small")
    total = world.rows("decile")
    n = int(total[total["source"] == total["source"].iloc[0]]["n"].sum()) if len(total) else 0
    return figures.label(
        fig, profile, n=n, of="cells a map", embedded=True, note="95 % intervals over squares of the map"
    )


_ = draw_deciles()

# %% [markdown]
# One number for such a relation is Spearman's **rank correlation** $\rho$: sort the cells by density and by energy, and correlate the two ranks. It is $+1$ when denser cells always have more, $-1$ when they always have
# less. Photographs are taken where people are, and people make PM2.5 with fine structure of its own. So each correlation is given twice: plain, and with the density of people held
# fixed (the partial rank correlation; densities of towns from GeoNames).


# %% tags=["remove-cell"]
def rho(row):
    """A correlation and its interval, bold where this excludes zero."""
    text = f"{row['value']:+.2f}".replace("-", "−")
    text = f"**{text}**" if row["low"] > 0 or row["high"] < 0 else text
    return f"{text} ({signed(row['low'], row['high'], 2)})"


def relations(what):
    """Rank correlations of one quantity, plain and partial, by task and arm."""
    rows = []
    for s in present:
        plain, partial = (s.rows(kind).set_index("source") for kind in (what, f"{what}|people"))
        for arm in [a for a in ["truth", *s.arms] if a in plain.index]:
            rows.append(
                (
                    s.title,
                    "truth (no difference)" if arm == "truth" else name(arm),
                    rho(plain.loc[arm]),
                    rho(partial.loc[arm]),
                )
            )
    return pd.DataFrame(rows, columns=["maps of", "arm", "ρ with density of photographs", "people held fixed"])


# %% tags=["remove-input"]
counted = world.rows("energy")
captioned(
    relations("energy"),
    "Rank correlation over land cells of the density of photographs and the local energy minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    f"where they exclude zero; n = {int(counted['n'].max()):,} cells. One fit an arm; profiles {listed([s.profile for s in present])}.",
    "tab-artefacts-energy",
)


# %% tags=["remove-input"]
def verdicts(what, up, down):
    """Sentences about the encoder's arms from their correlations."""
    lines = []
    for s in present:
        plain, partial = (s.rows(kind).set_index("source") for kind in (what, f"{what}|people"))
        for arm in [a for a in ENCODERS if a in plain.index]:
            words = []
            for row, how in ((plain.loc[arm], "plainly"), (partial.loc[arm], "with people held fixed")):
                sign = int(row["low"] > 0) - int(row["high"] < 0)
                words.append(f"{how}, {({1: up, -1: down, 0: 'no clear relation'})[sign]} (ρ = {row['value']:+.2f})")
            lines.append(f"- {s.title[0].upper()}{s.title[1:]}, {said(arm)}: {'; '.join(words)}.")
    return minus("\n".join(lines))


text = verdicts(
    "energy",
    "more fine structure where there are more photographs",
    "more fine structure where there are fewer photographs",
)
others = [a for s in present for a in s.arms if a not in (*ENCODERS, "none", "idw")]
Markdown(
    text
    + (
        "\n\nThe arms that have never seen a photograph are the yardstick here: a correlation that they share cannot come from the photographs."
        if others
        else ""
    )
)

# %% [markdown]
# ### Error against photographs
#
# In the embedded world the error is known at every cell: the mean of $|\hat y - y|$ over the maps, minus that of `none`. A *negative* correlation with the density would mean that the encoder helps
# most where it has seen most.

# %% tags=["remove-input"]
captioned(
    relations("error"),
    "Rank correlation over land cells of the density of photographs and the mean absolute error against the truth, minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    f"where they exclude zero; {world.origin}. One fit an arm.",
    "tab-artefacts-error",
)

# %% tags=["remove-input"]
Markdown(
    verdicts(
        "error",
        "less help, or more harm, where there are more photographs",
        "more help where there are more photographs",
    )
)

# %% [markdown]
# For real measurements the error is known at test stations only. For each station, take the mean absolute error of GeoCLIP's arm minus that of `none` over all fits that tested it; each
# station is one point. The same is done in the embedded world. Splits: {doc}`../concepts/splits`.


# %% tags=["remove-cell"]
def by_station(s, task, split):
    """Rank correlations of density and difference of error over test stations, one row an arm."""
    scores = store.scores(s.profile)
    scores = scores[(scores["task"] == task) & (scores["split"] == split)]
    sums = store.sums(s.profile)
    sums = sums[sums["run"].isin(scores["run"])]
    rows = []
    for arm in ENCODERS:
        if {arm, "none"} <= set(with_arm(scores)["arm"]):
            found = artefacts.at_stations(scores, sums, arm)
            lonlat = found[["lon", "lat"]].to_numpy(float)
            if len(found) > 3 and found["difference"].nunique() > 1:
                photos = artefacts.photo_density(lonlat)
                plain = artefacts.relation(photos, found["difference"].to_numpy(), lonlat)
                partial = artefacts.relation(photos, found["difference"].to_numpy(), lonlat, people_at(lonlat))
                rows.append(
                    {
                        "task": task,
                        "split": split,
                        "arm": arm,
                        "plain": plain,
                        "partial": partial,
                        "mean": found["difference"].mean(),
                    }
                )
    return rows


def people_at(lonlat):
    """Density of people at places."""
    from placeprior.data.world import land

    return land.density(coords.project(lonlat))


asked = [(world, "world"), (measured, "weather-2019"), (measured, "neighbours-2021")]
at = [
    row | {"source": s}
    for s, task in asked
    for split in ("spatial", "checkerboard-16")
    for row in by_station(s, task, split)
]
TITLES = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}

# %% tags=["remove-input"]
rows = [
    (
        TITLES[r["task"]],
        SPLITS.get(r["split"], r["split"]),
        name(r["arm"]),
        f"{r['plain']['n']:,}",
        f"{r['mean']:+.2f}".replace("-", "−"),
        rho(r["plain"]),
        rho(r["partial"]),
    )
    for r in at
]
captioned(
    pd.DataFrame(
        rows,
        columns=[
            "task",
            "split",
            "arm",
            "stations",
            f"mean [{figures.UNIT}]",
            "ρ with density of photographs",
            "people held fixed",
        ],
    ),
    "Rank correlation over test stations of the density of photographs and the mean absolute error of GeoCLIP's arm minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    "where they exclude zero. Mean: of that difference over stations.",
    "tab-artefacts-stations",
)

# %% mystnb={"figure": {"caption": "Mean absolute error of GeoCLIP (Hadamard) minus that of no location at each test station of the 16° checkerboard (of the spatial split, where there is none), against the density of photographs around it. Below the dashed line GeoCLIP is better. The line is a running median over a fifth of the stations. Extreme values are cut at the edges.", "name": "fig-artefacts-stations"}, "image": {"alt": "One panel a task: a cloud of dots around a dashed line at zero, against density of photographs on a logarithmic axis, with a line for the running median."}} tags=["hide-input"]
panels = []
for s, task in asked:
    scores = store.scores(s.profile)
    for split in ("checkerboard-16", "spatial"):
        part = scores[(scores["task"] == task) & (scores["split"] == split)]
        if {ENCODERS[0], "none"} <= set(with_arm(part)["arm"]):
            panels.append((s, task, artefacts.at_stations(part, store.sums(s.profile), ENCODERS[0])))
            break
if panels:
    fig, axes = figures.subplots(1, len(panels), size=(6.4, 3.6), squeeze=False)
    for ax, (_, task, found) in zip(axes.flat, panels, strict=True):
        x = artefacts.photo_density(found[["lon", "lat"]].to_numpy(float)) + 0.3
        y = found["difference"].to_numpy()
        edge = max(float(np.percentile(np.abs(y), 98)), 1e-6)
        ax.scatter(x, np.clip(y, -edge, edge), s=8, color=figures.look(ENCODERS[0]).colour, alpha=0.35, lw=0)
        order = np.argsort(x)
        smooth = pd.Series(y[order]).rolling(max(len(y) // 5, 3), center=True).median()
        ax.plot(x[order], smooth, color=figures.INK, lw=1.8)
        ax.axhline(0, color="#777777", lw=1, ls="--")
        ax.set(xscale="log", title=TITLES[task], ylim=(-edge * 1.05, edge * 1.05))
    axes[0, len(panels) // 2].set_xlabel("photographs per 10,000 km²")
    axes[0, 0].set_ylabel(f"difference of error [{figures.UNIT}]")
    both = len({s.embedded for s, _, _ in panels}) > 1
    _ = figures.label(
        fig,
        profile,
        n=sum(len(f) for _, _, f in panels),
        of="stations",
        embedded=panels[0][0].embedded,
        note=f"and real measurements, profile {real}" if both else "",
    )
else:
    figures.nothing("errors at stations", world.profile, embedded=world.embedded, of="maps")

# %% tags=["remove-input"]
clear = [(r, how) for r in at for how in ("plain", "partial") if r[how]["low"] > 0 or r[how]["high"] < 0]
looks = 2 * len(at)
helped = [
    f"{TITLES[r['task']]}, {SPLITS.get(r['split'], r['split'])}, {said(r['arm'])} ({'less' if r['plain']['value'] > 0 else 'more'} help where photographs are dense)"
    for r, how in clear
    if how == "plain"
]
held = [r for r, how in clear if how == "partial"]
Markdown(
    (
        f"Of {looks} intervals over stations, {len(clear)} exclude{'s' * (len(clear) == 1)} zero; the more one looks, the more is found by luck. "
        + (f"Plain correlations that do: {listed(helped)}. " if helped else "No plain correlation does. ")
        + (f"With people held fixed, {len(held)} of {len(at)} do." if at else "")
    ).replace(" · ", "\u00a0·\u00a0")
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how much fine structure each arm's maps have, and how much the truth has, where it is known. It shows where that fine structure goes along with what the encoder has seen, and whether
# the errors do. Energy beyond that of no location is *structure that came with the place*. It is an artefact only if the truth does not have it: in the embedded world the error decides that, and for real measurements nothing here
# does.
#
# It does not show a cause. Photographs, people, roads and monitors are densest in the same places; holding the density of people fixed takes off only what a
# single smooth number says about them. The gallery is a proxy, and 100 km a choice. Each arm is one fit: another seed would draw other fine structure. A network is free to bend waves into shorter ones, so the
# wavelengths of the Fourier features bound nothing. And cells of 25 km see no wave shorter than 50 km, although part of GeoCLIP's are.
#
# ```{admonition} Exercise: the spectrum of a town
# :class: exercise tip
# A town is a bump, $\exp(-r^2 / 2s^2)$ with $s$ = 20 km. Its power spectrum is again Gaussian, proportional to $\exp(-4\pi^2 s^2 k^2)$. At which wavelength has it fallen to half? Would a map
# of towns count as having artefacts on this page?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $4\pi^2 s^2 k^2 = \ln 2$ gives $1/k = 2\pi s / \sqrt{\ln 2} \approx 7.5\,s$, about 150 km. So towns are local structure, and a map that draws real towns has much of it. That is why the truth's own share
# stands in the table, and why energy is compared with error before anything is called an artefact.
# ```
#
# ```{admonition} Exercise: a fair yardstick
# :class: exercise tip
# Train an arm with vectors of random waves of the three scales, drawn anew, in place of GeoCLIP's. What would its spectrum tell that `random-vector` cannot?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# `random-vector` has no waves at all: neighbouring cells get unrelated numbers, so its maps are white noise below any wavelength. Random waves have GeoCLIP's scales but nothing that was learned from photographs. If
# their maps had the same spectrum, the fine structure would come from the scales alone.
# ```
