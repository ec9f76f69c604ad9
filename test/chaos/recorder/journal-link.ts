import { createHash } from 'node:crypto';
import { link, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PacketHashes } from '../../support/media/packets.ts';

const FILE_HEADER = 13;
const TAG_HEADER = 11;
const TRAILER = 4;
const AUDIO = 8;
const VIDEO = 9;

/**
 * Keeps a recording's journal readable after the recorder has removed it: by a second name for the same file, which
 * costs nothing and shows every byte that the recorder ever wrote.
 */
export class JournalLink {
  readonly #spool: string;
  readonly #keep: string;
  #held = false;

  constructor(options: { readonly spool: string; readonly keep: string }) {
    this.#spool = options.spool;
    this.#keep = options.keep;
  }

  /** The second name; made as soon as there is a journal. Returns whether there is one. */
  async hold(): Promise<boolean> {
    if (this.#held) return true;
    try {
      await link(join(this.#spool, 'take-1.flv'), this.#keep);
      this.#held = true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#held;
  }

  /** The media in it, in seconds. */
  async lastsSeconds(): Promise<number> {
    if (!(await this.hold())) return 0;
    return lastTimestampMs(await readFile(this.#keep)) / 1000;
  }

  /** The packets of all whole tags, hashed as ffprobe hashes them; nothing where there is no journal. */
  async packets(): Promise<PacketHashes> {
    if (!(await this.hold())) return { video: [], audio: [] };
    return packetsIn(await readFile(this.#keep));
  }
}

function lastTimestampMs(flv: Buffer): number {
  let last = 0;
  for (let offset = FILE_HEADER; offset + TAG_HEADER <= flv.length;) {
    last = Math.max(last, flv.readUIntBE(offset + 4, 3) + (flv[offset + 7] ?? 0) * 0x100_0000);
    offset += TAG_HEADER + flv.readUIntBE(offset + 1, 3) + TRAILER;
  }
  return last;
}

/** The payloads of H.264 and AAC packets, without FLV's own bytes before them and without codec configurations. */
export function packetsIn(flv: Buffer): PacketHashes {
  const video: string[] = [];
  const audio: string[] = [];
  for (let offset = FILE_HEADER; offset + TAG_HEADER <= flv.length;) {
    const size = flv.readUIntBE(offset + 1, 3);
    const end = offset + TAG_HEADER + size;
    if (end + TRAILER > flv.length) break;
    const payload = flv.subarray(offset + TAG_HEADER, end);
    if (payload[1] === 1) {
      if (flv[offset] === VIDEO) video.push(md5(payload.subarray(5)));
      else if (flv[offset] === AUDIO) audio.push(md5(payload.subarray(2)));
    }
    offset = end + TRAILER;
  }
  return { video, audio };
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
