import type { Format } from '../../contract/formats.ts';
import type { Take } from '../../journal/take.ts';
import { Ledger } from '../../media/ledger.ts';
import type { LedgerTrack } from '../../media/ledger.ts';
import type { Packet } from '../../media/track.ts';
import { joinedSource } from '../../mux/joined-source.ts';
import type { PacketSource } from '../../mux/packet-source.ts';
import type { ExpectedTrack } from '../../proof/compare.ts';
import { expectationOf } from '../../proof/expectation.ts';
import { fateOf } from '../../contract/codecs.ts';
import type { Joint } from './joined-file.ts';
import { sourceOptions, writeMp4 } from './mp4-source.ts';
import { publishedTracks } from './published-tracks.ts';
import type { PublishedTrack } from './published-tracks.ts';

/** From the journals: the file is as large as those together. */
export const joinMp4: Joint = {
  room: 1.1,
  plan: async (options, { takes }, signal) => {
    const { format } = options.config;
    const source = await joinedSource(takes, sourceOptions(options), signal);
    if (source === undefined) return undefined;
    const ledger = new Ledger();
    const tracks = source.tracks.map(({ track }) => track);
    const { offsetOf } = expectationOf(format, { ledger: () => ledger, tracks: () => tracks });
    return {
      write: async (path) => {
        await writeMp4({ ...source, batches: counted(source, ledger) }, path);
        requireAll(ledger.tracks, takes, format);
      },
      expectation: { offsetOf, tracks: () => expectedTracks(ledger.tracks, publishedTracks(takes)) },
    };
  },
};

/** Counts what goes into the file. */
async function* counted(
  { batches }: PacketSource,
  ledger: Ledger,
): AsyncGenerator<readonly Packet[], void, undefined> {
  for await (const packets of batches) {
    ledger.addAll(packets);
    yield packets;
  }
}

/** Throws where what has gone into the file is not all that the journals of the takes have. */
function requireAll(counted: readonly LedgerTrack[], takes: readonly Take[], format: Format): void {
  for (const [track, { codec, accepted }] of publishedTracks(takes)) {
    if (fateOf(codec, format).is !== 'copied') continue;
    const own = counted.find((one) => one.track === track);
    if (own?.packets !== accepted.packets || own.bytes !== accepted.bytes)
      throw new Error(`${track}: ${own?.packets ?? 0} packets of ${accepted.packets} went into the file`);
  }
}

/** What is in the file by what it was when it was published. */
function expectedTracks(
  counted: readonly LedgerTrack[],
  published: ReadonlyMap<string, PublishedTrack>,
): ExpectedTrack[] {
  return counted.map((track) => {
    const { codec = track.codec, accepted } = published.get(track.track) ?? {};
    return codec === track.codec || accepted === undefined
      ? track
      : { ...track, codec, encodedAs: track.codec, accepted };
  });
}
