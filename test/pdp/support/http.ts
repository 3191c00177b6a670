import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  /** The JSON body; `undefined` where there is none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** Sends one request as it is, `Host` and `Origin` included, which `fetch` would not let a test choose. */
export function send(address: string, { method, path, headers, body }: HttpCall): Promise<HttpAnswer> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };

  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(`http://${address}`);
    const sent = request(
      // Apart from the address, since a URL would tidy up the path.
      { hostname, port, path, method, agent: false, headers: { ...headers, ...length } },
      (response) => {
        text(response).then((answer) => {
          const type = response.headers['content-type'] ?? '';
          const isJson = /^application\/(?:problem\+)?json\b/.test(type) && answer !== '';
          const json = isJson ? (JSON.parse(answer) as Record<string, unknown>) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json });
        }, reject);
      },
    );
    sent.on('error', reject).end(body);
  });
}
