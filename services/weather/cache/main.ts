import { runProgram } from '../common/program';
import { cacheApp } from './app';
import { Store } from './store';

runProgram('cache', (_environment, log) => cacheApp(new Store({ size: 500, now: Date.now }), log));
