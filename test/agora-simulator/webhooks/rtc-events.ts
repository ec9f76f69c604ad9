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
