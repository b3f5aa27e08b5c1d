/**
 * Helpers for tests of code that uses a limiter.
 *
 * @packageDocumentation
 */
export { CapacityMeter, type Consumption } from './capacity-meter.js';
export { FakeClock } from './fake-clock.js';
export { FaultyStore, type Fault, type FaultPlan } from './faulty-store.js';
export { STORE_CONTRACT, type StorePromise } from './store-contract.js';
