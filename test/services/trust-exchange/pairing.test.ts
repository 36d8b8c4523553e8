import { ApiError } from '../../../services/common/errors';
import type { ConsulClient } from '../../../services/trust-exchange/consul';
import { establish, tokenFault } from '../../../services/trust-exchange/pairing';
import { ours, planeConfig, theirs } from './support';

const good = {
  CA: ['pem'],
  ServerAddresses: ['10.20.0.11:8443'],
  ServerName: `server.dc1.peering.${theirs}`,
  PeerID: 'peer-1',
  EstablishmentSecret: 'very-secret',
};

function token(change: object = {}): string {
  return Buffer.from(JSON.stringify({ ...good, ...change })).toString('base64');
}

describe('a peering token', () => {
  const config = planeConfig();

  test('of the planned peer is taken, also by host name', () => {
    expect(tokenFault(token(), config)).toBeUndefined();
    expect(tokenFault(` ${token({ ServerAddresses: ['gateway.example:8443'] })}\n`, config)).toBeUndefined();
  });

  test.each<[string, string, string]>([
    ['text that is no token', 'hello', 'not base64 over JSON'],
    ['no CA', token({ CA: [] }), 'dial in plain text'],
    ['no CA at all', token({ CA: null }), 'dial in plain text'],
    ['another trust domain', token({ ServerName: `server.dc1.peering.${ours}` }), `server.dc1.peering.${ours}`],
    ['a trust domain that only ends alike', token({ ServerName: `server.evil-${theirs}` }), 'it is of server'],
    ['no address', token({ ServerAddresses: [] }), 'no address'],
    ['an address of ours', token({ ServerAddresses: ['10.10.0.2:8443'] }), 'dial 10.10.0.2:8443'],
    ['a manual address of ours', token({ ManualServerAddresses: ['127.0.0.1:8443'] }), 'dial 127.0.0.1:8443'],
  ])('with %s is refused, and never quoted', (_, text, message) => {
    const fault = tokenFault(text, config);
    expect(fault).toContain(message);
    expect(fault).not.toContain('very-secret');
  });
});

describe('pairing', () => {
  function fake(states: (object | undefined)[], refusal?: Error) {
    const calls: string[] = [];
    const client = {
      get: async () => {
        const state = states.length > 1 ? states.shift() : states[0];
        if (state === undefined) throw new ApiError('consul', 'GET', 404, 'Peering not found');
        return state;
      },
      post: async (path: string) => {
        calls.push(`POST ${path}`);
        if (refusal !== undefined) throw refusal;
      },
      delete: async (path: string) => {
        calls.push(`DELETE ${path}`);
      },
    };
    return { consul: client as unknown as ConsulClient, calls };
  }
  const active = { Name: 'east', State: 'ACTIVE', PeerID: 'peer-1', PeerCAPems: ['pem'] };

  test('is done at once when it works already, whatever the token', async () => {
    const { consul, calls } = fake([active]);
    expect(await establish(consul, planeConfig(), 'used')).toEqual(active);
    expect(calls).toEqual([]);
  });

  test('begins where there is none, and waits until it works', async () => {
    const { consul, calls } = fake([undefined, { ...active, State: 'ESTABLISHING' }, active]);
    expect(await establish(consul, planeConfig(), token())).toEqual(active);
    expect(calls).toEqual(['POST /v1/peering/establish']);
  });

  test('is repaired in place with the same peer, and begun anew with a peer that was built anew', async () => {
    const failing = { ...active, State: 'FAILING' };
    const same = fake([failing, active]);
    await establish(same.consul, planeConfig(), token());
    expect(same.calls).toEqual(['POST /v1/peering/establish']);
    const anew = fake([failing, failing, undefined, active]);
    await establish(anew.consul, planeConfig(), token({ PeerID: 'peer-2' }));
    expect(anew.calls).toEqual(['DELETE /v1/peering/east', 'POST /v1/peering/establish']);
  });

  test('says what the peer must do when its token is of an ended peering, and leaves nothing half made', async () => {
    const refusal = new ApiError('consul', 'POST', 403, 'invalid peering establishment secret');
    const { consul, calls } = fake([undefined, { ...active, State: 'PENDING' }, undefined], refusal);
    const refused = establish(consul, planeConfig(), token());
    await expect(refused).rejects.toThrow('east must delete its ended peering with west');
    expect(calls).toEqual(['POST /v1/peering/establish', 'DELETE /v1/peering/east']);
  });

  test('leaves a peering alone that a used token did not repair', async () => {
    const refusal = new ApiError('consul', 'POST', 403, 'invalid peering establishment secret');
    const { consul, calls } = fake([{ ...active, State: 'FAILING' }], refusal);
    await expect(establish(consul, planeConfig(), token())).rejects.toThrow('was used');
    expect(calls).toEqual(['POST /v1/peering/establish']);
  });

  test('never shows a wrong token to Consul', async () => {
    const { consul, calls } = fake([undefined]);
    await expect(establish(consul, planeConfig(), token({ CA: [] }))).rejects.toThrow('ask east for a new one');
    expect(calls).toEqual([]);
  });
});
