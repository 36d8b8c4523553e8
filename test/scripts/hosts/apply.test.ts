/** The order in which a host is changed: no program ever runs with addresses that mean something else by now. */
import { serviceHost } from '../../../model/consul-hosts';
import { service } from '../../../model/lab';
import { hostTokens } from '../../../scripts/hosts/agent';
import { applyHost } from '../../../scripts/hosts/apply';
import { awaitAccepted, ensureEnvoy } from '../../../scripts/hosts/envoy';
import { handOver } from '../../../scripts/hosts/hand-over';
import { ensureProgram, stopOutdatedProgram } from '../../../scripts/hosts/program';
import { ensureRegistration } from '../../../scripts/hosts/registration';
import { localLab } from '../../support/labs';

jest.mock('../../../scripts/hosts/agent');
jest.mock('../../../scripts/hosts/envoy');
jest.mock('../../../scripts/hosts/firewall');
jest.mock('../../../scripts/hosts/hand-over');
jest.mock('../../../scripts/hosts/log');
jest.mock('../../../scripts/hosts/namespace');
jest.mock('../../../scripts/hosts/program');
jest.mock('../../../scripts/hosts/registration');
jest.mock('../../../scripts/hosts/wait');
jest.mock('../../../scripts/machine/daemon');

const lab = localLab();
const host = {
  ...serviceHost(lab, service(lab, 'east/info/info')),
  program: { path: 'info.js', env: { BACKEND_URL: 'http://127.0.0.1:9191' } },
};

test('a program with the addresses of yesterday ends before they mean another, and the next waits for its proxy', async () => {
  const order: string[] = [];
  const noted = <T>(what: string, answer: T) => {
    return async (): Promise<T> => {
      order.push(what);
      return answer;
    };
  };
  jest.mocked(hostTokens).mockReturnValue({ agent: 'one', service: 'two' });
  jest.mocked(handOver).mockResolvedValue(false);
  jest.mocked(stopOutdatedProgram).mockImplementation(noted('the old program ends', undefined));
  jest.mocked(ensureRegistration).mockImplementation(noted('registered', true));
  jest.mocked(ensureEnvoy).mockImplementation(noted('proxy runs', false));
  jest.mocked(awaitAccepted).mockImplementation(noted('proxy took it', undefined));
  jest.mocked(ensureProgram).mockImplementation(noted('the new program starts', true));
  const changes = await applyHost(host, '/', () => {});
  expect(order).toEqual([
    'the old program ends',
    'registered',
    'proxy runs',
    'proxy took it',
    'the new program starts',
  ]);
  expect(changes).toMatchObject({ registered: true, programStarted: true });
});
