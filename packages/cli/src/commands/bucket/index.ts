import type { Command } from '../../command/command.js';
import { refundBucket } from './refund.js';
import { resetShards } from './reset-shards.js';
import { resetBucket } from './reset.js';
import { showBuckets } from './show.js';

export const commands: readonly Command[] = [showBuckets, resetBucket, resetShards, refundBucket];
