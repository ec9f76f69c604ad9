/** The other side breaks the protocol, or asks for more than it may have. Its connection is closed. */
export class RtmpProtocolError extends Error {
  readonly code = 'RtmpProtocol';
  override readonly name = 'RtmpProtocolError';
}
