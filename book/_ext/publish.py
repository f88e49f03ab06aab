"""How the book is found and entered: what pages say of themselves, and where the project opens without installing.

Each page gets its description, a card for links, its canonical address, the date of its last change and a link to its
*source*. What is done when all pages are written stands in ``finishing``.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOG = logging.getLogger(__name__)
CARD = "_static/card.png"
CARD_SIZE = (1200, 630)  # pixels; what the large networks crop a card to
LONGEST = 200  # characters of a description that a search engine shows, and a little


@lru_cache
def project(root: Path) -> dict[str, Any]:
    """The project's table of ``pyproject.toml``: the one place of its addresses."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def home(root: Path) -> str:
    """Address under which the book is published, without a slash at its end."""
    return project(root)["urls"]["Homepage"].rstrip("/")


def source(root: Path, page: str) -> str | None:
    """The file that a person edits to change a page, relative to the project; None for pages without one.

    A computed chapter is made from a notebook, which ``runs.yml`` names.
    """
    folder, _, name = page.rpartition("/")
    if folder == "book/chapters":
        made = yaml.safe_load((root / "runs.yml").read_text(encoding="utf-8"))["pages"]
        found = f"notebooks/{made[name]['notebook']}.py" if name in made else None
    else:
        found = f"{page}.md"
    return found if found and (root / found).is_file() else None


def changed(root: Path, file: str) -> str | None:
    """Day of a file's last commit; None where there is no git, no commit of it, or only the last commit is at hand."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if git("rev-parse", "--is-shallow-repository") == "true":
            return None  # every file would seem to have changed with the last commit
        return git("log", "-1", "--format=%cs", "--", file) or None
    except (OSError, subprocess.CalledProcessError):
        return None


def description(doctree: nodes.Node) -> str:
    """A page's answer, or else its first paragraph of text, in at most 200 characters.

    >>> description(nodes.paragraph("", "Two words."))
    'Two words.'
    """
    answers = [node for node in doctree.findall(nodes.Element) if "answer" in node.get("classes", [])]
    for within in (*answers, doctree):
        for paragraph in within.findall(nodes.paragraph):
            # a question above an answer has a class; a paragraph in a box or a list does not tell what a page is about
            plain = within is not doctree or isinstance(paragraph.parent, (nodes.section, nodes.document, type(None)))
            if plain and not paragraph.get("classes"):
                return shortened(" ".join(paragraph.astext().split()))
    return ""


def shortened(text: str) -> str:
    """A text cut after a sentence, or else after a word.

    >>> shortened("One. " * 60) == "One. " * 39 + "One."
    True
    """
    if len(text) <= LONGEST:
        return text
    sentence = text[: LONGEST + 1].rpartition(". ")[0]
    return f"{sentence}." if len(sentence) > LONGEST / 2 else text[:LONGEST].rpartition(" ")[0] + " …"


def address_of_the_book(app: Sphinx, config: Any) -> None:
    """Give Sphinx the address that canonical links begin with."""
    config.html_baseurl = home(Path(app.confdir)) + "/"


def head(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Write what a page says of itself: description, card, date of change, and where its source is edited."""
    root = Path(app.confdir)
    if doctree is None:
        context["metatags"] = context.get("metatags", "") + '\n<meta name="robots" content="noindex" />'
        return
    about = project(root)
    title = unescape(re.sub(r"<[^>]*>", "", context.get("title", ""))) or app.config.html_title
    told = description(doctree) or f"{title}. {about['description']}"
    properties = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": told,
        "og:url": f"{home(root)}/{page}.html",
        "og:image": f"{home(root)}/{CARD}",
        "og:image:width": CARD_SIZE[0],
        "og:image:height": CARD_SIZE[1],
        "og:image:alt": about["description"],
    }
    tags = [f'<meta name="description" content="{escape(told)}" />']
    tags += [f'<meta property="{key}" content="{escape(str(value))}" />' for key, value in properties.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])
    file = source(root, page)
    if file is None:
        return
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    edit = f"{about['urls']['Repository']}/edit/{branch}/{file}"
    # The theme makes its link from this; it wants to see the name of the file in it, which the link has already.
    context.update(edit_page_provider_name="GitHub", edit_page_url_template=f"{edit}{{# file_name #}}")
    day = changed(root, file)
    dated = f'Last changed on <time datetime="{day}">{day}</time>. ' if day else ""
    context["theme_extra_footer"] = f'<p class="origin">{dated}<a href="{edit}">Edit <code>{file}</code></a></p>'


#: Where the project can be opened without installing it: name, the file that it starts from there, what to expect.
PLACES = {
    "Binder": (
        ".binder/postBuild",
        "a Jupyter server that is built from the repository; the first start takes minutes",
    ),
    "Colab": ("launch/start.ipynb", "one notebook, which fetches and installs the project; wants a Google account"),
    "Codespaces": (".devcontainer/devcontainer.json", "an editor and a shell in the browser; wants a GitHub account"),
}
START = "launch/start.ipynb"


def launches(root: Path) -> dict[str, str]:
    """Addresses that open the project elsewhere, by the names of :data:`PLACES`."""
    path = project(root)["urls"]["Repository"].removeprefix("https://github.com/")
    return {
        "Binder": f"https://mybinder.org/v2/gh/{path}/main?urlpath=lab/tree/{START}",
        "Colab": f"https://colab.research.google.com/github/{path}/blob/main/{START}",
        "Codespaces": f"https://codespaces.new/{path}",
    }


class Launch(SphinxDirective):
    """The ``launch`` directive: a list of places where the project opens, for pages that say how to run it."""

    def run(self) -> list[nodes.Node]:
        """Build the list; a place whose file is not there is a warning, so that the build fails."""
        root = Path(self.env.app.confdir)
        rows = nodes.bullet_list(classes=["launch"])
        for name, address in launches(root).items():
            file, told = PLACES[name]
            if not (root / file).is_file():
                LOG.warning("launch: %s starts from %s, which is not there", name, file, location=self.get_location())
            link = nodes.reference("", name, refuri=address)
            rows += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {told}")))
        return [rows]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the layer to the build."""
    app.add_directive("launch", Launch)
    app.connect("config-inited", address_of_the_book)
    app.connect("html-page-context", head, priority=400)  # before the theme makes its links
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
