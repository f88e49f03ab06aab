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
  const reach = () => {
    document.querySelectorAll(".scrolls, div.math, div.highlight pre, .cell_output").forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    });
  };
  reach();
  addEventListener("resize", reach);
});

// Figures and tables that are wider than their box: a keyboard reaches it, and a table keeps the names of its rows.
document.addEventListener("DOMContentLoaded", () => {
  const wide = () => {
    document.querySelectorAll(".figure-scroll, .scrolls").forEach((box) => {
      const more = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("wide", more);
      box.onscroll = () => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
      box.onscroll();
      if (!box.matches(".figure-scroll")) return;
      if (more) Object.entries({ tabindex: "0", role: "group", "aria-label": "Figure, scrolls sideways" }).forEach((pair) => box.setAttribute(...pair));
      else ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
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
