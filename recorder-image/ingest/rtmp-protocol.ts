import { trackOfType } from '../journal/flv.ts';
import type { Track } from '../journal/flv.ts';
import { readAggregate } from './aggregate.ts';
import { decodeCommand } from './amf.ts';
import type { RtmpCommand } from './amf.ts';
import { ChunkReader, controlValue } from './chunk-reader.ts';
import type { ChunkLimits, RtmpMessage } from './chunk-reader.ts';
import { enhancedCapabilities } from './enhanced-capabilities.ts';
import type { FourCcs } from './enhanced-capabilities.ts';
import { Handshake } from './handshake.ts';
import { RtmpAnswers } from './rtmp-answers.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

export interface RtmpHandlers {
  readonly onOutput: (bytes: Buffer) => void;
  /** The other side wants to publish. Nothing more is read until {@link RtmpProtocol.start}. */
  readonly onPublish: (app: string, streamName: string) => void;
  /** An audio or video message. `payload` is only good until this returns; `timestamp` in ms, 32 bits. */
  readonly onMedia: (track: Track, timestamp: number, payload: Buffer) => void;
  /** It has ended what it published, and may publish again. */
  readonly onUnpublish: () => void;
}

/** What a client may make us hold before it has proved the key: a connect or publish command is some 300 bytes. */
const UNPROVED: ChunkLimits = { messageBytes: 8 * 1024, chunkStreams: 8, heldBytes: 32 * 1024 };
/** Commands before that. Encoders send five or so. */
const UNPROVED_COMMANDS = 64;
const PROVED: ChunkLimits = { messageBytes: 0xff_ffff, chunkStreams: 1024, heldBytes: 24 * 1024 * 1024 };
const MESSAGE = { event: 4, windowSize: 5, audio: 8, video: 9, amf3Command: 17, command: 20, aggregate: 22 };
const PING_REQUEST = 6;
const MAX_DECLINED = 64;
const BAD_NAME = 'NetStream.Publish.BadName';

/** What is published: the message stream that it is published on, and what the client calls it. */
interface Publication {
  readonly streamId: number;
  readonly name: string;
}

/** One connection's RTMP, as far as a publisher needs it. Who may do what is decided by its owner. */
export class RtmpProtocol {
  readonly answers: RtmpAnswers;
  readonly #fourCcs: FourCcs;
  readonly #handlers: RtmpHandlers;
  readonly #reader: ChunkReader;
  #handshake: Handshake | undefined;
  #greeted = false;
  #app: string | undefined;
  /** Message streams that it was given. */
  #streams = 0;
  /** Those on which it wanted to publish a second time, at the same time: their media is none of the recording. */
  readonly #declined = new Set<number>();
  #asked: Publication | undefined;
  #publication: Publication | undefined;
  #commands = 0;
  #announcesPublishing = false;
  #windowSize: number | undefined;

  /** @param fourCcs what a client of enhanced RTMP is told that it may send */
  constructor(fourCcs: FourCcs, handlers: RtmpHandlers) {
    this.#fourCcs = fourCcs;
    this.#handlers = handlers;
    this.answers = new RtmpAnswers(handlers.onOutput);
    this.#reader = new ChunkReader(UNPROVED, (message) => this.#take(message));
  }

  /** Whether the handshake is over. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** The other side's window acknowledgement size, in bytes, once it has named one. */
  get windowSize(): number | undefined {
    return this.#windowSize;
  }

  /** Feeds what came from the socket. Throws {@link RtmpProtocolError}. */
  receive(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#greeted) return this.#reader.read(bytes);
    this.#handshake ??= new Handshake(this.#handlers.onOutput);
    const rest = this.#handshake.read(bytes);
    if (!this.#handshake.over) return;
    this.#greeted = true;
    this.#handshake = undefined;
    if (rest !== undefined) this.#reader.read(rest);
  }

  /** Lets it publish as it has asked to, and goes on with what has come since. Throws {@link RtmpProtocolError}. */
  start(): void {
    const publication = this.#asked;
    if (publication === undefined) return;
    this.#asked = undefined;
    this.#publication = publication;
    this.#reader.limits = PROVED;
    this.#sayStarted(publication);
    this.#reader.resume();
  }

  /** Tells it why it may not publish. Nothing more is read. */
  refuse(why: string): void {
    this.answers.status(this.#asked?.streamId ?? 0, 'error', BAD_NAME, why);
  }

  /** Tells it something about what it publishes. */
  status(level: 'warning' | 'error', code: string, description: string): void {
    if (this.#publication !== undefined)
      this.answers.status(this.#publication.streamId, level, code, description);
  }

  #take(message: RtmpMessage): void {
    const { type, timestamp, streamId, payload } = message;
    switch (type) {
      case MESSAGE.audio:
      case MESSAGE.video:
        return this.#media(type, timestamp, streamId, payload);
      case MESSAGE.aggregate:
        for (const part of readAggregate(payload, timestamp)) {
          this.#media(part.type, part.timestamp, streamId, part.payload);
        }
        return;
      case MESSAGE.command:
        return this.#command(decodeCommand(payload), streamId);
      case MESSAGE.amf3Command:
        // The first byte says how the rest is coded, and 0, AMF0, is all that there is.
        return this.#command(decodeCommand(payload[0] === 0 ? payload.subarray(1) : payload), streamId);
      case MESSAGE.event:
        if (payload.length >= 6 && payload.readUInt16BE() === PING_REQUEST)
          this.answers.pong(payload.readUInt32BE(2));
        return;
      case MESSAGE.windowSize:
        this.#windowSize = controlValue(payload);
        return;
      default:
      // Acknowledgements, metadata, shared objects. The journal goes by the codec configurations: publishers send
      // metadata wrong, late, or not at all.
    }
  }

  #media(type: number, timestamp: number, streamId: number, payload: Buffer): void {
    const track = trackOfType(type);
    if (track === undefined || this.#publication === undefined || this.#declined.has(streamId)) return;
    this.#handlers.onMedia(track, timestamp, payload);
  }

  #command(command: RtmpCommand, streamId: number): void {
    const { name, transactionId, args } = command;
    this.#commands += 1;
    if (this.#commands > UNPROVED_COMMANDS && this.#reader.limits === UNPROVED) {
      throw new RtmpProtocolError(`more than ${UNPROVED_COMMANDS} commands before it publishes`);
    }
    switch (name) {
      case 'connect':
        return this.#connect(command);
      case 'createStream':
        this.#streams += 1;
        return this.answers.result(transactionId, null, this.#streams);
      case 'FCPublish':
        this.#announcesPublishing = true;
        return this.answers.result(transactionId, null, undefined);
      case 'releaseStream':
        return this.answers.result(transactionId, null, undefined);
      case 'getStreamLength':
      case 'getMovLen':
        // What is live has none.
        return this.answers.result(transactionId, null, 0);
      case 'publish':
        return this.#publish(args[0], streamId);
      case 'FCUnpublish':
        if (typeof args[0] !== 'string' || args[0] === this.#publication?.name) this.#unpublish();
        this.answers.notify(0, 'onFCUnpublish', { code: 'NetStream.Unpublish.Success', description: '' });
        return this.answers.result(transactionId, null, undefined);
      case 'deleteStream':
        if (typeof args[0] !== 'number' || this.#isPublished(args[0])) this.#unpublish();
        return;
      case 'closeStream':
        if (this.#isPublished(streamId)) this.#unpublish();
        return;
      case 'close':
        return this.#unpublish();
      case 'play':
        return this.#play(streamId);
      case '_result':
      case '_error':
        return;
      default:
        this.answers.error(
          transactionId,
          'NetConnection.Call.Failed',
          'This server does not know that command.',
        );
    }
  }

  #connect({ transactionId, object }: RtmpCommand): void {
    if (!isRecord(object) || typeof object['tcUrl'] !== 'string' || !URL.canParse(object['tcUrl'])) {
      throw new RtmpProtocolError('connect without a tcUrl');
    }
    const { app, objectEncoding } = object;
    this.#app = typeof app === 'string' ? app : undefined;
    this.answers.windows();
    // Nobody says in which of the two a server states what it takes, and clients look in one or the other.
    const enhanced = enhancedCapabilities(object, this.#fourCcs);
    const properties = { fmsVer: 'FMS/3,0,1,123', capabilities: 31, ...enhanced };
    const status = {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
    };
    this.answers.result(transactionId, properties, {
      ...status,
      objectEncoding: objectEncoding === 3 ? 3 : 0,
      ...enhanced,
    });
  }

  #publish(name: unknown, streamId: number): void {
    // What Flash makes of `publish(false)`.
    if (typeof name !== 'string') return this.#isPublished(streamId) ? this.#unpublish() : undefined;
    if (this.#app === undefined) throw new RtmpProtocolError('publish before connect');
    const publication = { streamId, name };
    if (this.#publication === undefined) {
      this.#asked = publication;
      this.#declined.clear();
      this.#reader.suspend();
      const [streamName = ''] = name.split('?');
      return this.#handlers.onPublish(this.#app, streamName);
    }
    const same = this.#publication.streamId === streamId;
    if (same && this.#publication.name === name) return this.#sayStarted(publication);
    if (!same && this.#declined.size < MAX_DECLINED) this.#declined.add(streamId);
    this.answers.status(streamId, 'error', BAD_NAME, 'This connection publishes something else already.');
  }

  #sayStarted({ streamId }: Publication): void {
    const code = 'NetStream.Publish.Start';
    const description = 'Publishing has started.';
    if (this.#announcesPublishing) this.answers.notify(0, 'onFCPublish', { code, description });
    this.answers.status(streamId, 'status', code, description);
  }

  #unpublish(): void {
    const publication = this.#publication;
    if (publication === undefined) return;
    this.#publication = undefined;
    this.#handlers.onUnpublish();
    this.answers.status(
      publication.streamId,
      'status',
      'NetStream.Unpublish.Success',
      'Publishing has ended.',
    );
  }

  #play(streamId: number): void {
    this.answers.status(streamId, 'error', 'NetStream.Play.Failed', 'This server only records.');
    if (this.#publication === undefined) throw new RtmpProtocolError('asked to play');
  }

  /** Whether this is the stream that is published. Clients that never asked for one may call it as they like. */
  #isPublished(streamId: number): boolean {
    if (this.#publication === undefined) return false;
    return streamId === this.#publication.streamId || streamId < 1 || streamId > this.#streams;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
