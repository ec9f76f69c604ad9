import * as z from 'zod';
import { AgoraBadResponseError } from './agora-error.ts';
import { AgoraRequests } from './agora-requests.ts';
import type { AgoraMediaPushOptions } from './options.ts';

/** Somebody in a channel, or something: Agora's own services are not told from people here. */
export interface ChannelUser {
  readonly uid: string;
  /** False: they only watch. */
  readonly sends: boolean;
}

const uids = z.array(z.union([z.string(), z.number()]).transform(String));

const response = z.object({
  success: z.literal(true),
  data: z.union([
    z.object({ channel_exist: z.literal(false) }).transform((): ChannelUser[] => []),
    z
      .object({ channel_exist: z.literal(true), mode: z.literal(1), users: uids })
      .transform(({ users }) => users.map((uid): ChannelUser => ({ uid, sends: true }))),
    z
      .object({
        channel_exist: z.literal(true),
        mode: z.literal(2),
        broadcasters: uids,
        audience: uids.nullish(),
      })
      .transform(({ broadcasters, audience }) => [
        ...broadcasters.map((uid): ChannelUser => ({ uid, sends: true })),
        ...(audience ?? []).map((uid): ChannelUser => ({ uid, sends: false })),
      ]),
  ]),
});

/** Who is in a channel, by Agora's REST API for the management of channels ("Query user list"). */
export class AgoraChannelUsers {
  readonly #appId: string;
  readonly #requests: AgoraRequests;

  constructor(options: AgoraMediaPushOptions) {
    this.#appId = options.appId;
    this.#requests = new AgoraRequests(options);
  }

  /**
   * Nobody where there is no such channel. While the network is in trouble, Agora's answer may be wrong.
   *
   * @throws AgoraError, or the signal's reason
   */
  async list(channel: string, signal?: AbortSignal): Promise<readonly ChannelUser[]> {
    const path = `/dev/v1/channel/user/${encodeURIComponent(this.#appId)}/${encodeURIComponent(channel)}`;
    const reply = await this.#requests.send({ operation: 'users', method: 'GET', path }, { signal });
    const parsed = response.safeParse(reply.body);
    if (parsed.success) return parsed.data.data;
    const { status, requestId } = reply;
    throw new AgoraBadResponseError("Agora's answer cannot be read (users)", {
      status,
      ...(requestId !== undefined && { requestId }),
    });
  }
}
