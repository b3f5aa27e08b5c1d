import type { Command } from '../../command/command.js';
import { block } from './block.js';
import { create } from './create.js';
import { deleteLimits } from './delete-limits.js';
import { deleteEntity } from './delete.js';
import { erase } from './erase.js';
import { exportEntity } from './export.js';
import { getLimits } from './get-limits.js';
import { listResources } from './list-resources.js';
import { listEntities } from './list.js';
import { setLimits } from './set-limits.js';
import { show } from './show.js';
import { unblock } from './unblock.js';
import { update } from './update.js';

export const commands: readonly Command[] = [
  create, show, update, deleteEntity, listEntities, setLimits, getLimits, deleteLimits, listResources, block, unblock, exportEntity, erase,
];
