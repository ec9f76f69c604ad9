import { describe, expect, it } from 'vitest';
import type { Track } from '../journal/flv.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';
import {
  amf,
  chunksOf,
  command,
  connect,
  HANDSHAKE,
  INVOKE,
  message,
  publish,
  values,
} from './testing/messages.ts';

const FOUR_CCS = { video: ['hvc1'], audio: ['Opus'] };

interface Received {
  readonly track: Track;
  readonly timestamp: number;
  readonly payload: string;
}

interface Session {
  readonly protocol: RtmpProtocol;
  readonly media: Received[];
  /** What it was answered since the last time. */
  readonly answers: () => string;
  /** What it asked for and began and ended, in order. */
  readonly story: string[];
}

/** A client that has shaken hands. */
function session({ answersLater = false } = {}): Session {
  const media: Received[] = [];
  const story: string[] = [];
  let output = '';
  const protocol: RtmpProtocol = new RtmpProtocol(FOUR_CCS, {
    onOutput: (bytes) => {
      output += bytes.toString('latin1');
    },
    onPublish: (app, key) => {
      story.push(`asks for ${app}/${key}`);
      if (app === 'live' && key === 'right') return answersLater ? undefined : protocol.start();
      protocol.refuse('No.');
      throw new RtmpProtocolError('may not publish');
    },
    onMedia: (track, timestamp, payload) => media.push({ track, timestamp, payload: payload.toString() }),
    onUnpublish: () => story.push('unpublishes'),
  });
  protocol.receive(HANDSHAKE);
  const answers = (): string => {
    const said = output;
    output = '';
    return said;
  };
  answers();
  return { protocol, media, answers, story };
}

function publishing(): Session {
  const client = session();
  client.protocol.receive(Buffer.concat([connect(), publish('right')]));
  client.answers();
  client.story.length = 0;
  return client;
}

const sound = (time = 20): Buffer => message(8, time, Buffer.from('sound'), 4);
/** On a message stream of its own. */
const onStream = (streamId: number, ...all: readonly (string | number | null)[]): Buffer =>
  Buffer.concat(chunksOf(INVOKE, 0, values(...all), { streamId }));

describe('an RTMP connection', () => {
  it('may publish with what its server agrees to, and its media is passed on as it is', () => {
    const { protocol, media, answers, story } = session();
    protocol.receive(Buffer.concat([connect(), publish('right?query=1')]));
    expect(answers()).toContain('NetStream.Publish.Start');
    protocol.receive(sound());
    protocol.receive(message(9, 0x0123_4567, Buffer.from('picture'.repeat(50)), 6));
    expect(media).toEqual([
      { track: 'audio', timestamp: 20, payload: 'sound' },
      { track: 'video', timestamp: 0x0123_4567, payload: 'picture'.repeat(50) },
    ]);
    expect(story).toEqual(['asks for live/right']);
  });

  it('is understood whatever pieces its bytes come in', () => {
    const { protocol, media } = session();
    const picture = message(9, 40, Buffer.from('picture'.repeat(50)), 6);
    const bytes = Buffer.concat([connect(), publish('right'), picture]);
    for (const byte of bytes) protocol.receive(Buffer.from([byte]));
    expect(media).toEqual([{ track: 'video', timestamp: 40, payload: 'picture'.repeat(50) }]);
  });

  it('is told why it may not publish, and nothing it sends is passed on', () => {
    const { protocol, media, answers } = session();
    protocol.receive(connect());
    protocol.receive(message(9, 0, Buffer.from('early'), 6));
    expect(() => protocol.receive(Buffer.concat([publish('wrong'), sound()]))).toThrow('may not publish');
    expect(answers()).toMatch(/NetStream\.Publish\.BadName.*No\./s);
    expect(media).toEqual([]);
  });

  it('waits for its answer, and what it has sent in the meantime is passed on then', () => {
    const { protocol, media, answers } = session({ answersLater: true });
    protocol.receive(Buffer.concat([connect(), publish('right'), sound(1)]));
    protocol.receive(sound(2));
    expect(media).toEqual([]);
    expect(answers()).not.toContain('NetStream.Publish.Start');
    protocol.start();
    protocol.receive(sound(3));
    expect(media.map(({ timestamp }) => timestamp)).toEqual([1, 2, 3]);
    expect(answers()).toContain('NetStream.Publish.Start');
  });

  it('may not play', () => {
    const { protocol, answers } = session();
    protocol.receive(connect());
    expect(() => protocol.receive(command('play', 5, null, 'right'))).toThrow('play');
    expect(answers()).toContain('NetStream.Play.Failed');
  });

  it('may send several tags in one aggregate message', () => {
    const { protocol, media } = publishing();
    const tag = (type: number, time: number, text: string): Buffer => {
      const header = Buffer.alloc(11);
      header[0] = type;
      header.writeUIntBE(text.length, 1, 3);
      header.writeUIntBE(time, 4, 3);
      return Buffer.concat([header, Buffer.from(text), Buffer.alloc(4)]);
    };
    protocol.receive(message(22, 5000, Buffer.concat([tag(8, 700, 'sound'), tag(9, 720, 'picture')]), 6));
    expect(media).toEqual([
      { track: 'audio', timestamp: 5000, payload: 'sound' },
      { track: 'video', timestamp: 5020, payload: 'picture' },
    ]);
  });

  it.each([
    { what: 'metadata', bytes: message(18, 0, values('@setDataFrame', 'onMetaData', { a: 'b' }), 4) },
    { what: 'metadata in AMF3', bytes: message(15, 0, Buffer.concat([Buffer.from([0]), amf('onMetaData')])) },
    { what: 'metadata that nobody can read', bytes: message(18, 0, Buffer.alloc(500, 0x55)) },
    { what: 'a shared object', bytes: message(19, 0, Buffer.alloc(20)) },
    { what: 'a shared object in AMF3', bytes: message(16, 0, Buffer.alloc(20)) },
    { what: 'an acknowledgement', bytes: message(3, 0, Buffer.alloc(4), 2) },
    { what: 'a bandwidth', bytes: message(6, 0, Buffer.alloc(5), 2) },
    { what: 'the length of a buffer', bytes: message(4, 0, Buffer.from([0, 3, 0, 0, 0, 1, 0, 0, 1, 0]), 2) },
    { what: 'an event cut short', bytes: message(4, 0, Buffer.from([0]), 2) },
    { what: 'a type that there is not', bytes: message(99, 0, Buffer.alloc(20)) },
    { what: 'an answer to what nobody asked', bytes: command('_result', 9, null, 'x') },
  ])('is not disturbed by $what', ({ bytes }) => {
    const { protocol, media, answers } = publishing();
    protocol.receive(Buffer.concat([sound(1), bytes, sound(2)]));
    expect(media.map(({ timestamp }) => timestamp)).toEqual([1, 2]);
    expect(answers()).toBe('');
  });

  it('is refused when it does not begin as RTMP does', () => {
    const handlers = { onOutput: () => undefined, onPublish: () => undefined };
    const protocol = new RtmpProtocol(FOUR_CCS, {
      ...handlers,
      onMedia: () => undefined,
      onUnpublish: () => undefined,
    });
    expect(() => protocol.receive(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('not RTMP');
  });

  it.each([
    { what: 'connects without a URL', bytes: command('connect', 1, {}) },
    { what: 'connects with what is no URL', bytes: connect('::') },
    {
      what: 'connects with what nobody can read',
      bytes: message(INVOKE, 0, Buffer.concat([values('connect', 1), Buffer.from([0x55])])),
    },
    { what: 'publishes before it connects', bytes: publish('right') },
    {
      what: 'sends a large message before it has proved anything',
      bytes: message(9, 0, Buffer.alloc(70_000)),
    },
    {
      what: 'sends commands without end',
      bytes: Buffer.concat([
        connect(),
        ...Array.from({ length: 64 }, () => command('createStream', 2, null)),
      ]),
    },
    { what: 'sends a window cut short', bytes: message(5, 0, Buffer.alloc(2), 2) },
    {
      what: 'opens many chunk streams',
      bytes: Buffer.concat(
        Array.from({ length: 40 }, (_, stream) => message(9, 0, Buffer.alloc(1), stream + 3)),
      ),
    },
    {
      what: 'begins many messages',
      bytes: Buffer.concat(
        [3, 4, 5, 6, 7].map((stream) => message(20, 0, Buffer.alloc(8000), stream).subarray(0, 140)),
      ),
    },
  ])('is refused when it $what', ({ bytes }) => {
    const { protocol } = session();
    expect(() => protocol.receive(bytes)).toThrow(expect.objectContaining({ name: 'RtmpProtocolError' }));
  });
});

describe('commands', () => {
  it('are answered in whatever order encoders send them before they publish', () => {
    for (const order of [
      ['releaseStream', 'FCPublish', 'createStream'],
      ['createStream', 'FCPublish', 'releaseStream'],
      ['FCPublish', 'createStream'],
      ['createStream', 'createStream', 'createStream'],
    ]) {
      const { protocol, answers, media } = session();
      protocol.receive(connect());
      answers();
      for (const [index, name] of order.entries()) {
        protocol.receive(command(name, index + 2, null, 'right'));
        const answer = answers();
        expect(answer).toContain('_result');
        expect(answer).toContain(amf(index + 2).toString('latin1'));
      }
      const streamId = order.filter((name) => name === 'createStream').length;
      protocol.receive(onStream(streamId, 'publish', 9, null, 'right', 'live'));
      const answer = answers();
      expect(answer).toContain('NetStream.Publish.Start');
      expect(answer.includes('onFCPublish')).toBe(order.includes('FCPublish'));
      protocol.receive(sound());
      expect(media).toHaveLength(1);
    }
  });

  it('that nobody knows are answered with an error, and cost nothing', () => {
    const { protocol, answers, media } = publishing();
    protocol.receive(Buffer.concat([command('makeCoffee', 7, null), sound()]));
    expect(answers()).toMatch(/_error.*NetConnection\.Call\.Failed/s);
    protocol.receive(Buffer.concat([command('makeCoffee', 0, null), message(INVOKE, 0, amf(1)), sound()]));
    expect(answers()).toBe('');
    expect(media).toHaveLength(2);
  });

  it('may ask for the length of a stream, and for a pong', () => {
    const { protocol, answers } = publishing();
    protocol.receive(command('getStreamLength', 7, null, 'right'));
    expect(answers()).toContain(values('_result', 7, null, 0).toString('latin1'));
    protocol.receive(message(4, 0, Buffer.from([0, 6, 1, 2, 3, 4]), 2));
    expect(answers()).toContain(Buffer.from([0, 7, 1, 2, 3, 4]).toString('latin1'));
  });

  it.each([
    { what: 'behind a byte that says how they are coded', prefix: [0] },
    { what: 'without it', prefix: [] },
  ])('may come as messages of AMF3, $what', ({ prefix }) => {
    const { protocol, answers, media } = session();
    protocol.receive(command('connect', 1, { app: 'live', tcUrl: 'rtmp://localhost/live' }));
    const named = (text: string): Buffer => Buffer.from([0x11, 6, text.length * 2 + 1, ...Buffer.from(text)]);
    const amf3 = (...parts: readonly Buffer[]): Buffer =>
      message(17, 0, Buffer.concat([Buffer.from(prefix), ...parts]));
    protocol.receive(amf3(values('createStream', 2), Buffer.from([0x11, 1])));
    protocol.receive(amf3(values('publish', 3), Buffer.from([0x11, 1]), named('right'), named('live')));
    expect(answers()).toContain('NetStream.Publish.Start');
    protocol.receive(sound());
    expect(media).toHaveLength(1);
  });

  it.each([0, 3])('are coded as a client asks for with an object encoding of %i', (objectEncoding) => {
    const { protocol, answers } = session();
    const object = Buffer.concat([amf({ app: 'live', tcUrl: 'rtmp://localhost/live' }).subarray(0, -3)]);
    const encoding = Buffer.concat([
      Buffer.from([0, 14]),
      Buffer.from('objectEncoding'),
      amf(objectEncoding),
    ]);
    const end = Buffer.from([0, 0, 9]);
    protocol.receive(message(INVOKE, 0, Buffer.concat([values('connect', 1), object, encoding, end])));
    expect(answers()).toContain(encoding.toString('latin1'));
  });

  it('say what of enhanced RTMP is taken to a client that asks, and to no other', () => {
    const connectWith = (name: string, value: Buffer): Buffer => {
      const object = amf({ app: 'live', tcUrl: 'rtmp://localhost/live' }).subarray(0, -3);
      const member = Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), value]);
      const end = Buffer.from([0, 0, 9]);
      return message(INVOKE, 0, Buffer.concat([values('connect', 1), object, member, end]));
    };
    const list = Buffer.concat([Buffer.from([0x0a, 0, 0, 0, 1]), amf('hvc1')]);
    for (const asked of [
      connectWith('fourCcList', list),
      connectWith('videoFourCcInfoMap', Buffer.from([3, 0, 0, 9])),
      connectWith('audioFourCcInfoMap', Buffer.from([3, 0, 0, 9])),
      connectWith('capsEx', amf(1)),
    ]) {
      const { protocol, answers } = session();
      protocol.receive(asked);
      const answer = answers();
      for (const word of [
        'fourCcList',
        'videoFourCcInfoMap',
        'audioFourCcInfoMap',
        'capsEx',
        'hvc1',
        'Opus',
      ]) {
        expect(answer).toContain(word);
      }
    }
    const plain = session();
    plain.protocol.receive(connect());
    expect(plain.answers()).not.toMatch(/fourCc|capsEx/i);
  });
});

describe('a client that publishes', () => {
  it.each([
    { how: 'deleteStream', ends: command('deleteStream', 6, null, 1) },
    { how: 'deleteStream without a stream', ends: command('deleteStream', 6, null) },
    { how: 'FCUnpublish', ends: command('FCUnpublish', 6, null, 'right') },
    {
      how: 'FCUnpublish and deleteStream',
      ends: Buffer.concat([command('FCUnpublish', 6, null, 'right'), command('deleteStream', 7, null, 1)]),
    },
    { how: 'closeStream', ends: command('closeStream', 0, null) },
    { how: 'close', ends: command('close', 0, null) },
    {
      how: 'publishing nothing',
      ends: message(INVOKE, 0, Buffer.concat([values('publish', 0, null), Buffer.from([1, 0])])),
    },
  ])('ends that with $how, and may publish again', ({ ends }) => {
    const { protocol, media, answers, story } = publishing();
    protocol.receive(Buffer.concat([sound(1), ends, sound(2)]));
    expect(story).toEqual(['unpublishes']);
    expect(answers()).toContain('NetStream.Unpublish.Success');
    protocol.receive(Buffer.concat([command('createStream', 7, null), publish('right'), sound(3)]));
    expect(story).toEqual(['unpublishes', 'asks for live/right']);
    expect(media.map(({ timestamp }) => timestamp)).toEqual([1, 3]);
    // And needs the key for it, as before.
    protocol.receive(ends);
    expect(() => protocol.receive(publish('wrong'))).toThrow('may not publish');
  });

  it('goes on when another stream of its connection ends, or another name', () => {
    const { protocol, media, story } = session();
    protocol.receive(
      Buffer.concat([connect(), command('createStream', 2, null), command('createStream', 3, null)]),
    );
    protocol.receive(onStream(2, 'publish', 4, null, 'right'));
    protocol.receive(command('deleteStream', 5, null, 1));
    protocol.receive(onStream(1, 'closeStream', 0, null));
    protocol.receive(command('FCUnpublish', 6, null, 'other'));
    const ours = chunksOf(8, 20, Buffer.from('sound'), { chunkStream: 4, streamId: 2 });
    const others = chunksOf(8, 30, Buffer.from('other'), { chunkStream: 5, streamId: 1 });
    protocol.receive(Buffer.concat([...ours, ...others]));
    expect(story).toEqual(['asks for live/right']);
    // Nobody else publishes here: what comes on a wrong stream is rather meant for this one than for none.
    expect(media.map(({ payload }) => payload)).toEqual(['sound', 'other']);
  });

  it('is told again that it does when it asks again, and that the name is taken when it asks for more', () => {
    const { protocol, media, answers, story } = publishing();
    protocol.receive(Buffer.concat([sound(1), publish('right'), sound(2)]));
    expect(answers()).toContain('NetStream.Publish.Start');
    for (const more of [onStream(2, 'publish', 7, null, 'right'), publish('wrong')]) {
      protocol.receive(Buffer.concat([more, sound(3)]));
      const answer = answers();
      expect(answer).toContain('NetStream.Publish.BadName');
      expect(answer).not.toContain('NetStream.Publish.Start');
    }
    protocol.receive(Buffer.concat([command('play', 8, null, 'right'), sound(4)]));
    expect(answers()).toContain('NetStream.Play.Failed');
    expect(media.map(({ timestamp }) => timestamp)).toEqual([1, 2, 3, 3, 4]);
    expect(story).toEqual([]);
    const declined = chunksOf(8, 30, Buffer.from('other'), { chunkStream: 5, streamId: 2 });
    protocol.receive(Buffer.concat(declined));
    expect(media).toHaveLength(5);
  });

  it('may use many chunk streams, and large messages', () => {
    const { protocol, media } = publishing();
    for (let stream = 3; stream < 503; stream += 1) {
      protocol.receive(Buffer.concat(chunksOf(8, 20, Buffer.from('sound'), { chunkStream: stream })));
    }
    const size = 5_000_000;
    protocol.receive(Buffer.concat([message(1, 0, Buffer.from([0, 0xff, 0xff, 0xff]), 2)]));
    protocol.receive(Buffer.concat(chunksOf(9, 0, Buffer.alloc(size, 'v'), { chunkSize: 0xff_ffff })));
    expect(media).toHaveLength(501);
    expect(media.at(-1)?.payload).toHaveLength(size);
  });

  it('is refused when it begins more than may be open', () => {
    const { protocol } = publishing();
    const begun = [3, 4].map((stream) => message(20, 0, Buffer.alloc(15_000_000), stream).subarray(0, 140));
    expect(() => protocol.receive(Buffer.concat(begun))).toThrow('unfinished messages');
  });

  it('is told about a track by a warning, and in ASCII', () => {
    const { protocol, answers } = publishing();
    protocol.status('warning', 'NetStream.Publish.Rejected', 'Codec “Speex” is not recorded.');
    expect(answers()).toMatch(/warning.*NetStream\.Publish\.Rejected.*Codec \?Speex\? is not recorded\./s);
  });
});
