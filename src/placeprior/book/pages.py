"""From a notebook (text) to an executed page of the book."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec

from placeprior import provenance
from placeprior.book import handing, results, vector
from placeprior.errors import ConfigError, MissingWeights, PlacePriorError, UnknownName
from placeprior.files.replacing import replacing
from placeprior.runs import configuration, store

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
#: What begins a tag outside plain code in one cell of a table, and outside an address in angle brackets.
_TAG = re.compile(r"(?<![`\\])`(?!`)[^`|\n]+(?<!`)`(?!`)|<https?://[^\s<>`\"|]*>|(?P<tag><(?=[A-Za-z/!?]))")
_MATH = re.compile(r"(?<![$\\])\$(?!\$)[^$|\n]+\$")
_RAW = re.compile(r"\{(?=(raw|eval-rst|include|literalinclude)\b)")  # what puts foreign text into a page as it is
NOISE = ("execution", "papermill")


class OwnKernel(AsyncKernelManager):
    """A kernel in the interpreter that runs this, whatever kernels a machine has under the same name."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start it."""
        # Its warning that it talks over this machine's own sockets would stand above every page in the log, and its
        # error that it was interrupted under it: that is how it is told to end.
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "--IPKernelApp.log_level=CRITICAL",
                "-f",
                "{connection_file}",
            ],
            display_name=KERNEL["display_name"],
            language=KERNEL["language"],
        )


class PageFailed(PlacePriorError):
    """A notebook raised while it was executed."""


def sources() -> Path:
    """The folder of notebooks."""
    return configuration.root() / "notebooks"


def defaults(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """The parameters a notebook takes, with their defaults: the plain assignments of its ``parameters`` cell."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            found: dict[str, Any] = {}
            exec(cell.source, {}, found)  # the project's own file
            return found
    return {}


def execute(page: str, target: Path, **parameters: Any) -> Path:
    """Run a page's notebook and write it, with its outputs and its stamp, as ``.ipynb``.

    Parameters
    ----------
    page : str
        A key of ``pages`` in ``runs.yml``.
    target : Path
        Written only when the notebook ran to its end.
    **parameters
        Change those of ``runs.yml``; each must be one the notebook declares, and of the same type.

    Raises
    ------
    UnknownName, ConfigError, PageFailed
    """
    pages = configuration.content()["pages"]
    if page not in pages:
        raise UnknownName("page", page, pages)
    spec = pages[page]
    source = sources() / f"{spec['notebook']}.py"
    if not source.is_file():
        raise ConfigError(f"page {page!r} in runs.yml names notebook {spec['notebook']!r}, but {source} does not exist")
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata["kernelspec"] = KERNEL
    lacking = _lacking(spec, replaced="profile" in parameters)
    if lacking:
        return _waiting(page, notebook, lacking, target)
    given = {"profile": spec.get("profile", "demo")} | spec.get("parameters", {}) | parameters
    known = defaults(notebook)
    for name, value in given.items():
        if name not in known:
            raise UnknownName(f"parameter of notebook {spec['notebook']}", name, known)
        if not _fits(value, known[name]):
            raise ConfigError(
                f"parameter {name!r} of page {page!r} must be {type(known[name]).__name__}, "
                f"like its default {known[name]!r}; got {value!r}"
            )

    _fill(notebook, known | given)
    target.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    # Pages are made side by side, a core each: linear algebra on more threads than cores waits for itself, for minutes.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(f"page {page}: running {source.name}", flush=True)
    try:
        done = papermill.execute_notebook(
            notebook,
            None,
            given,
            cwd=configuration.root(),
            kernel_name=KERNEL["name"],
            kernel_manager_class=OwnKernel,
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        if error.ename == MissingWeights.__name__:
            return _without_weights(page, notebook, target)
        raise PageFailed(
            f"page {page!r}: cell {error.exec_count} of {source.name} raised {error.ename}: {error.evalue}"
        ) from error
    except RuntimeError as error:  # nbclient's words for a kernel that does not start, or dies
        raise PageFailed(
            f"page {page!r}: its kernel ended ({error}); is there memory left, and ipykernel in the "
            f"environment of {sys.executable}?"
        ) from error
    seconds = time.perf_counter() - started
    seeds = store.scores(given["profile"])["seed"].unique()
    stamped = provenance.stamp(given["profile"], given, seconds, seeds=seeds)
    handing.take(done, target)
    _tidy(done)
    done.cells.append(nbformat.v4.new_markdown_cell(escaped(provenance.footer(stamped, source.name, page))))
    with replacing(target) as aside:
        nbformat.write(done, aside)
    print(f"page {page}: done in {seconds:.0f} s", flush=True)
    return target


def _lacking(spec: dict[str, Any], *, replaced: bool) -> list[str]:
    """What a page needs and the committed results do not hold yet, one phrase each; none where one profile has it all.

    Where the page's own profile is replaced by another, that other is taken to have what the page needs of its own.
    """
    asked = spec.get("needs", {})
    if replaced and spec.get("profile", "demo") in asked:
        return []
    left = [results.lacking(name, *needed) for name, needed in asked.items()]
    return sum(left, []) if all(left) else []


def _waiting(page: str, notebook: nbformat.NotebookNode, lacking: list[str], target: Path) -> Path:
    """Write a short chapter in place of one whose runs are not made: its title, and what is awaited.

    The numbers of an earlier way of training would say something else than those of the other pages.
    """
    text = (
        "This chapter stands here when the runs below are complete. All numbers of this book were begun anew, with "
        "networks that learn longer; those of the old training are not shown beside them.\n\n"
    )
    _instead(notebook, "Its runs are being made", text + "\n".join(f"- {each}" for each in lacking), target)
    print(f"page {page}: waits for {', '.join(lacking)}", flush=True)
    return target


def _without_weights(page: str, notebook: nbformat.NotebookNode, target: Path) -> Path:
    """Write a short chapter in place of one that asks an encoder whose weights are not at hand."""
    text = (
        "This chapter asks encoders whose weights do not come with the book and were not at hand when it was made, so "
        "it was not run here. {doc}`../reproduce` says how to get them; then `make book` makes this chapter too."
    )
    _instead(notebook, "Not run here", text, target)
    print(f"page {page}: not run, as weights are not at hand", flush=True)
    return target


def _instead(notebook: nbformat.NotebookNode, title: str, text: str, target: Path) -> None:
    """Write a chapter that holds a notebook's heading and, in a box, why nothing follows."""
    heading = next(
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("# ")
    )
    text = f"{heading}\n\n```{{admonition}} {title}\n:class: warning\n{text}\n```\n"
    made = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
    made.cells = [nbformat.v4.new_markdown_cell(text)]
    for number, cell in enumerate(made.cells):
        cell["id"] = f"waiting-{number}"  # the same file every time
    handing.take(made, target)  # of an earlier execution nothing stays
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as unfinished:
        nbformat.write(made, unfinished)


def _fits(value: Any, default: Any) -> bool:
    """Whether a parameter is of its default's type; a whole number does for a fraction, a truth value for neither."""
    if isinstance(default, float) and type(value) is int:
        return True
    return isinstance(value, type(default)) and isinstance(value, bool) == isinstance(default, bool)


def _fill(notebook: nbformat.NotebookNode, parameters: dict[str, Any]) -> None:
    """Put parameters where text and captions write ``{{name}}``: pages of one notebook need titles and labels apart."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        if not isinstance(value, str):
            return value
        for name, given in parameters.items():
            value = value.replace(f"{{{{{name}}}}}", str(given))
        return value

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = filled(cell.source)
        elif "mystnb" in cell.metadata:
            cell.metadata["mystnb"] = filled(cell.metadata["mystnb"])


def _tidy(notebook: nbformat.NotebookNode) -> None:
    """Fold the parameters away and drop what differs from run to run without meaning."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": notebook.metadata.get("language_info", {})}
    for cell in notebook.cells:
        for noise in NOISE:
            cell.metadata.pop(noise, None)
        tags = cell.metadata.get("tags", [])
        if {"parameters", "injected-parameters"} & set(tags):  # the stamp at the page's foot lists them
            cell.metadata["tags"] = list(dict.fromkeys([*tags, "remove-cell"]))
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _is_empty(output)]
            if "hide-input" in tags and not cell.outputs:  # it waits for its runs: code that shows nothing
                cell.metadata["tags"] = [*tags, "remove-cell"]
            if not any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {})):
                # a section that waits for its runs: a caption would describe what is not there
                cell.metadata.get("mystnb", {}).pop("figure", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("execution", None)
            if "image/svg+xml" in output.get("data", {}):
                output["data"]["image/svg+xml"] = vector.slim(output["data"]["image/svg+xml"])
            if "text/markdown" in output.get("data", {}):
                output["data"]["text/markdown"] = escaped(output["data"]["text/markdown"])


def escaped(text: str) -> str:
    """Markdown that cannot put tags or raw text into a page: what is computed holds names from people's tables.

    The book's own notebooks write none. In formulas a blank parts the sign from its letter, which means the same.

    >>> escaped("a <script>, `<code>`, <https://example.org> and $a<b$")
    'a &lt;script>, `<code>`, <https://example.org> and $a< b$'
    """
    text = "".join(text) if isinstance(text, list) else text
    text = _MATH.sub(lambda found: re.sub("<(?=[A-Za-z/!?])", "< ", found[0]), text)
    return _RAW.sub("{ ", _TAG.sub(lambda found: "&lt;" if found["tag"] else found[0], text))


def _is_empty(output: nbformat.NotebookNode) -> bool:
    """Whether a cell said nothing on purpose: of an empty ``Markdown("")`` a page would show the object's name."""
    return output.get("data", {}).get("text/markdown", "something").strip() == ""
