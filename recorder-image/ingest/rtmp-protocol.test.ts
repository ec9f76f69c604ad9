import { describe, expect, it } from 'vitest';
import type { Track } from '../journal/flv.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';
import { amf, connect, delta, HANDSHAKE, INVOKE, message, publish } from './testing/messages.ts';

interface Received {
  readonly track: Track;
  readonly timestamp: number;
  readonly payload: string;
}

function session(): {
  protocol: RtmpProtocol;
  media: Received[];
  answers: () => string;
  unpublished: () => boolean;
} {
  const media: Received[] = [];
  const output: Buffer[] = [];
  let unpublished = false;
  const protocol = new RtmpProtocol({
    onOutput: (bytes) => output.push(bytes),
    onPublish: (app, key) => app === 'live' && key === 'right',
    onMedia: (track, timestamp, payload) => media.push({ track, timestamp, payload: payload.toString() }),
    onUnpublish: () => {
      unpublished = true;
    },
  });
  protocol.receive(HANDSHAKE);
  return {
    protocol,
    media,
    answers: () => Buffer.concat(output).toString('latin1'),
    unpublished: () => unpublished,
  };
}

describe('an RTMP connection', () => {
  it('may publish with what its server agrees to, and its media is passed on as it is', () => {
    const { protocol, media, answers, unpublished } = session();
    protocol.receive(Buffer.concat([connect(), publish('right?query=1')]));
    expect(answers()).toContain('NetStream.Publish.Start');
    protocol.receive(message(8, 20, Buffer.from('sound'), 4));
    protocol.receive(message(9, 0x0123_4567, Buffer.from('picture'.repeat(50)), 6));
    protocol.receive(message(18, 0, Buffer.concat([amf('@setDataFrame'), amf('onMetaData')]), 4));
    expect(media).toEqual([
      { track: 'audio', timestamp: 20, payload: 'sound' },
      { track: 'video', timestamp: 0x0123_4567, payload: 'picture'.repeat(50) },
    ]);
    protocol.receive(message(INVOKE, 0, Buffer.concat([amf('deleteStream'), amf(6), amf(null), amf(1)])));
    expect(unpublished()).toBe(true);
  });

  it('is understood whatever pieces its bytes come in', () => {
    const { protocol, media } = session();
    const bytes = Buffer.concat([
      connect(),
      publish('right'),
      message(9, 40, Buffer.from('picture'.repeat(50)), 6),
    ]);
    for (const byte of bytes) protocol.receive(Buffer.from([byte]));
    expect(media).toEqual([{ track: 'video', timestamp: 40, payload: 'picture'.repeat(50) }]);
  });

  it('is told why it may not publish, and nothing it sends is passed on', () => {
    const { protocol, media, answers } = session();
    protocol.receive(connect());
    protocol.receive(message(9, 0, Buffer.from('early'), 6));
    expect(() => protocol.receive(publish('wrong'))).toThrow('may not publish');
    expect(answers()).toContain('NetStream.Publish.BadName');
    expect(answers()).not.toContain('NetStream.Publish.Start');
    expect(media).toEqual([]);
  });

  it('may not play', () => {
    const { protocol, answers } = session();
    protocol.receive(connect());
    const play = message(INVOKE, 0, Buffer.concat([amf('play'), amf(5), amf(null), amf('right')]));
    expect(() => protocol.receive(play)).toThrow('play');
    expect(answers()).toContain('NetStream.Play.Failed');
  });

  it('keeps its messages when its time wraps at 32 bits', () => {
    const { protocol, media } = session();
    protocol.receive(Buffer.concat([connect(), publish('right')]));
    protocol.receive(message(9, 2 ** 32 - 10, Buffer.from('before'), 6));
    protocol.receive(delta(9, 30, Buffer.from('after'), 6));
    protocol.receive(delta(9, 30, Buffer.from('later'), 6));
    expect(media.map(({ timestamp }) => timestamp)).toEqual([2 ** 32 - 10, 20, 50]);
  });

  it('may send several tags in one aggregate message', () => {
    const { protocol, media } = session();
    protocol.receive(Buffer.concat([connect(), publish('right')]));
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
});

describe('a connection that means harm', () => {
  it.each([
    {
      what: 'connects without a URL',
      bytes: message(INVOKE, 0, Buffer.concat([amf('connect'), amf(1), amf({})])),
    },
    { what: 'connects with what is no URL', bytes: connect('::') },
    { what: 'publishes before it connects', bytes: publish('right') },
    {
      what: 'sends a large message before it has proved anything',
      bytes: message(9, 0, Buffer.alloc(70_000)),
    },
    { what: 'sets a chunk size of nothing', bytes: message(1, 0, Buffer.alloc(4), 2) },
    { what: 'sends a control message cut short', bytes: message(1, 0, Buffer.alloc(2), 2) },
    {
      what: 'opens many chunk streams',
      bytes: Buffer.concat(
        Array.from({ length: 40 }, (_, stream) => message(9, 0, Buffer.alloc(1), stream + 3)),
      ),
    },
  ])('is refused when it $what', ({ bytes }) => {
    const { protocol } = session();
    expect(() => protocol.receive(bytes)).toThrow(expect.objectContaining({ name: 'RtmpProtocolError' }));
  });

  it('is refused when it does not begin as RTMP does', () => {
    const protocol = new RtmpProtocol({
      onOutput: () => undefined,
      onPublish: () => false,
      onMedia: () => undefined,
      onUnpublish: () => undefined,
    });
    expect(() => protocol.receive(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('not RTMP');
  });

  it('is refused when a message changes its length halfway', () => {
    const { protocol, media } = session();
    protocol.receive(Buffer.concat([connect(), publish('right')]));
    // The engine would go back in what it has read, and read it again.
    const begun = message(9, 0, Buffer.alloc(300, 1), 6).subarray(0, 12 + 128);
    expect(() => protocol.receive(Buffer.concat([begun, delta(9, 0, Buffer.alloc(0), 6)]))).toThrow(
      'halfway',
    );
    expect(media).toEqual([]);
  });

  it('is refused when it begins more and larger messages than it may have open', () => {
    const before = session();
    const begun = (chunkStream: number, length: number): Buffer =>
      message(20, 0, Buffer.alloc(length), chunkStream).subarray(0, 12 + 128);
    const many = Buffer.concat([3, 4, 5, 6, 7].map((chunkStream) => begun(chunkStream, 15_000)));
    expect(() => before.protocol.receive(many)).toThrow('unfinished messages');

    const after = session();
    after.protocol.receive(Buffer.concat([connect(), publish('right')]));
    const more = Buffer.concat([3, 4, 5, 6].map((chunkStream) => begun(chunkStream, 15_000_000)));
    expect(() => after.protocol.receive(more)).toThrow('unfinished messages');
  });
});
