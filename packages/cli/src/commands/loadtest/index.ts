import type { Command } from '../../command/command.js';
import { connectLoadtest, deployLoadtest, pushLoadtest, uiLoadtest } from './cloud.js';
import { deleteLoadtest } from './delete.js';
import { listLoadtests } from './list.js';
import { runLoadtest } from './run.js';
import { tuneLoadtest } from './tune.js';

export const commands: readonly Command[] = [
  runLoadtest, tuneLoadtest, listLoadtests, deleteLoadtest, deployLoadtest, pushLoadtest, uiLoadtest, connectLoadtest,
];
