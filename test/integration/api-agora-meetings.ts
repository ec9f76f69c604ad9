import { createHmac } from 'node:crypto';
import { ApiWorld, call, serviceToken, tokenOf, WEBHOOK_SECRET } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

export interface Notice {
  /** When it happened, in Unix seconds. */
  readonly at?: number;
  readonly notifyMs?: number;
  readonly seq?: number;
  /** Of the product Media Push, in place of the RTC product's. */
  readonly payload?: object;
  readonly more?: object;
  /** Whom it is sent to, in place of the usual one. */
  readonly api?: RunningApi;
}

/** Unix seconds. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** Sends any notification, signed with this secret. */
export async function notify(api: RunningApi, notice: unknown, secret = WEBHOOK_SECRET): Promise<Reply> {
  const body = JSON.stringify(notice);
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'Agora-Signature-V2': signature };
  return await call('POST', `${api.base}/webhooks/agora`, { body, headers });
}

/** Meetings as a backend has them recorded, and what Agora tells of their channels. */
export class AgoraMeetings {
  readonly #api: RunningApi;
  #notices = 0;

  constructor(api: RunningApi) {
    this.#api = api;
  }

  async register(meetingId: string, body: Record<string, unknown>): Promise<Reply> {
    const token = await serviceToken();
    return await call('PUT', `${this.#api.base}/meetings/${meetingId}`, {
      token,
      body: { host: 'host-1', ...body },
    });
  }

  async act(meetingId: string, action: 'start' | 'stop', body?: unknown): Promise<Reply> {
    const token = await tokenOf('host-1');
    return await call('POST', `${this.#api.base}/meetings/${meetingId}/recording/${action}`, { token, body });
  }

  /** Sends a notification as Agora does: of the RTC product, unless the payload is of another. */
  async tell(eventType: number, channelName: string, uid?: number, notice: Notice = {}): Promise<Reply> {
    const { at = now(), notifyMs = Date.now(), seq = Date.now(), payload, more, api = this.#api } = notice;
    const rtc = {
      channelName,
      ts: at,
      ...(uid !== undefined && { uid, clientSeq: seq, platform: 7, clientType: 2 }),
      ...more,
    };
    this.#notices += 1;
    return await notify(api, {
      noticeId: `${channelName}-${this.#notices}`,
      productId: payload === undefined ? 1 : 5,
      eventType,
      notifyMs,
      payload: payload ?? rtc,
    });
  }
}

/** An API that knows nothing yet, and its meetings. */
export interface MeetingsPlace extends AsyncDisposable {
  readonly world: ApiWorld;
  readonly api: RunningApi;
  /** For further replicas. */
  readonly databaseUri: string;
  readonly meetings: AgoraMeetings;
}

export async function startMeetingsPlace(): Promise<MeetingsPlace> {
  await using closing = new AsyncDisposableStack();
  const world = closing.use(await ApiWorld.start());
  const databaseUri = world.databaseUri();
  const api = closing.use(await world.startApi(world.environment(databaseUri)));
  const all = closing.move();
  const meetings = new AgoraMeetings(api);
  return { world, api, databaseUri, meetings, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
