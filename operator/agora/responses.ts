import * as z from 'zod';
import { converterState } from './converter-state.ts';
import type { Converter } from './converter.ts';

const text = z.union([z.string(), z.number()]).transform(String);

const converter = z
  .object({
    id: z.string().min(1),
    name: z.string().optional(),
    state: z.string().optional(),
    rtmpUrl: z.string().optional(),
    transcodeOptions: z
      .object({
        rtcChannel: z.string().optional(),
        videoOptions: z.object({ layoutType: z.number().optional() }).optional(),
      })
      .optional(),
    rawOptions: z.object({ rtcChannel: z.string().optional() }).optional(),
  })
  .transform((it): Converter =>
    present({
      id: it.id,
      state: converterState(it.state),
      name: it.name,
      channel: it.transcodeOptions?.rtcChannel ?? it.rawOptions?.rtcChannel,
      rtmpUrl: it.rtmpUrl,
      hasLayout: layoutOf(it.transcodeOptions?.videoOptions?.layoutType),
    }),
  );

/**
 * The answer to Create and Get. Get's stands at the top level for a transcoding converter and under `converter` for a
 * raw one, and the documentation's examples are not of one mind: both are read everywhere.
 */
export const converterResponse = z.union([
  z.object({ converter }).transform((it) => it.converter),
  converter,
]);

const member = z
  .object({
    converterId: z.string().min(1),
    converterName: z.string().optional(),
    rtcChannel: z.string().optional(),
    rtmpUrl: z.string().optional(),
    state: z.string().optional(),
    status: text.optional(),
  })
  .transform((it): Converter =>
    present({
      id: it.converterId,
      state: converterState(it.state ?? it.status),
      name: it.converterName,
      channel: it.rtcChannel,
      rtmpUrl: it.rtmpUrl,
      hasLayout: undefined,
    }),
  );

const page = z.object({
  cursor: text.nullish().transform((cursor) => (cursor === undefined || cursor === null ? '0' : cursor)),
  members: z.array(member).nullish(),
});

/** One page of List; a `cursor` of "0" or "" marks the last. Numbers may come as strings. */
export const listResponse = z
  .union([z.object({ data: page }).transform((it) => it.data), page])
  .transform((it) => ({ cursor: it.cursor, members: it.members ?? [] }));

/** An error's body says why under one of two names. */
export const errorResponse = z
  .object({ message: z.string().optional(), reason: z.string().optional() })
  .transform((it) => it.message ?? it.reason);

/** Leaves out what is undefined: an absent field and an undefined one are told apart by the type. */
function present(
  fields: { [K in keyof Omit<Converter, 'isNew'>]-?: Converter[K] | undefined } & Pick<
    Converter,
    'id' | 'state'
  >,
): Converter {
  const { id, state, name, channel, rtmpUrl, hasLayout } = fields;
  return {
    id,
    state,
    ...(name !== undefined && { name }),
    ...(channel !== undefined && { channel }),
    ...(rtmpUrl !== undefined && { rtmpUrl }),
    ...(hasLayout !== undefined && { hasLayout }),
  };
}

/** 0: by a list of regions, 1: by Agora. */
function layoutOf(layoutType: number | undefined): boolean | undefined {
  return layoutType === undefined ? undefined : layoutType === 0;
}
