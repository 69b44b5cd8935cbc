// People in comments and descriptions: an @ and some letters suggest who is meant.
import { suggest } from "./suggest.js";

/** The @ before the caret, and what follows it; none within an address or a word. */
function word(input) {
  const caret = input.selectionStart;
  const begun = input.value.slice(0, caret).match(/(?<![\p{L}\p{N}_.+@-])@[\p{L}\p{N}_.+@-]*$/u);
  return begun && { start: begun.index, end: caret };
}

export function start() {
  suggest("[data-mentions]", {
    word,
    query: (input, { start: from, end }) => ({ q: input.value.slice(from + 1, end) }),
    sign: "at-sign",
  });
}
