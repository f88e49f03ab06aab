// A first visit has no stored colour mode; the theme would log an error before it follows the system.
document.documentElement.dataset.mode ||= "auto";

// Wide tables, formulas and figures scroll inside their own box; a keyboard must be able to reach that box.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table").forEach((table) => {
    if (table.parentElement.closest(".scrolls, .highlight, table")) return;
    const box = document.createElement("div");
    box.className = "scrolls";
    table.replaceWith(box);
    box.append(table);
  });
  const boxes = document.querySelectorAll("article :is(div, pre, figure)");
  const reach = () => {
    boxes.forEach((box) => {
      const scrolls = box.scrollWidth > box.clientWidth && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    });
  };
  reach();
  addEventListener("load", reach);
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
});

// Names of controls begin with the words that are seen on them, so that who speaks to a page can say what they see.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".search-button-field").forEach((button) => button.removeAttribute("aria-label"));
});

// Results of a search with the place where the words stand. Texts come with the book: a page opened from a disk may
// not fetch others.
document.addEventListener("DOMContentLoaded", () => {
  const results = document.getElementById("search-results");
  if (!results || !location.pathname.endsWith("/search.html")) return;
  const words = (new URLSearchParams(location.search).get("q") || "").toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
  const excerpt = (text) => {
    const found = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
    let start = found.length ? Math.max(0, Math.min(...found) - 80) : 0;
    if (start) start = text.indexOf(" ", start) + 1;
    const shown = text.slice(start, start + 240).replace(/\s\S*$/, "");
    return (start ? "… " : "") + shown + (start + 240 < text.length ? " …" : "");
  };
  const describe = (item) => {
    const link = item.querySelector("a");
    if (!link || item.querySelector(".context")) return;
    const [path, anchor] = link.getAttribute("href").split("#");
    const page = window.EXCERPTS[path.replace(/\.html.*$/, "")];
    if (!page) return;
    const text = page[decodeURIComponent(anchor || "")] || Object.values(page).join(" ");
    const line = document.createElement("p");
    line.className = "context";
    excerpt(text)
      .split(new RegExp(`(${words.join("|") || "$^"})`, "giu"))
      .forEach((part, number) => {
        const piece = number % 2 ? document.createElement("mark") : document.createTextNode("");
        piece.textContent = part;
        line.append(piece);
      });
    item.append(line);
  };
  const script = document.createElement("script");
  script.src = document.documentElement.dataset.content_root + "_static/excerpts.js";
  script.onload = () => {
    const all = () => results.querySelectorAll("li").forEach(describe);
    new MutationObserver(all).observe(results, { childList: true, subtree: true });
    all();
  };
  document.head.append(script);
});

// On a phone a table of sentences is a list of cards: what is more than a few words is headed by the name of its column.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.prose-table").forEach((table) => {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    const prose = heads.length - 2; // the last two columns hold sentences, those before them a number or a name
    table.querySelectorAll("tbody tr").forEach((row) => {
      [...row.cells].slice(prose).forEach((cell, number) => {
        (cell.querySelector("p") || cell).dataset.label = heads[prose + number];
      });
    });
  });
});

// Figures and tables that are wider than their box: a figure says so, and a table keeps the names of its rows.
document.addEventListener("DOMContentLoaded", () => {
  const wide = () => {
    document.querySelectorAll(".figure-scroll, .scrolls").forEach((box) => {
      const more = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("wide", more);
      box.onscroll = () => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
      box.onscroll();
      if (!box.matches(".figure-scroll")) return;
      if (more) Object.entries({ role: "group", "aria-label": "Figure, scrolls sideways" }).forEach((pair) => box.setAttribute(...pair));
      else ["role", "aria-label"].forEach((name) => box.removeAttribute(name));
    });
  };
  wide();
  addEventListener("resize", wide);
});

// The link from a figure to its code opens the cell that holds it.
const unfold = () => {
  const folded = document.getElementById(location.hash.slice(1))?.closest("details");
  if (folded) folded.open = true;
};
addEventListener("DOMContentLoaded", unfold);
addEventListener("hashchange", unfold);
