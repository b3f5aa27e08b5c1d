export * from '../packages/cli/src/local/template';
