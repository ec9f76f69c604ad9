import type { ManifestFile } from '../contract/manifest.ts';
import { folderOf } from '../contract/object-keys.ts';
import type { Problem } from './report.ts';

const END = '#EXT-X-ENDLIST';

interface Listed {
  /** As the playlist names them, headers included. */
  readonly names: readonly string[];
  readonly hasEnded: boolean;
}

/** What a playlist lists. */
export function listedIn(playlist: string): Listed {
  const names = playlist.split('\n').flatMap((line) => {
    const [, header] = /^#EXT-X-MAP:URI="([^"]*)"/.exec(line) ?? [];
    return header ?? (line === '' || line.startsWith('#') ? [] : [line]);
  });
  return { names, hasEnded: playlist.includes(END) };
}

/** How a playlist differs from the segments that the manifest says are in it. */
export function playlistProblems(file: ManifestFile, { names, hasEnded }: Listed): Problem[] {
  const folder = folderOf(file.key);
  const listed = names.map((name) => `${folder}${decoded(name)}`);
  const expected = (file.segments ?? []).map(({ key }) => key);
  const at = expected.findIndex((key, index) => listed[index] !== key);
  return [
    ...(at >= 0 ? [{ file: file.key, what: `it does not list ${expected[at]} where it should` }] : []),
    ...(listed.length > expected.length
      ? [{ file: file.key, what: 'it lists more than there should be' }]
      : []),
    ...(hasEnded ? [] : [{ file: file.key, what: 'it has no end' }]),
  ];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // It is none of ours then.
    return name;
  }
}
