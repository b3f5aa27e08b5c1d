import type { Command } from '../../command/command.js';
import { deleteNamespace } from './delete.js';
import { listNamespaces } from './list.js';
import { orphans } from './orphans.js';
import { purge } from './purge.js';
import { recover } from './recover.js';
import { register } from './register.js';
import { show } from './show.js';

export const commands: readonly Command[] = [register, listNamespaces, show, deleteNamespace, recover, orphans, purge];
