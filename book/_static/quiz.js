// A quiz is a fieldset with a list of options and, folded away, a reason for each. This makes the options choosable and
// shows the reasons of those that were chosen. Nothing is answered while a keyboard still moves from option to option.
document.querySelectorAll("fieldset.quiz").forEach((quiz, number) => {
  const list = quiz.querySelector(".quiz-options");
  const folded = quiz.querySelector(".quiz-answers");
  const reasons = [...folded.querySelectorAll("li")];
  const right = reasons.map((reason) => reason.dataset.right === "yes");

  const form = document.createElement("form");
  quiz.replaceWith(form);
  form.append(quiz);
  quiz.classList.add("live");

  const options = [...list.children].map((item, place) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const text = document.createElement("span");
    input.type = list.dataset.kind;
    input.name = `quiz-${number}`;
    text.append(...(item.querySelector("p") ?? item).childNodes); // a label holds words, not paragraphs
    label.append(input, text);
    const why = document.createElement("div");
    why.className = "quiz-why";
    why.append(...reasons[place].childNodes);
    item.replaceChildren(label, why);
    input.addEventListener("change", forget);
    return { item, input, why };
  });
  folded.remove();

  const button = document.createElement("button");
  button.type = "submit";
  button.textContent = "Check";
  const said = document.createElement("p");
  said.className = "quiz-said";
  said.setAttribute("role", "status");
  said.setAttribute("aria-live", "polite");
  quiz.append(button, said);

  // The reasons stand beside their options already: only who hears the page needs them here.
  function say(seen, heard = "") {
    const unseen = document.createElement("span");
    unseen.className = "quiz-heard";
    unseen.textContent = heard && seen ? `${heard} ` : heard;
    said.replaceChildren(unseen, seen);
  }

  function forget() {
    said.replaceChildren();
    options.forEach(({ item }) => item.classList.remove("is-right", "is-wrong"));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    forget();
    const chosen = options.filter(({ input }) => input.checked);
    if (!chosen.length) {
      say(list.dataset.kind === "radio" ? "Choose one first." : "Choose at least one first.");
      return;
    }
    options.forEach(({ item, input }, place) => {
      if (input.checked) item.classList.add(right[place] ? "is-right" : "is-wrong");
    });
    const found = options.filter(({ input }, place) => input.checked && right[place]).length;
    const missing = right.filter(Boolean).length - found;
    const wrong = chosen.length > found;
    const more = wrong ? "Try again." : missing ? `${missing} more to find.` : "";
    say(more, chosen.map(({ why }) => why.textContent.trim()).join(" "));
  });
});
