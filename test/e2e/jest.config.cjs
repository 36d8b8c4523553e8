/** The lab's own tests: one lab on this machine, files in order, one after the other. */
const { transform } = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../..',
  roots: ['<rootDir>/test/e2e'],
  testMatch: ['**/*.e2e.ts'],
  testEnvironment: 'node',
  testTimeout: 300_000,
  maxWorkers: 1,
  globalSetup: '<rootDir>/test/e2e/support/setup.cjs',
  testSequencer: '<rootDir>/test/e2e/support/in-order.cjs',
  transform,
};
