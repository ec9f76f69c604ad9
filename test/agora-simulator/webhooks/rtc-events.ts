import type { Channels, Participant } from '../channels.ts';
import type { Notifier } from './notifier.ts';

const RTC = 1;
const WEB_PLATFORM = 7;

/** Tells of people coming and going as Agora's RTC product does. */
export function notifyOfChannels(channels: Channels, notifier: Notifier): void {
  let clientSeq = Date.now();
  const ts = () => Math.floor(Date.now() / 1000);
  const participant = (channel: string, { uid }: Participant, reason: number) => {
    clientSeq += 1;
    return { channelName: channel, uid, platform: WEB_PLATFORM, clientSeq, reason, ts: ts(), duration: 0 };
  };
  channels.on('created', (channel) =>
    notifier.notify(RTC, 101, { channelName: channel, ts: ts() }, { channel }),
  );
  channels.on('destroyed', (channel, lastUid) =>
    notifier.notify(RTC, 102, { channelName: channel, ts: ts(), lastUid }, { channel }),
  );
  channels.on('joined', (channel, who) =>
    notifier.notify(RTC, 103, participant(channel, who, 0), { channel }),
  );
  channels.on('left', (channel, who) => notifier.notify(RTC, 104, participant(channel, who, 1), { channel }));
}

const LINUX_PLATFORM = 6;
const PUSHER_CLIENT = 10;
export const PUSHER_UID = 4_000_000_000;

/** A converter is in the channel, too, among those who only watch. */
export function notifyOfPusher(notifier: Notifier, channel: string, isIn: boolean): void {
  const who = { uid: PUSHER_UID, platform: LINUX_PLATFORM, clientType: PUSHER_CLIENT, clientSeq: Date.now() };
  const payload = { channelName: channel, ...who, reason: isIn ? 0 : 1, ts: Math.floor(Date.now() / 1000) };
  notifier.notify(RTC, isIn ? 105 : 106, { ...payload, duration: 0 }, { channel });
}
