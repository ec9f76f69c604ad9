const KEY = '"managedFields":[';
const [QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, BACKSLASH] = Buffer.from('",[]{}\\');

/**
 * Parses objects as the API server writes them, without their metadata.managedFields: those are half of an object's
 * text and most of what its parsing costs, and nobody here reads them. Throws SyntaxError on what is no JSON.
 */
export function parseWithoutManagedFields(text: string): unknown {
  return JSON.parse(withoutManagedFields(text));
}

/**
 * The JSON text without the lists under that name. A quote within a string is written with a backslash, so what looks
 * like the key is the key. Text in which a list has no end is returned as it is.
 */
function withoutManagedFields(text: string): string {
  let kept = '';
  let from = 0;
  for (let start = text.indexOf(KEY); start >= 0; start = text.indexOf(KEY, from)) {
    const end = endOfList(text, start + KEY.length - 1);
    if (end === undefined) return text;
    // One of the commas that stood around it goes with it.
    const before = text.charCodeAt(start - 1) === COMMA;
    kept += text.slice(from, before ? start - 1 : start);
    from = !before && text.charCodeAt(end) === COMMA ? end + 1 : end;
  }
  return from === 0 ? text : kept + text.slice(from);
}

/** The place behind the list that begins at `start`. */
function endOfList(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) depth++;
    else if ((code === CLOSE_LIST || code === CLOSE_OBJECT) && --depth === 0) return at + 1;
  }
  return undefined;
}

/** The place of the quote that ends the string whose first quote is at `start`. */
function endOfString(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return undefined;
}
