const { default: Sequencer } = require('@jest/test-sequencer');

/** Files in the order of their names: each leaves the lab as the next one expects it. */
module.exports = class InOrder extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
};
