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
