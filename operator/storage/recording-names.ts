/**
 * The names that the recording of a file may have: the controller's objectKey() and the recorder's takeKey() make
 * PREFIX FOLDER/NAME[-attemptN][-takeN].EXTENSION, and a name may itself end like that. Empty where the key is none of
 * theirs.
 */
export function recordingNames(key: string, prefix: string): string[] {
  if (!key.startsWith(prefix)) return [];
  const [folder, file, ...deeper] = key.slice(prefix.length).split('/');
  const stem = /^(.+)\.(?:mp4|webm)$/.exec(file ?? '')?.[1];
  if (folder === '' || stem === undefined || deeper.length > 0) return [];
  const withoutTake = stem.replace(/-take[0-9]+$/, '');
  const names = [stem, withoutTake, withoutTake.replace(/-attempt[0-9]+$/, '')];
  return [...new Set(names)].filter((name) => name !== '');
}
