"""A person's report: the notebook ``95_yours``, executed like every page and written as one file without a network."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from markdown_it import MarkdownIt

import placeprior
from placeprior.book import pages, vector, yours
from placeprior.errors import ConfigError, PlacePriorError
from placeprior.evidence import verdict
from placeprior.files.replacing import replacing
from placeprior.runs.comparing import PROFILE

NOTEBOOK = "95_yours.py"


def source() -> Path:
    """The notebook, which lies beside the package in a clone."""
    path = Path(placeprior.__file__).parents[2] / "notebooks" / NOTEBOOK
    if not path.is_file():
        raise ConfigError(
            f"the report is the notebook {NOTEBOOK}, which is not installed with the package; install from a "
            "clone with "
            "`pip install -e .` and start again: finished runs are kept"
        )
    return path


def make(output: Path) -> None:
    """Execute the notebook in the working directory, and write ``index.html`` and ``report.json`` into a folder.

    Parameters
    ----------
    output : Path
    """
    notebook = jupytext.read(source(), fmt="py:percent")
    notebook.metadata["kernelspec"] = pages.KERNEL
    try:
        done = papermill.execute_notebook(
            notebook,
            None,
            {"profile": PROFILE},
            cwd=Path.cwd(),
            kernel_name=pages.KERNEL["name"],
            kernel_manager_class=pages.OwnKernel,
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        raise pages.PageFailed(f"the report: cell {error.exec_count} raised {error.ename}: {error.evalue}") from error
    except RuntimeError as error:
        raise PlacePriorError(f"the report's kernel ended ({error}); is ipykernel in this environment?") from error
    mine = yours.load(PROFILE)
    with replacing(output / "report.json") as aside:
        aside.write_text(json.dumps(summary(mine), indent=1, ensure_ascii=False), encoding="utf-8")
    with replacing(output / "index.html") as aside:
        aside.write_text(html(done, f"{mine.quantity[0]}: should a model be told where it is?"), encoding="utf-8")


def summary(mine: yours.Yours) -> dict[str, Any]:
    """What the report says, for programs: the same whenever and however often it was made."""
    model, rmse = mine.chosen
    return {
        "verdict": mine.line,
        "question": mine.question[0],
        "answers": verdict.as_json(mine.answers),
        "chosen": {"model": model, "validation_rmse": {name: float(value) for name, value in rmse.items()}},
        "block_km": mine.block_km,
        "placeprior": placeprior.__version__,
        **mine.about,
    }


def html(notebook: nbformat.NotebookNode, title: str) -> str:
    """An executed notebook as one HTML file: text, figures and tables, code folded away; nothing is fetched."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = []
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & {"remove-cell", "parameters", "injected-parameters"}:
            continue
        if cell.cell_type == "markdown":
            body.append(markdown.render(cell.source))
            continue
        shown = [part for output in cell.get("outputs", []) if (part := _output(output, markdown))]
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        if figure and shown:
            alt = escape(cell.metadata["mystnb"].get("image", {}).get("alt", ""))
            caption = f"<figcaption>{escape(figure['caption'])}</figcaption>"
            shown = ["<figure>", *(part.replace('alt=""', f'alt="{alt}"', 1) for part in shown), caption, "</figure>"]
        body += shown
        if "remove-input" not in tags:
            body.append(f'<details><summary>code</summary><pre tabindex="0">{escape(cell.source)}</pre></details>')
    scroll = '<div class="scroll" role="region" aria-label="a table" tabindex="0"><table>'  # by keyboard too
    text = "\n".join(body).replace("<table>", scroll).replace("</table>", "</table></div>")
    return PAGE.replace("{{title}}", escape(title)).replace("{{style}}", CSS).replace("{{body}}", text)


def _output(output: nbformat.NotebookNode, markdown: MarkdownIt) -> str:
    data = output.get("data", {})
    if "image/svg+xml" in data:
        svg = vector.slim(data["image/svg+xml"])
        return f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">'
    if "text/markdown" in data:
        return markdown.render(pages.escaped(data["text/markdown"]))
    if "text/html" in data:
        return str(data["text/html"])
    return ""


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title><style>{{style}}</style></head><body><main>
{{body}}
</main></body></html>
"""
CSS = """
:root{--ink:#1d2329;--muted:#5e6670;--line:#dfe3e8;--paper:#fff;--back:#f5f6f8;--blue:#0173b2;--good:#0b7a4b;
  --bad:#b3421b;--grey:#5e6670;--pill:#0173b2;color-scheme:light dark}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--muted:#a4adb8;--line:#3a424c;--paper:#171b20;
  --back:#0f1216;--blue:#6fb7e9;--good:#4fc48c;--bad:#f0906b;--grey:#a4adb8}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
  font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:2.5rem 2rem 4rem;background:var(--paper);min-height:100vh}
h1{font-size:2.1rem;line-height:1.2;margin:.2em 0 .6em;letter-spacing:-.01em}
h2{margin:2.6rem 0 .8rem;font-size:1.35rem;border-top:1px solid var(--line);padding-top:1.6rem}
p,li{max-width:44rem}
a{color:var(--blue)}
code{background:var(--back);padding:.1em .3em;border-radius:3px;font-size:.9em}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem;margin:1.6rem 0}
.card{border:1px solid var(--line);border-left:5px solid var(--grey);border-radius:8px;padding:1rem 1.1rem;
  background:var(--paper)}
.card.mine{grid-column:1/-1;background:var(--back)}
.card.helps{border-left-color:var(--good)}
.card.harms{border-left-color:var(--bad)}
.ask{color:var(--muted);font-size:.92rem}
.own{float:right;background:var(--pill);color:#fff;border-radius:1em;padding:0 .7em;font-size:.78rem}
.badge{font-weight:650;font-size:1.15rem;margin:.15rem 0;color:var(--grey)}
.helps .badge{color:var(--good)}
.harms .badge{color:var(--bad)}
.mine .badge{font-size:1.5rem}
.number{font-variant-numeric:tabular-nums}
.number small{color:var(--muted)}
.card p{margin:.4rem 0 0;font-size:.92rem}
figure{margin:1.4rem 0}
figure img{width:100%;max-width:42rem;height:auto;display:block;background:#fff;border-radius:6px}
figcaption{color:var(--muted);font-size:.9rem;margin-top:.4rem;max-width:44rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:bottom}
th{color:var(--muted);font-weight:600}
details{margin:.2rem 0 1rem;font-size:.85rem;color:var(--muted)}
summary{cursor:pointer}
pre{overflow-x:auto;background:var(--back);padding:.8rem;border-radius:6px;color:var(--ink)}
@media(max-width:600px){main{padding:1.2rem 1rem 3rem}h1{font-size:1.6rem}}
@media print{body{background:#fff}details{display:none}}
"""
