import { Counters, metricsText } from '../../../services/common/metrics';
import { type Alarm, Alarms } from '../../../services/trust-exchange/alarms';

describe('alarms', () => {
  test('are reported when raised, changed and over, not each time they are seen', () => {
    const log: string[] = [];
    const note = (what: string) => (alarm: Alarm) =>
      log.push(`${what} ${alarm.subject} ${alarm.message} ${alarm.since}`);
    const alarms = new Alarms(note('raised'), note('over'));
    const one = (message: string) => [{ kind: 'endpoint-sni' as const, message }];
    alarms.set('info', one('x'), 1);
    alarms.set('info', one('x'), 2);
    alarms.set('info', one('y'), 3);
    alarms.set('other', [], 4);
    expect(alarms.all()).toEqual([{ kind: 'endpoint-sni', subject: 'info', message: 'y', since: 1 }]);
    alarms.set('info', [], 5);
    expect(alarms.all()).toEqual([]);
    expect(log).toEqual(['raised info x 1', 'raised info y 1', 'over info y 1']);
  });
});

describe('metrics', () => {
  test('name each family once and escape what labels hold', () => {
    const gauge = { name: 'g', type: 'gauge' as const, help: 'Help.' };
    const text = metricsText([
      { ...gauge, value: 1, labels: { a: 'x"\\\ny' } },
      { ...gauge, value: 0.5 },
    ]);
    expect(text).toBe('# HELP g Help.\n# TYPE g gauge\ng{a="x\\"\\\\\\ny"} 1\ng 0.5\n');
  });

  test('count by name and labels', () => {
    const counters = new Counters();
    for (const result of ['a', 'b', 'a']) counters.add('c_total', { result });
    expect(metricsText(counters.samples({ c_total: 'C.' }))).toContain(
      'c_total{result="a"} 2\nc_total{result="b"} 1\n',
    );
  });
});
