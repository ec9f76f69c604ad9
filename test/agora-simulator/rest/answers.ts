import type { Response } from 'express';
import type { SimulatedConverter } from '../converters.ts';

/** Answers, unless it was arranged that the client hears of a timeout instead. */
export function answer(response: Response, status: number, body?: object, resourceId?: string): void {
  if (resourceId !== undefined) response.set('X-Resource-ID', resourceId);
  if (response.locals['answerWith504'] === true) response.status(504).json({ message: 'Gateway Timeout' });
  else if (body === undefined) response.status(status).end();
  else response.status(status).json(body);
}

/** Create's and Update's. */
export function summary({ id, createTs, updateTs, push }: SimulatedConverter): object {
  return { converter: { id, createTs, updateTs, state: push.state }, fields: 'id,createTs,updateTs,state' };
}

/** Get's: at the top level for a transcoding converter, under `converter` for a raw one. */
export function details(converter: SimulatedConverter, shape: 'flat' | 'nested'): object {
  const { id, name, spec, createTs, updateTs, push } = converter;
  const fields = { id, name, ...spec, createTs, updateTs, state: push.state };
  return shape === 'nested' || spec.rawOptions !== undefined ? { converter: fields } : fields;
}

/** List's, whose numbers are strings. */
export function member(converter: SimulatedConverter, appId: string): object {
  const { id, name, channel, spec, createTs, updateTs, push } = converter;
  return {
    rtcChannel: channel,
    status: push.state,
    converterName: name ?? '',
    converterId: id,
    updateTs: String(updateTs),
    create: String(createTs),
    appId,
    rtmpUrl: spec.rtmpUrl,
    idleTimeout: String(spec.idleTimeout ?? spec.idleTimeOut ?? 300),
    state: push.state,
  };
}
