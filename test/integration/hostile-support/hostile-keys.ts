import { HOSTILE_TEXTS } from '../../api-client/hostile-values.ts';

/** What is put into a key that is one's own, to have it lead elsewhere. */
const PIECES = [
  ...[
    '..',
    '../',
    '/../',
    './',
    '//',
    '/',
    '\\',
    '..\\',
    '%2e%2e/',
    '%2E%2E%2F',
    '%2f',
    '%00',
    '\0',
    '\n',
    ' ',
  ],
  ...['?', '#', '?x=', '&', '*', '~', 'x', '0', '-take2', '-attempt2', '.mp4', '.m3u8', '/recording.mp4'],
  // They look like a dot, a slash, a letter; or are taken away by whoever tidies up.
  ...['．．／', '∕', '‥', 'ａ', 'е', '\u200b', '\u202e', '\u0301', '\ud800', '\ufeff', 'İ'],
];

/** Makes keys that are not one's own, by mutating one's own and others', for the same seed the same ones. */
export function hostileKeys(options: {
  readonly random: () => number;
  readonly own: readonly string[];
  readonly foreign: readonly string[];
}): () => string {
  const { random, own, foreign } = options;
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const mutated = (key: string): string => {
    const at = below(key.length + 1);
    switch (below(7)) {
      case 0:
        return key.slice(0, at);
      case 1:
        return key.slice(at);
      case 2:
        return key.slice(0, at) + key.slice(at + 1);
      case 3:
        return random() < 0.5 ? key.toUpperCase() : encodeURIComponent(key);
      case 4: {
        const folder = key.slice(0, key.lastIndexOf('/') + 1);
        return `${folder}${pick(['..', '%2e%2e', '.', ''])}/${pick(foreign)}`;
      }
      default:
        return key.slice(0, at) + pick(PIECES) + key.slice(at);
    }
  };
  const makers = [
    () => pick(foreign),
    () => pick(HOSTILE_TEXTS),
    () => mutated(pick(foreign)),
    () => mutated(pick(own)),
    () => mutated(mutated(pick(own))),
    () => pick(own).padEnd(4000, 'k'),
    () => `/${pick(own)}`,
    () => pick(own),
  ];
  return () => pick(makers)();
}
