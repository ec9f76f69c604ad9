import { type Request, type Response, Router } from 'express';
import * as z from 'zod';
import { type Channels, toneHz } from '../channels.ts';
import type { Converters } from '../converters.ts';
import { faultList, type Faults, immediatePushFault } from '../faults.ts';
import type { Archive } from '../push/archive.ts';
import { PLATE_COLOURS } from '../push/filter-graph.ts';
import type { RequestLog } from '../rest/request-log.ts';
import type { Notifier } from '../webhooks/notifier.ts';

const person = z.strictObject({ uid: z.int().positive(), name: z.string().min(1).max(64) });
const channelBody = z.strictObject({ participants: z.array(person).max(50) });
const leaver = z.strictObject({ uid: z.int().positive() });
const attemptQuery = z.object({ attempt: z.coerce.number().int().positive().optional() });

type NamedRequest = Request<{ name: string }>;

interface ControlOptions {
  channels: Channels;
  converters: Converters;
  faults: Faults;
  archive: Archive;
  notifier: Notifier;
  log: RequestLog;
}

/** What tests and people steer and look into a simulator with; Agora has nothing of it. */
export function controlRouter(options: ControlOptions): Router {
  const { channels, faults, notifier, log } = options;
  const router = Router();
  router.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  router.get('/requests', (_request, response) => void response.json(log.requests));
  router.get('/webhooks', (_request, response) => void response.json(notifier.sent));

  router.get('/faults', (_request, response) => void response.json(faults.list()));
  router.put('/faults', (request, response) => {
    faults.replace(faultList.parse(request.body));
    response.json(faults.list());
  });

  router.get(
    '/channels/:name',
    (request, response) => void response.json(describe(channels, request.params.name)),
  );
  router.put('/channels/:name', (request, response) => {
    channels.set(request.params.name, channelBody.parse(request.body).participants);
    response.json(describe(channels, request.params.name));
  });
  router.post('/channels/:name/join', (request, response) => {
    const { uid, name } = person.parse(request.body);
    channels.join(request.params.name, uid, name);
    response.json(describe(channels, request.params.name));
  });
  router.post('/channels/:name/leave', (request, response) => {
    channels.leave(request.params.name, leaver.parse(request.body).uid);
    response.json(describe(channels, request.params.name));
  });

  router.get('/pushes', (_request, response) => listPushes(options, response));
  router.get('/pushes/:name/published.flv', (request, response) => sendPublished(options, request, response));
  router.post('/pushes/:name/faults', (request, response) => misbehaveNow(options, request, response));
  return router;
}

/** With what a test needs to find each one in picture and sound. */
function describe(channels: Channels, name: string): object {
  const participants = channels.participants(name).map(({ uid, name: who, slot }) => ({
    uid,
    name: who,
    toneHz: toneHz(slot),
    plateColour: PLATE_COLOURS[slot],
  }));
  return { name, participants };
}

async function listPushes({ archive, converters }: ControlOptions, response: Response): Promise<void> {
  const pushes = archive.names().map(async (name) => {
    const converter = converters.byName(name);
    return {
      name,
      state: converter?.push.state ?? 'destroyed',
      channel: converter?.channel,
      converterId: converter?.id,
      attempts: await archive.reports(name),
    };
  });
  response.json(await Promise.all(pushes));
}

async function sendPublished(
  { archive }: ControlOptions,
  request: NamedRequest,
  response: Response,
): Promise<void> {
  const { attempt } = attemptQuery.parse(request.query);
  const file = await archive.file(request.params.name, attempt);
  if (file === undefined) response.status(404).json({ message: 'nothing was published under this name' });
  else response.type('video/x-flv').sendFile(file, { dotfiles: 'allow' });
}

async function misbehaveNow(
  { converters }: ControlOptions,
  request: NamedRequest,
  response: Response,
): Promise<void> {
  const fault = immediatePushFault.parse(request.body);
  const converter = converters.byName(request.params.name);
  if (converter === undefined) {
    response.status(404).json({ message: 'no converter has this name' });
    return;
  }
  await converter.push.misbehave(fault);
  response.status(204).end();
}
