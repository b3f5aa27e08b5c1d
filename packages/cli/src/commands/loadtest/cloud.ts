import { command, type Command } from '../../command/command.js';
import { flag, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { deployOptions, fileOption, folderOption, notHere, portOption, taskOptions, workerOptions } from './flags.js';

/** Commands of the load generator in AWS that scripts may know. Each ends with what to do instead. */

export const deployLoadtest = command({
  path: 'loadtest deploy',
  summary: 'Not part of this program: says what to do instead',
  scope: 'table',
  effect: 'writes',
  options: deployOptions,
  run: async () => { throw notHere("'loadtest deploy'"); },
});

export const pushLoadtest = command({
  path: 'loadtest push',
  summary: 'Not part of this program: says what to do instead',
  scope: 'table',
  effect: 'writes',
  options: { projectDir: folderOption },
  run: async () => { throw notHere("'loadtest push'"); },
});

const ui = (name: 'ui' | 'connect'): Command => command({
  path: `loadtest ${name}`,
  summary: 'Not part of this program: says what to do instead',
  scope: 'table',
  effect: 'writes',
  options: {
    file: fileOption,
    port: portOption,
    destroy: flag('--destroy', 'end the generator afterwards; accepted for compatibility'),
    force: flag('--force', 'also one that runs; accepted for compatibility'),
    ...taskOptions,
    ...workerOptions,
    poolConnections: value('--pool-connections <n>', 'connections of each worker; accepted for compatibility', 1000, { parse: integer(1) }),
  },
  run: async () => { throw notHere(`'loadtest ${name}'`); },
});

export const uiLoadtest = ui('ui');
export const connectLoadtest = ui('connect');
