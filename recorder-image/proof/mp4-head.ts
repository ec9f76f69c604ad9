import { BOX_HEADER_BYTES, LARGE_SIZE } from './boxes.ts';

/** Where things stand in an MP4, in bytes. */
export interface Mp4Layout {
  /** Behind `ftyp`. */
  readonly headerStart: number;
  /** The first box within the header of the fragments, or the one that was overwritten by media data. */
  readonly bodyStart: number;
  /** The index at the end; undefined where there is none. */
  readonly indexStart: number | undefined;
  readonly sizeBytes: number;
}

/**
 * Checks the first bytes of a finished MP4. Where there is an index at the end, one box of media data has to reach from
 * there to the index, for players look for it behind that.
 */
export function checkMp4Head(head: Buffer, layout: Mp4Layout): string[] {
  const { headerStart, bodyStart, indexStart } = layout;
  if (indexStart === undefined) return [];
  for (let offset = headerStart; offset + BOX_HEADER_BYTES <= Math.min(bodyStart, head.length);) {
    const size = head.readUInt32BE(offset);
    const type = head.toString('latin1', offset + 4, offset + 8);
    const length = size === LARGE_SIZE ? Number(head.readBigUInt64BE(offset + 8)) : size;
    if (type === 'mdat')
      return offset + length === indexStart
        ? []
        : ['its media data ends elsewhere than where its index begins'];
    if (type === 'moov') return ['it has two indexes'];
    if (length < BOX_HEADER_BYTES) break;
    offset += length;
  }
  return ['it does not begin as an MP4 does'];
}
