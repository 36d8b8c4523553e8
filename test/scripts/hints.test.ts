/** Hints act on the lab that the person asked about. */
import { withCommand } from '../../scripts/hints';

test.each([
  ['What now: isthmus up', 'What now: ./isthmus --config a.yaml up'],
  ['`isthmus down` takes it away', '`./isthmus --config a.yaml down` takes it away'],
  ['./isthmus up', './isthmus up'],
  ['the isthmus command', 'the isthmus command'],
  ['isthmus upside', 'isthmus upside'],
])('%s', (text, named) => expect(withCommand(text, './isthmus --config a.yaml')).toBe(named));
