"""What a report on a person's own stations says: the verdict as boxes, what stands beside it, and what to do next."""

from __future__ import annotations

from html import escape

import numpy as np

from placeprior.arms import NO_PLACE
from placeprior.book.words import capital
from placeprior.book.yours import Yours
from placeprior.evidence import verdict
from placeprior.evidence.verdict import Answer, signed, spoken
from placeprior.runs.comparing import SIMPLE
from placeprior.scores.interval import LEVEL

BADGES = {
    "helps": "place helps",
    "harms": "place makes it worse",
    "undecided": "no evidence that place helps",
    "unknown": "cannot be told",
}
#: Why an interval is far wider than more of something would leave it.
WIDE = {
    "trainings": " The interval is wide because few trainings ({0.trainings} here) tell little of what chance does in "
    "them: --thorough makes more.",
    "places": " The interval is wide because few blocks of the map hold most of what is tested ({0.blocks} blocks in "
    "all): more stations narrow it, more trainings do not.",
    "": "",
}


def cards(yours: Yours) -> str:
    """The verdict as boxes, the person's own question first, in HTML."""
    order = sorted(yours.answers, key=lambda answer: answer.split != yours.question[0])
    made = []
    for answer in order:
        own = answer.split == yours.question[0]
        mark = '<span class="own">your question</span>' if own else ""
        number = f"{signed(answer.difference)} R²"
        width = f"{signed(answer.low)} to {signed(answer.high)}" if answer.low == answer.low else "no interval"
        made.append(
            f'<div class="card {answer.verdict}{" mine" if own else ""}">'
            f'<div class="ask">{escape(answer.question)}{mark}</div>'
            f'<div class="badge">{BADGES[answer.verdict]}</div>'
            f'<div class="number">{number} <small>({width}) with {escape(spoken(answer.arm))}</small></div>'
            f"<p>{escape(beside(answer))}</p></div>"
        )
    return f'<div class="cards">{"".join(made)}</div>'


def beside(answer: Answer) -> str:
    """How the quoted arm stands to placebos and rivals."""
    if answer.verdict == "helps" and answer.placebos:
        text = (
            f"{capital(_and(answer.placebos))} {'are' if len(answer.placebos) > 1 else 'is'} not clearly worse: "
            "what helps need not be knowledge of the place. "
        )
    elif answer.verdict == "helps" and all(name in answer.r2 for name in verdict.PLACEBOS):
        text = "More than random vectors and random waves gain: it is where the place is that helps. "
    elif answer.verdict == "helps":
        text = "Placebos are not tried here: whether it is geography that helps is left open. "
    else:
        text = ""
    if answer.alone:
        told = "a gain that is clear by itself, and not when all ways are looked at together. "
        text += f"{capital(_and(answer.alone))}: {told}"
    if answer.down and answer.verdict != "harms":
        text += f"{capital(_and(answer.down))}: clearly worse by itself than no place. "
    if answer.better:
        best = max(answer.better, key=answer.better.get)
        text += f"Clearly better: {spoken(best)} ({signed(answer.better[best])})."
    elif len(answer.worse) and not answer.better:
        text += (
            f"No simpler method is clearly better; clearly worse: {_and(sorted(answer.worse, key=answer.worse.get))}."
        )
    else:
        text += "No simpler method is clearly better or worse."
        if simple := {name: answer.r2[name] for name in SIMPLE if name in answer.r2}:
            best = max(simple, key=simple.get)
            high, own = (f"{value:.2f}".replace("-", "−") for value in (simple[best], answer.r2[answer.arm]))
            text += f" The highest R² of them: {spoken(best)}, {high}; {spoken(answer.arm)} has {own}."
    return text + WIDE[answer.wants].format(answer)


def _and(arms: list[str]) -> str:
    names = [spoken(name) for name in arms]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def steps(yours: Yours) -> str:
    """What to do next, from the answer to the person's own question, as a list in Markdown."""
    answer, (model, _) = yours.answer, yours.chosen
    said = []
    if answer.better:
        best = max(answer.better, key=answer.better.get)
        said.append(f"**{answer.question}, use {spoken(best)}**: clearly better than the network with its place.")
    if answer.verdict == "helps":
        said.append("**Tell the network its place**: the gain is clear at the distances at which you want estimates.")
    elif answer.verdict == "undecided":
        said.append(
            "**Leave the place out, or ask again with more**: `--thorough` trains every network three times and tests "
            "all folds. More stations narrow the interval more than more days."
        )
    elif answer.verdict == "harms":
        said.append(
            f"**Leave the place out** {answer.question[0].lower() + answer.question[1:]}: the networks that are told "
            "it are all clearly worse."
        )
    arm, otherwise = ("", "") if answer.verdict == "helps" or model in NO_PLACE else (" --arm none+head", model)
    trained = "the network without a place" if arm else f"`{model}`, which has the smallest error on validation rows,"
    said.append(
        f"**Keep a network**: `placeprior fit{arm}` trains {trained} on all of your data"
        + f" (left to itself, `{otherwise}`, which has the smallest error on validation rows)" * bool(arm)
        + "; `placeprior predict` then estimates elsewhere, with intervals, and flags places unlike your stations."
    )
    beyond = [each for each in yours.answers if each.split.startswith("checkerboard")]
    if beyond and beyond[0].verdict != answer.verdict:
        said.append(f"**Do not carry the answer into other regions**: there it is *{BADGES[beyond[0].verdict]}*.")
    return "\n".join(f"1. {each}" for each in said)


def facts(yours: Yours) -> str:
    """What was compared, in a sentence."""
    measured, day = np.isfinite(yours.cube["pm25"].values), yours.cube["time"].values.astype("datetime64[D]")
    name, unit = yours.quantity
    told = "**Simulated: a table from the embedded world, no measurement.** " if yours.embedded else ""
    return (
        f"{told}*{escape(name)}*{f' ({escape(unit)})' if unit else ''} on {measured.sum():,} station-days of "
        f"{measured.any(1).sum():,} stations, {day[0]} to {day[-1]}, "
        f"from `{yours.about['table']}`. {len(yours.runs)} fits; intervals ({LEVEL:.0%}) are over blocks of the map "
        f"{yours.block_km:.0f} km wide or wider, and over trainings."
    )


def notes(yours: Yours) -> str:
    """What was found in the table and what was left out, as a list in Markdown; empty where nothing is to be said."""
    told = [*yours.about["notes"], *(f"without {name}: {why}" for name, why in yours.about["left_out"].items())]
    return "\n".join(f"- {escape(each, quote=False)}" for each in told)
