// Saves a figure that is part of a page as a file of its own. What the page gives it (colours of the theme, letters,
// a ground) it gets from the script's attributes, so that the file is the same on a light page and on a dark one.
{
  const { colours, paper, fonts } = document.currentScript.dataset;
  const XLINK = "http://www.w3.org/1999/xlink";

  const file = (drawing) => {
    const copy = drawing.cloneNode(true);
    const [left, top, width, height] = copy.getAttribute("viewBox").split(" ");
    for (const name of ["class", "style"]) copy.removeAttribute(name);
    const outside = { width: `${width}pt`, height: `${height}pt`, "font-family": fonts, "stroke-linejoin": "round" };
    for (const [name, value] of Object.entries(outside)) copy.setAttribute(name, value);
    const ground = document.createElementNS(copy.namespaceURI, "rect");
    for (const [name, value] of Object.entries({ x: left, y: top, width, height, fill: paper })) ground.setAttribute(name, value);
    copy.prepend(ground);
    for (const element of copy.querySelectorAll("[href]")) {
      element.setAttributeNS(XLINK, "xlink:href", element.getAttribute("href")); // programs that draw know no other
      element.removeAttribute("href");
    }
    let text = new XMLSerializer().serializeToString(copy);
    for (const [named, colour] of Object.entries(JSON.parse(colours))) text = text.replaceAll(named, colour);
    return `<?xml version="1.0" encoding="utf-8"?>\n${text}\n`;
  };

  for (const line of document.querySelectorAll(".figure-links[data-drawing]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "SVG";
    button.ariaLabel = "SVG: save this drawing";
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.download = `${line.dataset.drawing}.svg`;
      link.href = URL.createObjectURL(new Blob([file(line.closest("figure").querySelector("svg.figure"))], { type: "image/svg+xml" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
    if (line.childNodes.length) line.append(" · ");
    line.append(button);
  }
}
