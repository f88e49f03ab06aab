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
from IPython.display import Markdown

from placeprior.arms import arm_order, called, where
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import minus
from placeprior.evidence import rerun

figures.style()

# %% [markdown]
# # Your runs beside ours
#
# The numbers of this book are committed, in `results/`, and `make book` does not change them. It trains some runs in the
# embedded world again, on your machine: their curves, weights and maps are what the pages show. This page sets the scores of
# those runs beside the committed ones. On a processor like ours they agree to the last digit; how far they may be apart
# elsewhere is said in {doc}`../reproduce`.

# %%
found = rerun.rerun(profile)
r2 = found[found["metric"] == "r2"].dropna(subset=["difference"])  # a run whose test rows hardly vary has no R²
same = r2["difference"] == 0

Markdown(
    f"**{same.sum()} of {len(r2)}** runs that were made here have the committed R², to {rerun.DECIMALS} decimals. The largest "
    f"difference is {r2['difference'].abs().max():.{rerun.DECIMALS}f}."
    if len(r2)
    else "No run was made here: every page shows committed results alone."
)

# %% tags=["hide-input"]
lacking = rerun.missing(profile)
Markdown(
    f"Asked for in `runs.yml` and not committed, so on no page yet: {'; '.join(lacking)}. "
    f"`placeprior runs collect {profile}` writes what was made here into `results/{profile}`."
    if lacking
    else ""
)

# %% [markdown]
# ## By arm
#
# Each point is a run: its R² here minus the committed one.

# %% mystnb={"figure": {"caption": "R² of each run that was made on this machine minus that of the same run in the committed results. Profile {{profile}}.", "name": "fig-rerun"}, "image": {"alt": "One row of points for each arm along an axis of differences in R². Points at zero are runs that agree to the last committed digit."}} tags=["hide-input"]
arms = arm_order(r2["arm"])
fig, ax = figures.subplots(size=(6.4, 0.9 + 0.3 * max(len(arms), 1)))
for row, arm in enumerate(arms):
    look, own = figures.look(arm), r2.loc[r2["arm"] == arm, "difference"]
    ax.plot(own, [row] * len(own), look.marker, color=look.colour, alpha=0.7)
ax.set_yticks(range(len(arms)), [called(arm) for arm in arms])
ax.set_xlabel("R² here minus committed R²")
ax.invert_yaxis()
_ = figures.label(fig, profile, n=len(r2), of="runs", embedded=True)

# %%
apart = r2[~same]
apart = apart.assign(split=apart["split"].map(where), arm=apart["arm"].map(called))
apart = apart.set_index("arm").rename_axis("told about the place")
captioned(
    apart[["split", "fold", "seed", "committed", "own", "difference"]].astype(str).map(minus),
    f"Runs whose R² differs. Profile {profile}.",
    "tab-rerun",
) if len(apart) else Markdown("None differs.")

# %% [markdown]
# ## What made the committed runs
#
# Wider instructions add up in another order ({doc}`../reproduce`), so each run notes its processor.

# %% tags=["hide-input"]
captioned(
    rerun.processors(profile).rename("runs").reset_index().set_index("processor"),
    f"Processors of the committed runs, and the instructions that PyTorch, oneDNN and MKL were allowed. Profile {profile}.",
    "tab-rerun-processors",
)
