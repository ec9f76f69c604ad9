import { type Request, type Response, Router } from 'express';
import type * as z from 'zod';
import type { Channels } from '../channels.ts';
import type { Converters, SimulatedConverter } from '../converters.ts';
import type { SimulatorOptions } from '../options.ts';
import { PUSHER_UID } from '../webhooks/rtc-events.ts';
import { answer, details, member, summary } from './answers.ts';
import type { Gate } from './gate.ts';
import { createRequest, firstFault, updateRequest } from './schemas.ts';
import type { ConverterChanges } from './schemas.ts';

const REGIONS = new Set(['cn', 'ap', 'na', 'eu']);
const MANY = '/:region/v1/projects/:appId/rtmp-converters';
const ONE = `${MANY}/:id`;

interface RestOptions {
  simulator: SimulatorOptions;
  channels: Channels;
  converters: Converters;
  gate: Gate;
}

/** Media Push's REST API, and who is in a channel from that for the management of channels. */
export function restRouter(options: RestOptions): Router {
  const { gate } = options;
  const router = Router();
  router.post(MANY, gate.for('create'), (request, response) => create(options, request, response));
  router.delete(ONE, gate.for('delete'), (request, response) => destroy(options, request, response));
  router.patch(ONE, gate.for('update'), (request, response) => update(options, request, response));
  router.get(ONE, gate.for('get'), (request, response) => get(options, request, response));
  router.get('/v1/projects/:appId/rtmp-converters', gate.for('list'), (request, response) =>
    list(options, request, response),
  );
  router.get('/v1/projects/:appId/channels/:channel/rtmp-converters', gate.for('list'), (request, response) =>
    list(options, request, response),
  );
  router.get('/dev/v1/channel/user/:appId/:channel', gate.for('users'), (request, response) =>
    users(options, request, response),
  );
  return router;
}

function create({ converters }: RestOptions, request: Request, response: Response): void {
  const region = String(request.params['region']);
  if (!REGIONS.has(region)) return answer(response, 400, { message: `unknown region ${region}` });
  const parsed = createRequest.safeParse(request.body);
  if (!parsed.success) return answer(response, 400, { message: firstFault(parsed.error) });
  const outcome = converters.create(region, parsed.data.converter);
  if (outcome === 'name-exists') return answer(response, 409, { message: 'converter name already exists' });
  if (outcome === 'quota-exceeded') return answer(response, 429, { message: 'resource quota exceeded' });
  answer(response, 200, summary(outcome), outcome.id);
}

async function destroy({ converters }: RestOptions, request: Request, response: Response): Promise<void> {
  const converter = known(converters, request, response);
  if (converter === undefined) return;
  await converters.destroy(converter, 'Delete Request');
  answer(response, 200, undefined, converter.id);
}

function update({ converters }: RestOptions, request: Request, response: Response): void {
  const converter = known(converters, request, response);
  if (converter === undefined) return;
  const sequence = Number(request.query['sequence']);
  if (!Number.isInteger(sequence)) return answer(response, 400, { message: 'sequence must be an integer' });
  const parsed = updateRequest.safeParse(request.body);
  if (!parsed.success) return answer(response, 400, { message: firstFault(parsed.error) });
  const outcome = converters.update(converter, sequence, masked(parsed.data));
  if (outcome === 'stale-sequence') return answer(response, 400, { message: 'sequence must grow' });
  if (outcome === 'not-updatable') return answer(response, 400, { message: 'only rtmpUrl can be updated' });
  answer(response, 200, summary(outcome), outcome.id);
}

/** Only what the mask names is changed; without one, everything. */
function masked({ converter, fields }: z.output<typeof updateRequest>): ConverterChanges {
  if (fields === undefined) return converter;
  const named = fields.split(',').map((field) => field.trim());
  const isNamed = (path: string) => named.some((field) => field === path || path.startsWith(`${field}.`));
  const { rtmpUrl, transcodeOptions } = converter;
  const rtcStreamUids = transcodeOptions?.audioOptions?.rtcStreamUids;
  const layout = transcodeOptions?.videoOptions?.layout;
  const hears = rtcStreamUids !== undefined && isNamed('transcodeOptions.audioOptions.rtcStreamUids');
  const shows = layout !== undefined && isNamed('transcodeOptions.videoOptions.layout');
  return {
    ...(rtmpUrl !== undefined && isNamed('rtmpUrl') && { rtmpUrl }),
    ...((hears || shows) && {
      transcodeOptions: {
        ...(hears && { audioOptions: { rtcStreamUids } }),
        ...(shows && { videoOptions: { layout } }),
      },
    }),
  };
}

function get({ converters, simulator }: RestOptions, request: Request, response: Response): void {
  const converter = known(converters, request, response);
  if (converter === undefined) return;
  if (converter.push.moving) return answer(response, 404, { message: 'converter not found' });
  answer(response, 200, details(converter, simulator.getShape), converter.id);
}

function list({ converters, simulator }: RestOptions, request: Request, response: Response): void {
  const channel = request.params['channel'];
  const all = converters.list(typeof channel === 'string' ? channel : undefined);
  const from = Number(request.query['cursor'] ?? 0);
  if (!Number.isInteger(from) || from < 0) return answer(response, 400, { message: 'invalid cursor' });
  const page = all.slice(from, from + simulator.pageSize);
  const next = from + page.length;
  answer(response, 200, {
    success: true,
    data: {
      total_count: all.length,
      cursor: next < all.length ? next : 0,
      members: page.map((converter) => member(converter, simulator.appId)),
    },
  });
}

/** All channels are broadcasts; a push is among those who watch. */
function users({ channels, converters }: RestOptions, request: Request, response: Response): void {
  const channel = String(request.params['channel']);
  const broadcasters = channels.participants(channel).map(({ uid }) => uid);
  const audience = converters.list(channel).length > 0 ? [PUSHER_UID] : [];
  const exists = broadcasters.length + audience.length > 0;
  const data = exists
    ? { channel_exist: true, mode: 2, broadcasters, audience, audience_total: audience.length }
    : { channel_exist: false };
  answer(response, 200, { success: true, data });
}

function known(converters: Converters, request: Request, response: Response): SimulatedConverter | undefined {
  const converter = converters.find(String(request.params['id']));
  if (converter === undefined || converter.region !== request.params['region']) {
    answer(response, 404, { message: 'converter not found' });
    return undefined;
  }
  return converter;
}
