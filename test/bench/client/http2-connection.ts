import { connect } from 'node:net';
import {
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  FRAME_BYTES,
  frame,
  frameReader,
  LARGEST_WINDOW,
  LOW_31_BITS,
  PREFACE,
  SETTING,
  settings,
  windowUpdate,
} from './frames.ts';
import { encodePost } from './hpack.ts';

/** Told what comes on one stream. */
export interface StreamListener {
  readonly data: (bytes: Buffer) => void;
  /** The stream ended with this header block, still encoded, or with what is wrong. */
  readonly end: (trailers: Buffer, problem?: string) => void;
}

export interface Http2Stream {
  /** Sends as the windows allow; `last` ends our side. */
  send(bytes: Buffer, last: boolean): void;
}

/** One connection over which every request has the same header fields. */
export interface Http2Connection {
  open(listener: StreamListener): Http2Stream;
  close(): void;
}

interface OpenStream {
  readonly id: number;
  readonly listener: StreamListener;
  window: number;
}

interface Outgoing {
  readonly stream: OpenStream;
  readonly bytes: Buffer;
  readonly last: boolean;
  sent: number;
}

/**
 * An HTTP/2 client of the frames alone (RFC 9113), for load: it writes what one turn of the event loop has to say at once, and
 * decodes no header. It takes more than it will ever be sent without another word (2 GiB a connection), and asks the server
 * for header blocks that stand on their own, so that equal fields are equal bytes.
 */
export function openHttp2(address: string, fields: Readonly<Record<string, string>>): Http2Connection {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
  const blocks = encodePost({ ':authority': address, ...fields });
  const streams = new Map<number, OpenStream>();
  let queue: Outgoing[] = [];
  let out: Buffer[] = [];
  let nextId = 1;
  let window = DEFAULT_WINDOW;
  let streamWindow = DEFAULT_WINDOW;

  write(PREFACE);
  write(
    settings([
      [SETTING.header_table_size, 0],
      [SETTING.enable_push, 0],
      [SETTING.initial_window_size, LARGEST_WINDOW],
    ]),
  );
  write(windowUpdate(0, LARGEST_WINDOW - DEFAULT_WINDOW));
  socket.on('data', frameReader(onFrame));
  socket.on('error', (error) => failAll(error.message));
  socket.on('close', () => failAll('the connection was closed'));

  return {
    open(listener) {
      const stream: OpenStream = { id: nextId, listener, window: streamWindow };
      streams.set(stream.id, stream);
      write(frame(FRAME.headers, FLAG.end_headers, nextId, nextId === 1 ? blocks.first : blocks.further));
      nextId += 2;

      return {
        send(bytes, last) {
          queue.push({ stream, bytes, last, sent: 0 });
          sendQueued();
        },
      };
    },

    close() {
      socket.destroy();
    },
  };

  /** In order: what waits for a window holds up what is behind it. */
  function sendQueued(): void {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const { stream, bytes, last } = head;
      const rest = bytes.length - head.sent;
      const take = Math.min(rest, window, stream.window, FRAME_BYTES);
      if (take <= 0 && rest > 0) return;

      const flags = last && take === rest ? FLAG.end_stream : 0;
      write(frame(FRAME.data, flags, stream.id, bytes.subarray(head.sent, head.sent + take)));
      head.sent += take;
      window -= take;
      stream.window -= take;
      if (head.sent === bytes.length) queue.shift();
    }
  }

  function onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    const stream = streams.get(id);
    switch (type) {
      case FRAME.data:
        if (has(flags, FLAG.padded)) failAll('padding is not read by this client');
        else stream?.listener.data(payload);
        break;
      case FRAME.headers:
        if (!has(flags, FLAG.end_headers)) failAll('continued headers are not read by this client');
        else if (has(flags, FLAG.end_stream)) end(stream, payload);
        break;
      case FRAME.rst_stream:
        end(stream, payload, `the stream was reset with code ${payload.readUInt32BE()}`);
        break;
      case FRAME.settings:
        if (!has(flags, FLAG.ack)) takeSettings(payload);
        break;
      case FRAME.ping:
        if (!has(flags, FLAG.ack)) write(frame(FRAME.ping, FLAG.ack, 0, payload));
        break;
      case FRAME.goaway:
        failAll(`the server goes away with code ${payload.readUInt32BE(4)}`);
        break;
      case FRAME.window_update:
        widen(id, stream, payload.readUInt32BE() & LOW_31_BITS);
        break;
    }
  }

  function widen(id: number, stream: OpenStream | undefined, bytes: number): void {
    if (id === 0) window += bytes;
    else if (stream !== undefined) stream.window += bytes;
    sendQueued();
  }

  function takeSettings(payload: Buffer): void {
    for (let index = 0; index < payload.length; index += 6) {
      if (payload.readUInt16BE(index) !== SETTING.initial_window_size) continue;
      const size = payload.readUInt32BE(index + 2);
      for (const stream of streams.values()) stream.window += size - streamWindow;
      streamWindow = size;
    }
    write(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    sendQueued();
  }

  function end(stream: OpenStream | undefined, trailers: Buffer, problem?: string): void {
    if (stream === undefined) return;

    streams.delete(stream.id);
    queue = queue.filter((outgoing) => outgoing.stream !== stream);
    stream.listener.end(trailers, problem);
  }

  function failAll(problem: string): void {
    for (const stream of [...streams.values()]) end(stream, Buffer.alloc(0), problem);
  }

  function write(bytes: Buffer): void {
    if (out.length === 0) queueMicrotask(flush);
    out.push(bytes);
  }

  function flush(): void {
    const bytes = Buffer.concat(out);
    out = [];
    if (!socket.destroyed) socket.write(bytes);
  }
}

function has(flags: number, flag: number): boolean {
  return (flags & flag) !== 0;
}
