import { isRefused } from '../contract/codecs.ts';
import type { CodecName } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import type { MessageContent } from './track.ts';

/** What of a message a file of this format holds, copied or encoded. */
export function acceptedContent(content: MessageContent, format: Format): MessageContent {
  const { configs, packets, unknown } = content;
  const isAccepted = ({ codec }: { readonly codec: CodecName }): boolean => !isRefused(codec, format);
  if (unknown.length === 0 && configs.every(isAccepted) && packets.every(isAccepted)) return content;
  return { configs: configs.filter(isAccepted), packets: packets.filter(isAccepted), unknown: [] };
}
