/** Characters of what others say that are worth repeating. */
const MAX_LENGTH = 512;
/** What changes from try to try: numbers, times and durations that are no part of a name, and ids. */
const CHANGING = /[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|(?<![\w-])[0-9][0-9.:,+TZ-]*(?:[mµn]?s)?(?![\w-])/gi;

/** The next message, or the one that was told when that differs in nothing but figures: then there is no news to write. */
export function steadyMessage(told: string | undefined, next: string): string {
  const message = next.slice(0, MAX_LENGTH);
  const isSame = told !== undefined && told.replace(CHANGING, '#') === message.replace(CHANGING, '#');
  return isSame ? told : message;
}
