/**
 * A Content-Disposition that has a browser save the file under this name: RFC 6266, with the plain form for those that
 * don't know the encoded one. Path separators and control characters are replaced.
 */
export function attachment(fileName: string): string {
  const safe = fileName.replaceAll(/[/\\\p{Cc}]/gu, '_');
  const plain = safe.replaceAll(/[^\w.-]/g, '_');
  const encoded = encodeURIComponent(safe.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
