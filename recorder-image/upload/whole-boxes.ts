import { open } from 'node:fs/promises';

const HEADER_BYTES = 16;
/** A box whose size does not fit into 32 bits says so, and has it in the next 64. */
const LARGE = 1;

/**
 * Whether the file is boxes of MP4 (ISO/IEC 14496-12) from its beginning to its very end. One that ran into a full disk
 * is not, and FFmpeg's HLS muxer does not notice. False where there is no file.
 */
export async function hasWholeBoxes(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    let offset = 0;
    while (offset < size) {
      const { bytesRead } = await file.read(header, 0, HEADER_BYTES, offset);
      if (bytesRead < 8) return false;
      const short = header.readUInt32BE(0);
      const length =
        short === LARGE && bytesRead === HEADER_BYTES ? Number(header.readBigUInt64BE(8)) : short;
      if (length < 8) return false;
      offset += length;
    }
    return size > 0 && offset === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
