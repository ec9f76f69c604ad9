import { createHash } from 'node:crypto';
import { link, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PacketHashes } from '../../support/media/packets.ts';
import { codedFrame } from './coded-frame.ts';

const FILE_HEADER = 13;
const TAG_HEADER = 11;
const TRAILER = 4;
const AUDIO = 8;
const VIDEO = 9;

/**
 * Keeps a recording's journal readable after the recorder has removed it: by second names for the same files, which cost
 * nothing and show every byte that the recorder ever wrote.
 */
export class JournalLink {
  readonly #spool: string;
  readonly #keep: string;
  readonly #held: string[] = [];

  /** @param options.keep what the second names begin with */
  constructor(options: { readonly spool: string; readonly keep: string }) {
    this.#spool = options.spool;
    this.#keep = options.keep;
  }

  /** Gives a second name to each take that has none yet. Returns how many takes there are. */
  async hold(): Promise<number> {
    while (true) {
      const take = this.#held.length + 1;
      const name = `${this.#keep}-${take}.flv`;
      try {
        await link(join(this.#spool, `take-${take}.flv`), name);
        this.#held.push(name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        return this.#held.length;
      }
    }
  }

  /** The media in it, in seconds. */
  async lastsSeconds(): Promise<number> {
    const takes = await this.#read();
    return Math.max(0, ...takes.map(lastTimestampMs)) / 1000;
  }

  /** The packets of all whole tags of all takes, hashed as ffprobe hashes them; nothing where there is no journal. */
  async packets(): Promise<PacketHashes> {
    const takes = (await this.#read()).map(packetsIn);
    return { video: takes.flatMap(({ video }) => video), audio: takes.flatMap(({ audio }) => audio) };
  }

  async #read(): Promise<Buffer[]> {
    await this.hold();
    return await Promise.all(this.#held.map((name) => readFile(name)));
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

/** The payloads of all packets, without what FLV and Enhanced RTMP put before them and without codec configurations. */
export function packetsIn(flv: Buffer): PacketHashes {
  const video: string[] = [];
  const audio: string[] = [];
  for (let offset = FILE_HEADER; offset + TAG_HEADER <= flv.length;) {
    const size = flv.readUIntBE(offset + 1, 3);
    const end = offset + TAG_HEADER + size;
    if (end + TRAILER > flv.length) break;
    const type = flv[offset] ?? 0;
    const frame = codedFrame(type, flv.subarray(offset + TAG_HEADER, end));
    if (frame !== undefined && type === VIDEO) video.push(md5(frame));
    if (frame !== undefined && type === AUDIO) audio.push(md5(frame));
    offset = end + TRAILER;
  }
  return { video, audio };
}

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
