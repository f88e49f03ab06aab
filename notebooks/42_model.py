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
from placeprior.book import figures

figures.style()

# %% [markdown]
# # The model: a memory, a focus, and a place
#
# ```{goals}
# :needs: {doc}`data`
# follow a batch of windows through the network and name its shape at every step
# compute an attention by hand
# say what a product with a place can do that a sum cannot
# ```
#
# ```{answer}
# :question: How does a place enter a model of days?
# A recurrent network and an attention turn the last days into one vector. The place's vector, from a frozen encoder, is multiplied with it or set beside it; raw coordinates are instead appended to every day's inputs. A fusion brings a dense layer of its own; all else is the same.
# ```
#
# The architecture is the study's {cite:p}`karimzadeh2025,wang2025pm25`; a test counts the parameters of every variant. Here it is at the size `paper`, made with
# one call and asked, with a batch of random windows, what passes between its parts.

# %%
import pandas as pd
import torch

from placeprior.book import network
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import SIZES

size = SIZES["paper"]
# 4 station-days, the last days of each, 10 inputs a day
x = torch.randn(4, size.window, 10)
place = torch.randn(4, 512)  # what GeoCLIP says about their places
model = PlaceModel(10, 512, "hadamard", width=size.width, summary=size.summary)
# asks every part for the shape of what it returns
passed = network.shapes(model, x, place)

# %% mystnb={"figure": {"caption": "The network at the size paper, with a Hadamard product. Beside each arrow stands the shape of what passes along it. Blue: memory. Orange: focus. Green: place. Small cells: the days that are still told apart, the estimated one filled. Small letters: the part's name in the code. Without a place the green parts and the dense layer behind them are absent.", "name": "fig-model-network"}, "image": {"alt": "A column of boxes from top to bottom: the last days, three bidirectional LSTMs, attention, a product with the place, two dense layers. From the right, longitude and latitude pass through a frozen encoder and a dense layer and join at the product. After the LSTMs the days are still there; after attention there is one vector."}} tags=["hide-input"]
fig = network.draw(passed, tuple(x.shape), tuple(place.shape))
shapes = (
    pd.Series(
        {name: str(shape) for name, shape in passed.items()}, name="shape"
    )
    .rename_axis("part")
    .reset_index()
)
_ = figures.label(
    fig, profile, embedded=None, note="size paper, a batch of 4", data=shapes
)

# %% [markdown]
# ## A memory: the LSTM
#
# A recurrent network reads one day at a time and keeps a state. An **LSTM** {cite:p}`hochreiter1997` keeps two: a
# memory $c_t$ and an output $h_t$. Each day three gates, numbers between 0 and 1 computed from the day's inputs $x_t$ and the last output
# $h_{t-1}$, decide what is forgotten ($f$), written ($i$) and shown ($o$):
#
# $$
# \begin{aligned}
# c_t &= f_t \odot c_{t-1} + i_t \odot \tilde c_t, \\
# h_t &= o_t \odot \tanh(c_t),
# \end{aligned}
# $$ (eq-lstm)
#
# where $\tilde c_t = \tanh(W x_t + U h_{t-1} + b)$ is what could be written, and $\odot$ multiplies number by number. One number of memory, with gates set by
# hand: something is written on the first day, then kept, then forgotten.

# %%
memory = 0.0
for forget, write, could in (
    (1, 1, 0.8),
    (1, 0, -0.5),
    (1, 0, 0.9),
    (0, 0, 0.3),
):
    memory = forget * memory + write * could
    print(f"f = {forget}, i = {write}: c = {memory:+.1f}")

# %% [markdown]
# With $f$ near 1 the memory survives many days, and so does the gradient through it. A **bidirectional** LSTM {cite:p}`schuster1997` runs a second one
# backwards and sets both outputs side by side: in the first, 256 numbers each way make 512; in the other two, 128 each way. "Backwards" never means from the future: the window ends
# on the day that is estimated. **Layer normalisation** {cite:p}`ba2016` keeps each day's vector at mean 0 and variance 1; **dropout** sets a
# random fifth of the numbers to zero while training, so that none is relied upon.
#
# ## A focus: attention
#
# Now there is one vector $h_s$ for each day $s$. **Attention** {cite:p}`luong2015` asks how much each matters
# for the last day $t$, and averages accordingly:
#
# $$
# \begin{aligned}
# a_s &= \frac{\exp(h_t^\top W h_s)}{\sum_{r} \exp(h_t^\top W h_r)}, \\[4pt]
# c &= \sum_s a_s h_s, \\[4pt]
# z &= \tanh\bigl(W_c\,[c; h_t]\bigr).
# \end{aligned}
# $$ (eq-attention)
#
# Three days with two numbers each, and $W$ the identity:

# %%
h = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # the estimated day last
score = h @ h[-1]
weight = torch.softmax(score, dim=0)
print("scores ", score.tolist())
print(
    "weights",
    [round(a, 2) for a in weight.tolist()],
    "they sum to",
    round(weight.sum().item(), 2),
)
print("context", [round(c, 2) for c in (weight @ h).tolist()])

# %% [markdown]
# The third day is most like itself and gets most weight; the others are equally unlike it, and share the rest.
#
# ```{literalinclude} ../../src/placeprior/network/model.py
# :pyobject: Luong
# :caption: Attention, as in `network/model.py`.
# :name: code-attention
# ```
#
# The weights can be drawn ({doc}`variants`). They say where the model *looked*, not why the
# estimate is what it is: each day's vector already carries what came before it.
#
# ## A place: fusion
#
# Let $z$ be the window's 256 numbers and $e$ the place's vector. A trained layer brings it to the same width, $p = \mathrm{ReLU}(W_e e + b_e)$. Six ways to join:
#
# $$
# \begin{aligned}
# \text{Hadamard:}\quad & z \odot p \\
# \text{concatenation:}\quad & [z; p] \\
# \text{gated sum:}\quad & g \odot z + (1 - g) \odot p, \qquad g = \mathrm{logistic}(W_g\,[z; p] + b_g) \\
# \text{FiLM:}\quad & (1 + \gamma) \odot z + \beta, \qquad [\gamma; \beta] = W_f e + b_f \\
# \text{bias only:}\quad & \hat y = \mathrm{out}(z) + w^\top p \\
# \text{channels:}\quad & [x_s; e]\ \text{daily}
# \end{aligned}
# $$ (eq-fusion)
#
# In a **product** the place scales every number of the summary: the same haze can mean more here and less there. It can also
# silence, where $p_k$ is 0. In a **concatenation** the next layer begins by *adding* both; only its nonlinearity lets them
# interact. **Channels**, as in the study, are how raw coordinates and their sines enter, as if they were weather. The gated sum {cite:p}`arevalo2017`, FiLM {cite:p}`perez2018` and bias only are ours,
# for comparison ({doc}`fusion`): bias only can but move a place's estimates up or down, and is the control for the others.
#
# ```{literalinclude} ../../src/placeprior/network/fusion.py
# :pyobject: Hadamard
# :caption: A fusion is a class with a width and a `forward`, as in `network/fusion.py`; the others stand beside it.
# :name: code-hadamard
# ```
#
# The encoder is **frozen**: its weights never change, so each place is encoded once. {doc}`place` shows what GeoCLIP's does.
#
# How much does a place add to what can be learned? The dense layer behind a fusion comes with it, so the fair thing to compare an
# encoder with is `none+head`: that layer, and no place ({doc}`controls`).

# %%
sizes = {"width": size.width, "summary": size.summary}
for fusion, dim in {
    "-": 0,  # no place
    "head": 0,  # no place, and the dense layer
    "channels": 2,
    "hadamard": 512,
    "concat": 512,
    "gated": 512,
    "film": 512,
    "bias": 512,
}.items():
    made = PlaceModel(10, dim, fusion, **sizes)
    print(
        f"{fusion:9} {sum(weight.numel() for weight in made.parameters()):>9,} weights"
    )

# %% [markdown]
# ## Training it
#
# The loss is Huber's {cite:p}`huber1964`, quadratic for small errors and linear for large ones. It changes from one to the other, as in the study, at half the
# range of the training target: tens to hundreds of µg m⁻³, so in practice this is half the squared error. The
# optimiser is Adam {cite:p}`kingma2015`; its step rises over the first three tenths of all steps and falls to zero along a cosine
# {cite:p}`smith2019`; the gradient's norm is clipped at 1. Every fit sees every training row ten times and keeps its **last** weights: validation rows decide nothing, so they cannot leak
# ({doc}`uncertainty` uses them). The size `paper` keeps the study's schedule, which lowers the step by a fifth every `decay_steps` batches, stops without improvement, and puts the best weights back
# ({doc}`../departures`).
#
# ```{literalinclude} ../../src/placeprior/network/training.py
# :pyobject: train
# :start-at: for epoch in
# :end-before: record = {
# :dedent: 4
# :caption: The training loop, as in `network/training.py`; around it stand the optimiser, the record of each epoch and the choice of weights.
# :name: code-train
# ```
#
# `study` is for real measurements and `demo` for the embedded world, both on two processor cores. Whether the answer depends
# on their size or length is asked in {doc}`budget`.

# %%
for name, config in SIZES.items():
    print(
        f"{name:6} width {config.width:3}, {config.window:2} days, {config.batch} rows a step, {config.schedule}"
    )

# %% [markdown]
# ```{quiz} Where a place's projected vector p is all zeros, what does a product with it estimate?
# - [ ] what the model without a place would | nothing of the window is left
# - [x] one number, the same on every day | z ⊙ 0 = 0, and the layers behind see a constant
# - [ ] zero µg m⁻³ | the last layers have a bias, and the target is scaled
# ```
#
# ## Exercises
#
# ````{admonition} Exercise: gates
# :class: exercise tip
# In {eq}`eq-lstm`, which values of the gates make the LSTM (a) hold a number for 20 days, (b) behave like a network without memory?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# (a) $f = 1$, $i = 0$: then $c_t = c_{t-1}$. (b) $f = 0$: then $c_t$ depends on the present input and the last output only; with $U = 0$ as well, on the
# present input alone.
# ````
#
# ````{admonition} Exercise: no preference
# :class: exercise tip
# What does {eq}`eq-attention` do when $W = 0$?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# All scores are 0, so every one of 21 days gets weight $1/21$ and $c$ is the plain mean of the window.
# ````
#
# ````{admonition} Exercise: count
# :class: exercise tip
# Count the parameters that GeoCLIP with a Hadamard product adds to the model without place: a dense layer 512 → 256, a dense layer 256 → 256,
# both with a bias. Which of them has nothing to do with place, and why does that matter?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# $512 \cdot 256 + 256 = 131{,}328$ and $256 \cdot 256 + 256 = 65{,}792$, together $197{,}120$: the difference between two lines above. The second layer works on
# the fused vector: it makes the head deeper whether or not the place says anything. A gain of the encoder could partly be a gain of the head.
# ````
