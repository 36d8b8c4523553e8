/**
 * Has certificate requests signed by the plane's CA: `ConnectCAService.Sign` over the gRPC socket. Not Consul's HTTP
 * leaf endpoint, which makes the key itself and hands it to whoever asks next.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { PlaneError } from './errors';

const method = '/hashicorp.consul.connectca.ConnectCAService/Sign';
const patience = 10_000;

/** Signs a PKCS#10 PEM request; resolves with the whole chain in PEM, leaf first. */
export type Sign = (request: string) => Promise<string>;

export class Signer {
  private readonly client: Client;

  constructor(
    socket: string,
    private readonly token: string,
  ) {
    this.client = new Client(`unix://${socket}`, credentials.createInsecure(), {
      // Without a limit a Consul that was away for minutes is not tried again for minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
    });
  }

  readonly sign: Sign = (request) => {
    const metadata = new Metadata();
    metadata.set('x-consul-token', this.token);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method,
        encodeSignRequest,
        decodeSignResponse,
        request,
        metadata,
        { deadline: Date.now() + patience },
        (error, chain) => {
          if (error !== null) reject(new PlaneError(`consul: Sign: ${error.message}`));
          else if (chain === undefined || chain === '') reject(new PlaneError('consul: Sign: the answer is empty'));
          else resolve(chain);
        },
      );
    });
  };

  close(): void {
    this.client.close();
  }
}

/** `SignRequest { string csr = 1; }` of Consul's proto-public/pbconnectca/ca.proto. */
export function encodeSignRequest(request: string): Buffer {
  return Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).string(request).finish());
}

/** `SignResponse { string cert_pem = 2; }`; unknown fields are skipped. */
export function decodeSignResponse(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  let chain = '';
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 2 && type === WireType.LengthDelimited) chain = reader.string();
    else reader.skip(type, field);
  }
  return chain;
}
