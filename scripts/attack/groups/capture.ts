/** What an eavesdropper reads on the wires while both meshes are at work. */
import { netns } from '../../../model/local';
import { conversationsDuring } from '../../capture/capture';
import type { Conversation } from '../../capture/report';
import { line } from '../asks';
import { type Attack, by, type Control, type Observation, type Stop } from '../attack';
import type { Field } from '../field';
import { observe } from '../steps/observe';
import { asProgram, calls } from '../steps/program';
import { Capture } from '../vantage/capture';

/** A word behind the question mark, which no rule looks at and any program takes. */
const marker = 'attack-marker';

/** Calls by the lab's own rows; resolves with words of a request, and of its answer where that has one of its own. */
async function traffic(field: Field): Promise<readonly string[]> {
  const { asked, inside } = field.cast;
  const path = `${asked.path}?marker=${marker}`;
  const seen = await asProgram(field, { from: 'consumer', to: 'provider', path, looks: false });
  // Also a program that has nothing under this path answered.
  if (seen.served !== true) throw new Error(`${seen.tried} answered ${seen.answered}: there is nothing to listen to`);
  if (inside !== undefined) await calls(field, 'consumer');
  const told = (seen.text ?? '').split('\n').find(({ length }) => length >= 8 && length <= 200);
  return told === undefined ? [marker] : [marker, told];
}

async function markers(
  field: Field,
  part: string,
): Promise<{ readonly words: readonly string[]; readonly found: readonly string[]; readonly packets: number }> {
  const capture = await Capture.start(field.lab.name, part);
  try {
    const words = await traffic(field);
    const packets = (await capture.packets('tcp')).length;
    return { words, found: words.filter((word) => capture.holds(word)), packets };
  } finally {
    await capture.stop();
  }
}

/** Listens on every wire of the lab for a while of work, once for all attacks that ask. */
function heard(field: Field): Promise<ReadonlyMap<string, readonly Conversation[]>> {
  return field.remembered('heard', async () => (await conversationsDuring(field.lab, () => traffic(field))).heard);
}

interface WireRow {
  readonly name: string;
  readonly title: string;
  readonly part: (field: Field) => string;
}

const wires: readonly WireRow[] = [
  { name: 'border-in-clear', title: 'looks for a byte in clear on the border', part: () => 'border' },
  {
    name: 'pods-in-clear',
    title: "looks for a byte in clear between Istio's pods and on its node",
    part: ({ cast }) => cast.west.name,
  },
  {
    name: 'hosts-in-clear',
    title: "looks for a byte in clear between Consul's hosts",
    part: ({ cast }) => cast.east.name,
  },
];

function wireAttack({ name, title, part }: WireRow): Attack<Field> {
  return {
    id: `capture/${name}`,
    group: 'capture',
    title,
    serves: ['M15', 'SP 800-204A SM-DR6'],
    attempt: async (field) => {
      const all = (await heard(field)).get(netns(field.lab.name, part(field))) ?? [];
      return inClear(`a capture of ${netns(field.lab.name, part(field))} while calls go on`, all);
    },
    refusedWhen: by('absent'),
    control: async (field): Promise<Control> => {
      const all = (await heard(field)).get(netns(field.lab.name, part(field))) ?? [];
      const sealed = all.filter(({ nature }) => nature === 'tls' || nature === 'gossip');
      const bytes = sealed.reduce((sum, conversation) => sum + conversation.bytes, 0);
      return {
        ok: sealed.length > 0,
        evidence: `the capture did hear ${sealed.length} sealed conversations, ${bytes} bytes`,
      };
    },
  };
}

function inClear(tried: string, all: readonly Conversation[]): Observation {
  const clear = all.filter(({ nature }) => nature === 'clear');
  const counted = [...new Set(all.map(({ nature }) => nature))].map(
    (nature) => `${all.filter((one) => one.nature === nature).length} ${nature}`,
  );
  const stop: Stop | undefined =
    clear.length === 0 && all.length > 0
      ? { how: 'absent', who: 'the wire', what: `${counted.join(', ')}; none in clear` }
      : undefined;
  const notes = [...clear.slice(0, 5), ...all.filter(({ nature }) => nature === 'tls').slice(0, 4)].map(
    ({ from, to, nature, bytes, excerpt }) =>
      `${from} → ${to}: ${nature}, ${bytes} bytes${excerpt === undefined ? '' : `: ${excerpt}`}`,
  );
  return observe(tried, { end: counted.join(', ') || 'nothing was heard' }, { notes, stop });
}

export const captureAttacks: readonly Attack<Field>[] = [
  {
    id: 'capture/border-markers',
    group: 'capture',
    title: 'looks for words of a request and its answer on the border',
    serves: ['M16', 'SP 800-204A SM-DR6'],
    attempt: async (field) => {
      const { words, found, packets } = await markers(field, 'border');
      const stop: Stop | undefined =
        found.length === 0 && packets > 0
          ? { how: 'absent', who: 'the wire', what: `${packets} packets, and in none ${words.join(' or ')}` }
          : undefined;
      const end = found.length === 0 ? `${packets} packets without them` : `found ${found.join(' and ')}`;
      return observe(`a capture of the border during ${line(field.cast.asked)} with ${marker}`, { end }, { stop });
    },
    refusedWhen: by('absent'),
    control: async (field) => {
      // On the provider's own loopback, where its proxy hands over to its program, the very same words are in clear.
      const { words, found } = await markers(field, `${field.cast.east.name}-${field.cast.provider.name}`);
      return {
        ok: found.length === words.length,
        evidence: `the same capture on the provider's own host finds ${found.join(' and ') || 'nothing'}`,
      };
    },
  },
  ...wires.map(wireAttack),
];
