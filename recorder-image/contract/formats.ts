/** What each output format is. Everything that depends on a format reads it here. */
export const FORMATS = {
  mp4: { extension: '.mp4', contentType: 'video/mp4' },
  webm: { extension: '.webm', contentType: 'video/webm' },
  m3u8: { extension: '.m3u8', contentType: 'application/vnd.apple.mpegurl' },
} as const;

/** A format that can be asked for. */
export type Format = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as [Format, ...Format[]];

/** The journal as it is, for a recording that no format could be made of. */
export const JOURNAL_FORMAT = { extension: '.flv', contentType: 'video/x-flv' } as const;

/** What a stored file can be. */
export const FILE_FORMATS = [...FORMAT_NAMES, 'flv'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** The Content-Type of a stored file. */
export function contentTypeOf(format: FileFormat): string {
  return format === 'flv' ? JOURNAL_FORMAT.contentType : FORMATS[format].contentType;
}

/** What a file of this name is; undefined: no format that is stored. */
export function formatOf(name: string): FileFormat | undefined {
  return FILE_FORMATS.find((format) => name.endsWith(extensionOf(format)));
}

/** The extension of a stored file, with its dot. */
export function extensionOf(format: FileFormat): string {
  return format === 'flv' ? JOURNAL_FORMAT.extension : FORMATS[format].extension;
}
