import { Readable } from 'node:stream';
import { joinTakes, sharedConfigs } from '../../journal/join-takes.ts';
import { hybridMp4 } from '../../mux/recipes.ts';
import type { Joint } from './joined-file.ts';

/** From the journals, where one header describes all takes. */
export const joinMp4: Joint = {
  room: 1.1,
  plan: async (_options, { takes }, signal) => {
    const configs = await sharedConfigs(takes);
    if (configs === undefined) return undefined;
    const { videoCodec } = takes.find((take) => take.videoCodec) ?? {};
    return async () => {
      const input = Readable.from(joinTakes(takes, configs, signal), { objectMode: false });
      // Whatever ends the input early ends FFmpeg too, and that is where it is reported.
      input.on('error', () => undefined);
      return await Promise.resolve({
        input,
        inputOptions: ['-f', 'flv'],
        outputOptions: hybridMp4({ videoCodec }),
      });
    };
  },
};
