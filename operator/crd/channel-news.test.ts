import { describe, expect, it } from 'vitest';
import {
  MOST_PARTICIPANTS,
  participantsOf,
  participantsText,
  pushNewsOf,
  pushNewsText,
} from './channel-news.ts';
import { PARTICIPANTS_ANNOTATION, PUSH_NEWS_ANNOTATION } from './names.ts';

const participants = (text: string) =>
  participantsOf({ metadata: { annotations: { [PARTICIPANTS_ANNOTATION]: text } } });
const news = (text: string) => pushNewsOf({ metadata: { annotations: { [PUSH_NEWS_ANNOTATION]: text } } });

describe('the participants in an annotation', () => {
  it('come back as they were written, in their order', () => {
    expect(participants(participantsText([7, 3, 4_294_967_295]))).toEqual([7, 3, 4_294_967_295]);
  });

  it('tell an empty channel from one that nothing is known of', () => {
    expect(participants(participantsText([]))).toEqual([]);
    expect(participantsOf({ metadata: {} })).toBeUndefined();
  });

  it('may be written by hand', () => {
    expect(participants('12, 7 ,99')).toEqual([12, 7, 99]);
  });

  it.each(['Ada', '1,,2', '1;2', '-1', '0', '1.5', '4294967296', '1'.repeat(3000)])(
    'mean nothing where they are not uids: %.20s',
    (text) => expect(participants(text)).toBeUndefined(),
  );

  it('are bounded, however many there are', () => {
    const many = Array.from({ length: 5000 }, (_, index) => 4_000_000_000 + index);
    expect(participants(participantsText(many))).toEqual(many.slice(0, MOST_PARTICIPANTS));
  });
});

describe('news of a push in an annotation', () => {
  it('come back as they were written', () => {
    const destroyed = { is: 'destroyed', converterId: 'C1', reason: 'Idle Timeout' } as const;
    expect(news(pushNewsText(destroyed))).toEqual(destroyed);
    expect(news(pushNewsText({ is: 'failed', converterId: 'C1' }))).toEqual({
      is: 'failed',
      converterId: 'C1',
    });
    expect(news(pushNewsText({ is: 'destroyed', converterId: 'C1', reason: ' ' }))?.reason).toBeUndefined();
  });

  it.each(['', 'running C1', 'failed', 'destroyed  ', `failed ${'x'.repeat(300)}`])(
    'mean nothing where they can not be read: %.20s',
    (text) => expect(news(text)).toBeUndefined(),
  );
});
