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

from placeprior.book import downscaling as page
from placeprior.book import figures, results
from placeprior.book.tables import captioned

figures.style()
origin = f"Profile {profile}, embedded world"

# %% [markdown]
# # From coarse fields to fine ones
#
# ```{goals}
# :needs: {doc}`world`, {doc}`scores`
# tell skill from squared correlation, and a draw from an estimate
# find out whether a pretrained encoder is worth anything
# ```
#
# ```{answer} downscaling-unet downscaling-vae downscaling-encoder downscaling-longer downscaling-structure downscaling-simple
# :question: Does an encoder that learned from a long coarse series help to draw fine fields?
# No gain is seen here. The diffusion model's NSE, the share of the variance explained, lies {val}`claims.downscaling-unet.demo.difference:+.3f` ({val}`claims.downscaling-unet.demo.low:+.3f` to {val}`claims.downscaling-unet.demo.high:+.3f`) from a plain U-Net's, and a pretrained encoder changes CRPS, an error of draws, against one of random weights by {val}`claims.downscaling-encoder.demo.difference:+.3f` µg m⁻³ ({val}`claims.downscaling-encoder.demo.low:+.3f` to {val}`claims.downscaling-encoder.demo.high:+.3f`). From 100 km on diffusion's draws keep the truth's semivariogram within {val}`claims.downscaling-structure.demo.value:.0%`.
# ```
#
# **Source.** {cite:t}`xiang2025` pretrain a small U-Net on a long coarse series of dust, freeze its encoder, and put it into a diffusion model that draws fine fields day after day.
# **Faithful**: an encoder of past coarse days, applied to past fine days of the same number of cells; its frozen bottleneck; the cosine schedule {cite:p}`nichol2021` of {cite:t}`ho2020`, with an estimate of the field itself; draws that look back on themselves.
# **Smaller**: one region of the embedded world for two of Asia, eight past days for forty, far smaller networks, fifty steps a draw; drawn is what the bilinear reading leaves, not the field.
# **Full scale** would need years of a fine product beside a coarse one, many more draws, and training until twice as long changes nothing.
#
# ## Fields, and who may know what when
#
# The fine field has cells of a quarter degree; the coarse one is its mean over blocks of one degree, with noise. First come years of which only the coarse field of the whole country is known, for pretraining; then two years with both, for training; then a gap of months; then the test period, in one piece. Scaling, mean maps and regressions know training days alone; nothing is chosen by the test period. Each of three seeds draws world, noise and networks.
#
# The source's public code hands a model the target as its last past day; copying it would score perfectly. So this project's tests change the fine truth of all days after training, and nothing that is drawn may change.
#
# The source first asks whether the two domains are alike, by a Wasserstein distance between their values, which knows nothing of where a value lies:

# %%
from placeprior import evidence
from placeprior.evidence import downscaling

if results.has(profile, "downscaling"):
    # arm, seed, metric, at, value
    table = evidence.read(profile, "downscaling")
    known = (
        table[table["arm"] == downscaling.DOMAINS]
        .groupby("metric")["value"]
        .mean()
    )
    print(
        f"values of the coarse country and the fine region: {known['wasserstein pooled']:.4f} of the common range"
    )
    print(f"day against day: {known['wasserstein daily']:.4f}")
    print(
        f"a region and itself with its cells shuffled: {known['wasserstein shuffled']:.4f}"
    )
    print(
        f"the pretrained U-Net against saying the same as yesterday: skill {known['skill']:.2f}"
    )

# %% tags=["remove-input"]
results.missing(profile, "downscaling")

# %% [markdown]
# ## Errors
#
# With truth $y$, estimate $\hat y$ and the truth's mean at a cell $\bar y$, or training's mean map $\bar y_0$,
#
# $$
# \begin{aligned}
# \text{NSE} &= 1 - \frac{\sum (\hat y - y)^2}{\sum (y - \bar y)^2}, \\
# R^2_\text{anomaly} &= 1 - \frac{\sum (\hat y - y)^2}{\sum (y - \bar y_0)^2} .
# \end{aligned}
# $$ (eq-downscaling-nse)
#
# The source reports a squared correlation, which forgives a wrong level and a wrong spread. CRPS, the continuous ranked probability score, judges draws, and is the absolute error of an arm that makes none. Nobody has *yesterday's truth*.

# %% tags=["hide-input"]
if results.has(profile, "downscaling"):
    display(
        captioned(
            page.scores(table),
            f"Scores on the test period, mean over three worlds; RMSE and CRPS in {page.UNIT}. Square errors of draws are those of the mean of endlessly many. {origin}.",
            "tab-downscaling-scores",
        )
    )

# %% tags=["hide-input"]
if results.has(profile, "downscaling"):
    asked = {
        "NSE less U-Net's": ("nse", "unet"),
        "CRPS gained over drawn regression": ("crps", "regression drawn"),
        "CRPS gained over random encoder": ("crps", "diffusion random"),
    }
    display(
        captioned(
            page.gains(table, asked),
            f"Differences, above zero is better; in brackets 95 % intervals over blocks of days and worlds, bold where clear; CRPS in {page.UNIT}. {origin}.",
            "tab-downscaling-gains",
        )
    )

# %% tags=["hide-input"]
from IPython.display import Markdown

there = results.has(profile, "downscaling", "downscaling_longer")
Markdown(
    page.longer(table, evidence.read(profile, "downscaling_longer"))
) if there else None

# %% [markdown]
# Bilinear reading alone has most of the skill: weather is wide, and the coarse field knows it. Of the rest, much is speckle from cell to cell that nothing tells. A U-Net spends all its steps on the mean; diffusion, with as many, must learn every level of noise too.
#
# ## A day

# %% mystnb={"figure": {"caption": "Embedded world, the test day with the most PM2.5: the truth, the coarse field read bilinearly, a U-Net's estimate and one draw of diffusion with a frozen pretrained encoder.", "name": "fig-downscaling-day"}, "image": {"alt": "Four maps of one region on one colour scale. The truth is speckled; bilinear and U-Net are smooth; the draw of diffusion is speckled like the truth."}} tags=["hide-input"]
if results.has(profile, "downscaling"):
    fig = page.draw_day(page.day(table))
    _ = figures.label(fig, profile, n=1, of="day", embedded=True)
else:
    _ = figures.nothing("Downscaling", profile, embedded=True, of="table")

# %% [markdown]
# ## Structure in space and time

# %% mystnb={"figure": {"caption": "How fields of log PM2.5 vary, mean over worlds, draws one by one: semivariogram and power spectrum as a share of the truth's, and the autocorrelation of what a cell differs from its block's mean. Dashed: the truth.", "name": "fig-downscaling-structure"}, "image": {"alt": "Three panels of lines, one an arm: ratios of the semivariogram against distance and of the power against wavelength around a dashed line at one, and autocorrelation against lag beside a dashed line of the truth."}} tags=["hide-input"]
if results.has(profile, "downscaling"):
    drawn = page.structure(table)
    fig = page.draw_structure(drawn)
    _ = figures.label(
        fig,
        profile,
        n=table["seed"].nunique(),
        of="worlds",
        embedded=True,
        data=drawn,
    )
else:
    _ = figures.nothing("Downscaling", profile, embedded=True, of="table")

# %% [markdown]
# Estimates are too smooth at every distance, as they must be where nothing tells the speckle; draws are not. But a semivariogram does not ask whether a plume is in its place: the regression's leftovers are those of a day with other weather. Nor does the autocorrelation of the area's mean test a method: every arm that reads the coarse field has it from there. The fine part alone tests an arm's own memory.
#
# ## The draw itself
#
# ```{literalinclude} ../../src/placeprior/downscaling/diffusion.py
# :pyobject: draw
# ```

# %% tags=["remove-input"]
if results.has(profile, "downscaling"):
    minutes = page.costs(table).sum()
    display(
        Markdown(
            f"*Made for this page: {table['seed'].nunique()} worlds, {minutes:.0f} minutes of a core each.*"
        )
    )

# %% [markdown]
# ## Exercises
#
# ```{admonition} Exercise: yesterday
# :class: exercise tip
# A series has autocorrelation $\varphi$ from day to day. What are the squared correlation and the NSE of saying the same as yesterday?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The squared correlation is $\varphi^2$. The error has variance $2(1 - \varphi)\sigma^2$, so that NSE is $2\varphi - 1$: smaller, as yesterday should have been drawn towards the mean.
# ```
#
# ```{admonition} Exercise: speckle
# :class: exercise tip
# Add noise to a perfect estimate until its semivariogram is right at all distances. What happens to RMSE, and what to CRPS?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# One noisy field has a larger RMSE than the smooth estimate. Many draws, each with its own noise, have the smooth estimate as their mean, and a lower CRPS than its absolute error: they say how sure they are.
# ```
