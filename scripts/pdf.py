"""The whole built book as one PDF: its pages joined in the order of the contents, printed by Chromium.

Called by ``make pdf``. Solutions stand open, folded code stays out, links between pages lead to their place in it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "placeprior.pdf"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
JOINED = "whole-book.html"  # lies among the pages while it is printed, so that pictures and styles are found
SECONDS = 600
FORMULAS = 60_000  # virtual milliseconds for MathJax to set all formulas; Chromium does not wait them out

_TEMPLATE = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-content_root="./">
<head>
<meta charset="utf-8" />
<title>{title}</title>
{head}
</head>
<body class="whole-book">
<header>
<h1>{title}</h1>
<p>{subtitle}</p>
<p>{author}, version {version}</p>
<nav aria-label="Contents">
{contents}
</nav>
</header>
{pages}
</body>
</html>
"""


#: Styles, and MathJax with what it is told: which parts of a page are formulas.
_HEAD = r"<link [^>]*stylesheet[^>]*>|<script[^>]*>\s*window\.MathJax[^<]*</script>|<script[^>]*tex-svg[^>]*></script>"
SLIDES = "book/slides"  # a deck, no page of text


def chapters() -> list[tuple[str, list[str]]]:
    """Captions of the book's parts, each with its pages, in the order of the contents; the first page comes first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = {part["caption"]: [chapter["file"] for chapter in part["chapters"]] for part in toc["parts"]}
    parts = [(caption, [file for file in listed if file != SLIDES]) for caption, listed in files.items()]
    return [("", [toc["root"]]), *parts]


def article(html: str, page: str, pages: set[str]) -> str:
    """The article of a page, ready to stand beside others: names of places are its own, links lead within the file.

    Parameters
    ----------
    html : str
        The page as the theme writes it.
    page : str
        Such as ``book/chapters/place``.
    pages : set of str
        The pages that are joined; links to others are left without a target.
    """
    folder = page.rpartition("/")[0]
    found = re.search(r'<article class="bd-article">(.*?)</article>', html, flags=re.DOTALL)
    if found is None:
        raise SystemExit(f"pdf: {page}.html has no article; build the book again with `make book`")
    text = re.sub(r'<a class="headerlink".*?</a>', "", found[1], flags=re.DOTALL)
    text = re.sub(r' loading="lazy"', "", text)
    text = re.sub(r"<details(?![^>]*\bopen\b)", "<details open", text)

    def name(anchor: str) -> str:
        return f"{page.replace('/', '-')}--{anchor}"

    def linked(found: re.Match[str]) -> str:
        attribute, address = found[1], found[2]
        if re.match(r"[a-z]+:", address):
            return found[0]
        path, _, anchor = address.partition("#")
        if not path:
            return f'{attribute}="#{name(anchor)}"'
        target = os.path.normpath(os.path.join(folder, path))
        other = target.removesuffix(".html")
        if other in pages:
            whole = f"{other.replace('/', '-')}--{anchor}" if anchor else other.replace("/", "-")
            return f'{attribute}="#{whole}"'
        return f'{attribute}="{target}"' if attribute == "src" else ""

    text = re.sub(r'\b(href|src|xlink:href)="([^"]*)"', linked, text)
    text = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{name(m[1])}"', text)
    text = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{name(m[1])})", text)
    text = re.sub(
        r'\b(aria-labelledby|aria-describedby|for)="([^"]+)"',
        lambda m: f'{m[1]}="{" ".join(map(name, m[2].split()))}"',
        text,
    )
    return f'<article class="bd-article" id="{page.replace("/", "-")}">{text}</article>'


def joined() -> str:
    """All pages in one."""
    import placeprior

    listed = [page for _, pages in chapters() for page in pages]
    missing = [page for page in listed if not (HTML / f"{page}.html").is_file()]
    if missing:
        raise SystemExit(f"pdf: the book is not built ({missing[0]}.html is missing); run `make book` first")
    texts = {page: (HTML / f"{page}.html").read_text(encoding="utf-8") for page in listed}
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    head = []
    for text, page in ((texts[page], page) for page in listed):
        folder = page.rpartition("/")[0]
        above = text.partition("</head>")[0]
        for tag in re.findall(_HEAD, above):
            here = re.sub(
                r'(href|src)="([^"?]*)[^"]*"',
                lambda m, folder=folder: f'{m[1]}="{os.path.normpath(os.path.join(folder, m[2]))}"',
                tag,
            )
            if here not in head:
                head.append(here)
    contents = []
    for caption, pages in chapters():
        items = "".join(f'<li><a href="#{page.replace("/", "-")}">{title(texts[page])}</a></li>' for page in pages)
        contents.append((f"<h2>{escape(caption)}</h2>" if caption else "") + f"<ul>{items}</ul>")
    return _TEMPLATE.format(
        title=escape(config["title"]),
        subtitle=escape(texts[listed[0]].partition('<meta name="description" content="')[2].partition('"')[0]),
        author=escape(config["author"]),
        version=placeprior.__version__,
        head="\n".join(head),
        contents="\n".join(contents),
        pages="\n".join(article(text, page, set(listed)) for page, text in texts.items()),
    )


def title(html: str) -> str:
    """A page's own title, without that of the book."""
    return re.split(r" &#8212; | — ", html.partition("<title>")[2].partition("</title>")[0])[0]


def main() -> None:
    """Write the PDF and say where it is."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sys.exit(
            "pdf: printing needs Chromium or Chrome, and none of its programs was found "
            f"({', '.join(PROGRAMS)}); on Debian and Ubuntu: apt-get install chromium"
        )
    page = HTML / JOINED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("pdf: ended before the book was printed"))
    try:
        page.write_text(joined(), encoding="utf-8")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            printed = Path(profile) / "book.pdf"
            words = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            words += [f"--user-data-dir={profile}/user", "--no-first-run", "--disable-background-networking"]
            words += ["--no-pdf-header-footer", "--generate-pdf-document-outline", f"--timeout={SECONDS * 1000}"]
            words += [f"--virtual-time-budget={FORMULAS}", f"--print-to-pdf={printed}", page.as_uri()]
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
            if not printed.is_file():
                sys.exit(f"pdf: {program} wrote nothing; it said: {done.stderr.strip()[-500:]}")
            shutil.move(printed, TARGET)
    except FileNotFoundError:
        sys.exit("pdf: the book is not built; run `make book` first")
    except subprocess.TimeoutExpired:
        sys.exit(f"pdf: {program} did not end within {SECONDS} s")
    finally:
        page.unlink(missing_ok=True)
    print(f"The book as a PDF: {TARGET}")


if __name__ == "__main__":
    main()
