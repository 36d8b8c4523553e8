/** `up` ends when a callee's proxy has the roots of all its callers: a call just after it is answered. */

import { federationTrustDomain } from '../../../model/planes';
import { awaitCallers, domains, foreignCallers } from '../../../scripts/hosts/callers';
import { envoyAdmin } from '../../../scripts/hosts/envoy';
import { awaitDaemon } from '../../../scripts/hosts/wait';
import { localLab } from '../../support/labs';

jest.mock('../../../scripts/hosts/envoy');
jest.mock('../../../scripts/hosts/wait');

const lab = localLab();
const own = 'own.consul';
const caller = federationTrustDomain(lab, 'west', 'east');

/** What Envoy's admin interface tells of a listener that takes certificates of these trust domains. */
function dump(...names: readonly string[]): string {
  const trust_domains = names.map((name) => ({ name, trust_bundle: { inline_string: 'PEM' } }));
  const validation = { custom_validator_config: { typed_config: { trust_domains } } };
  return JSON.stringify({ configs: [{ name: 'public_listener:10.20.0.20:20000', active_state: { validation } }] });
}

/** Answers of the condition, while the proxy tells one dump after another. */
async function answers(...dumps: readonly string[]): Promise<boolean[]> {
  const found: boolean[] = [];
  jest.mocked(awaitDaemon).mockImplementation(async (_what, condition) => {
    for (const text of dumps) {
      jest.mocked(envoyAdmin).mockResolvedValueOnce(text);
      found.push(await condition());
    }
  });
  await awaitCallers(lab);
  return found;
}

test('rows that lead in from another mesh are those that are waited for', () => {
  expect(foreignCallers(lab).map(({ from, to }) => `${from.id} ${to.id}`)).toEqual([
    'west/backend/backend east/info/info',
  ]);
  expect(foreignCallers({ ...lab, access: [] })).toEqual([]);
});

test("the callee's proxy is asked until it has the caller's root beside its own", async () => {
  expect(await answers(dump(own), dump(own, caller))).toEqual([false, true]);
});

test('a caller that is named in a rule only is not trusted yet', async () => {
  const rule = { principals: [{ exact: `spiffe://${caller}/ns/default/dc/federation/svc/backend` }] };
  expect(await answers(JSON.stringify({ configs: [rule, { name: caller }] }))).toEqual([false]);
});

test('trust domains are found at any depth', () => {
  expect([...domains(JSON.parse(dump(own, caller)))]).toEqual([own, caller]);
  expect([...domains({})]).toEqual([]);
});
