// Formulas change the height of a slide, so they are set first. S opens the speaker's view, ESC shows all slides.
window.deck = new Reveal({
  width: 1280,
  height: 720,
  margin: 0.05,
  center: false,
  hash: true,
  slideNumber: "c/t",
  scrollLayout: "compact", // on a phone the slides follow each other
  transition: "none",
  plugins: [RevealNotes],
});
(window.MathJax?.startup?.promise ?? Promise.resolve()).then(() => window.deck.initialize());
