// The query bar: completion of keys and values.
import { suggest } from "./suggest.js";

/** The word the caret is in; quotes hold a word together. */
function word(input) {
  const caret = input.selectionStart;
  let start = 0;
  let quoted = false;
  for (let index = 0; index < caret; index += 1) {
    if (input.value[index] === '"') quoted = !quoted;
    else if (!quoted && /[\s(]/.test(input.value[index])) start = index + 1;
  }
  const rest = input.value.slice(caret).match(/^[^\s)]*/)[0];
  return { start, end: caret + rest.length };
}

export function start() {
  suggest("[data-query]", {
    word,
    query: (input) => ({ q: input.value, at: input.selectionStart, project: input.dataset.project ?? "" }),
    goesOn: (text) => text.endsWith(":"),
    onFocus: true,
  });
}
